# convert --lens as Cambria's command: lenses and documents of ours, with what its own
# command made of them (the members in our order).
. "$(dirname "$0")/lib.sh"

for case in "$source"/test/corpus/cambria-command/*/; do
	begin "$(basename "$case")"
	set -- -l "$case/lens.yaml"
	if [ -e "$case/reverse" ]; then set -- "$@" -r; fi
	if [ -e "$case/base.json" ]; then set -- "$@" -b "$case/base.json"; fi
	run convert "$@" <"$case/input.json"
	expect_code 0
	expect_out_file "$case/output.json"
	expect_err ''
	run convert "$@" -i "$case/input.json"
	expect_out_file "$case/output.json"
done

finish
