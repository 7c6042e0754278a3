# What README.md and the pages of docs show between ```console and ``` is so: each line
# after "$ " is run, and what it prints is what stands below it.
. "$(dirname "$0")/lib.sh"
cp -r "$source/examples" .
mkdir bin
ln -s "$program" bin/chesterfield
PATH=$PWD/bin:$PATH

check() { # what was expected stands in the file wanted
	[ -n "$command" ] || return 0
	begin "$page: ${command:0:70}"
	bash -c "$command" >out 2>err </dev/null || true
	same "$command" wanted out
	expect_err ''
}

for page in README.md docs/lenses.md docs/stores.md docs/run.md; do
	command='' inside=''
	while IFS= read -r line; do
		case $line in
		'```console') inside=1 ;;
		'```'*) [ -z "$inside" ] || check; inside='' command='' ;;
		'$ '*)
			[ -n "$inside" ] || continue
			check
			command=${line#'$ '}
			: >wanted
			;;
		*) [ -z "$inside" ] || printf '%s\n' "$line" >>wanted ;;
		esac
	done <"$source/$page"
done

finish
