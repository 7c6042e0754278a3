# The tables of docs/lenses.md: what the language of scripts has, what it has not, and what
# is written instead.
. "$(dirname "$0")/lib.sh"

mkdir -p w/schemas/p w/lenses/p
echo 'name: w' >w/catalog.yaml
for v in 1 2; do
	printf '{"version":"%s.0.0","type":"object","additionalProperties":false,"required":["%s"],"properties":{"schema":{"const":"p"},"version":{"const":%s},"%s":{"type":"string"}}}\n' \
		$v "$([ $v = 1 ] && echo a || echo b)" $v "$([ $v = 1 ] && echo a || echo b)" >w/schemas/p/$v.0.0.json
done

# try CODE: as statements of a script that does nothing else.
try() {
	{
		printf 'from: p@1\nto: p@2\nlens:\n  - script:\n      reads: [a]\n      writes: [b]\n      up: |\n'
		printf '        function (s) {\n          %s\n          return {b: s.a};\n        }\n' "$1"
		printf '      down: "function (s) { return {a: s.b}; }"\n'
	} >w/lenses/p/1-2.yaml
	run check w --runs 5 --seed 1
}

# The code in the cells of a row, one a line.
cells() {
	sed 's/``\([^|]*\)``/`\1`/; s/ | /\n/g' <<<"$1" | sed -n 's/^[| ]*`\(.*\)`[ |]*$/\1/p'
}

part='' rows=0
while IFS= read -r row; do
	case $row in
	'| there |'*) part=there ;;
	'| not there |'*) part=absent ;;
	'| --- '*) ;;
	'| '*)
		[ -n "$part" ] || continue
		rows=$((rows + 1))
		mapfile -t code < <(cells "$row")
		begin "${code[0]}"
		try "${code[0]}"
		if [ "$part" = there ]; then
			expect_out ''
			expect_code 0
		else
			expect_lines out 1
			expect_out_has 'error lenses/p/1-2.yaml:4: script: up: line 2 of the script: '
			try "${code[1]}"
			expect_out ''
		fi
		;;
	*) part='' ;;
	esac
done <"$source/docs/lenses.md"

begin "the tables were found"
expect_true "rows" test "$rows" -ge 20

finish
