# The examples of docs/ops.md and docs/recipes.md: each lens goes up, and down over where it
# came from.
. "$(dirname "$0")/lib.sh"

awk '
	/^## / { name = $2; sub(":", "", name); if (FILENAME ~ /recipes/) name = "recipe-" name }
	/^```yaml/ { file = name ".yaml"; next }
	/^```json/ { file = name ".ndjson"; next }
	/^```/ { file = ""; next }
	file { print > file }
' "$source/docs/ops.md" "$source/docs/recipes.md"

for lens in *.yaml; do
	op=${lens%.yaml}
	sed -n 1p "$op.ndjson" >older.json
	sed -n 2p "$op.ndjson" >newer.json
	begin "$op goes up"
	run convert --lens "$lens" older.json
	expect_code 0
	expect_out_file newer.json
	begin "$op goes down over where it came from"
	run convert --lens "$lens" --reverse --base older.json newer.json
	expect_code 0
	expect_true "the same value as before" python3 -c \
		'import json; assert json.load(open("out")) == json.load(open("older.json")), open("out").read()'
done

begin "each op of the program has its example"
"$program" help --reference lenses >reference
for op in $(sed -n 's/^## `\(.*\)`$/\1/p' reference); do
	expect_true "$op is shown" grep -Eq "^## (.* and )?$op( |$)" "$source/docs/ops.md"
done

begin "the groups that items share come out once each"
run convert -c "$source/examples/todo" --to 3.0.0 "$source/examples/todo/documents/v2.ndjson"
expect_code 0
expect_lines out 5

finish
