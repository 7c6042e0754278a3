# What the READMEs of the examples say is what the program does.
. "$(dirname "$0")/lib.sh"

for name in todo todo-split; do
	rm -f ./*.command ./*.wanted
	awk '
		/^```sh/ { n++; file = n ".command"; next }
		/^```text/ { file = n ".wanted"; next }
		/^```/ { file = ""; next }
		file { print > file }
	' "$source/examples/$name/README.md"
	for command in *.command; do
		read -ra words <"$command"
		begin "$name: ${words[*]}"
		run_in_source() { (cd "$source" && "$program" "${words[@]:1}"); }
		code=0
		run_in_source >out 2>err || code=$?
		expect_code 0
		expect_out_file "${command%.command}.wanted"
	done
done

begin "each document of the examples is valid"
for name in todo todo-split; do
	run validate -c "$source/examples/$name" "$source/examples/$name"/documents/*.ndjson
	expect_code 0
done

finish
