# Fields that become parts of their own: they can be taken away again.
. "$(dirname "$0")/lib.sh"
store=sqlite:$PWD/s.db

schema() { # type, version, properties, required
	mkdir -p f/schemas/$1
	printf '{"version":"%s","type":"object","additionalProperties":false,"required":["schema","version"%s],"properties":{"schema":{"const":"%s"},"version":{"const":%s},%s}}\n' \
		$2 "$4" $1 ${2%%.*} "$3" >f/schemas/$1/$2.json
}
text='{"type":"string","minLength":1}'
films() { # required of studio
	rm -rf f s.db*
	mkdir -p f/lenses/film
	echo 'name: films' >f/catalog.yaml
	schema film 1.0.0 "\"title\":$text,\"distributor\":$text" ',"title"'
	schema film 2.0.0 "\"title\":$text,\"studioId\":$text" ',"title"'
	schema studio 1.0.0 "\"name\":$text" "$1"
	cat >f/lenses/film/1-2.yaml <<'END'
from: film@1
to: [film@2, studio@1]
lens:
  - extract: {names: [{distributor: name}], into: studio@1, key: {hash: name}, reference: studioId}
END
}
film='{"_id":"film@1:f","schema":"film","version":1,"title":"T"'

for required in ',"name"' ''; do
	begin "an optional field that becomes a shared part is taken away, its name ${required:-not} required"
	films "$required"
	run check f --seed 1
	expect_out ''
	expect_code 0
	echo "$film,\"distributor\":\"D\"}" | "$program" docs put --store "$store" >/dev/null
	run run -c f --store "$store" --once
	expect_code 0
	run docs get film@2:f --store "$store"
	expect_out_has '"studioId":"'
	rev=$("$program" docs get film@1:f --store "$store" | sed 's/.*"_rev":"\([^"]*\)".*/\1/')
	echo "$film,\"_rev\":\"$rev\"}" | "$program" docs put --store "$store" >/dev/null
	run run -c f --store "$store" --once
	expect_code 0
	run docs get film@2:f --store "$store"
	expect_true "no studio" test "$(grep -c studioId out)" -eq 0
	run docs get film@1:f --store "$store"
	expect_true "no distributor" test "$(grep -c distributor out)" -eq 0
	run quarantine list --store "$store" --json
	expect_out ''
	run conflicts list --store "$store" --json
	expect_out ''

	begin "and comes back as another, the name ${required:-not} required"
	rev=$("$program" docs get film@1:f --store "$store" | sed 's/.*"_rev":"\([^"]*\)".*/\1/')
	echo "$film,\"distributor\":\"E\",\"_rev\":\"$rev\"}" | "$program" docs put --store "$store" >/dev/null
	run run -c f --store "$store" --once
	run docs list --store "$store" --prefix studio@1
	expect_lines out 2
	run docs get film@2:f --store "$store"
	expect_out_has '"studioId":"'
done

finish
