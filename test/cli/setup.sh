# tools/setup.sh against pretended dpkg-query, apt-get and id: asks before it acts,
# touches the network only when something is missing, says in one line what is wrong.
. "$(dirname "$0")/lib.sh"

mkdir bin
cat >bin/dpkg-query <<'END'
#!/bin/sh
shift 3
for package; do
	[ "$package" = "$(cat missing)" ] || echo "ii  $package"
done
END
cat >bin/apt-get <<'END'
#!/bin/sh
echo "$*" >>calls
case " $(cat refuses) " in
*" $1 "*)
	echo "E: no route to host"
	exit 100
	;;
esac
[ "$1" != install ] || [ -e calls.updated ] || [ "$(cat lists)" = here ] || exit 100
[ "$1" != update ] || : >calls.updated
END
cat >bin/id <<'END'
#!/bin/sh
cat user
END
chmod +x bin/*

# What is missing, what apt-get refuses, the user's number, whether there are lists.
set_up() {
	echo "$1" >missing
	echo "$2" >refuses
	echo "$3" >user
	echo "$4" >lists
	rm -f calls calls.updated
	: >calls
	code=0
	PATH="$PWD/bin:$PATH" "$source/tools/setup.sh" >out 2>err || code=$?
}

begin "with nothing missing apt-get is not called"
set_up none '' 0 here
expect_code 0
expect_out ''
expect_err ''
expect_lines calls 0

begin "what is missing is installed, without new lists where they will do"
set_up check '' 0 here
expect_code 0
expect_err 'setup: installing check'
expect_lines calls 1
expect_has calls 'install -y --no-install-recommends check'

begin "lists are fetched once where there are none"
set_up check '' 0 none
expect_code 0
expect_lines calls 3
expect_has calls update

begin "offline it says so in one line"
set_up check 'install update' 0 none
expect_code 1
expect_lines err 2
expect_err_has 'setup: no package lists (offline?): E: no route to host'

begin "a package that cannot be installed is named"
set_up check install 0 here
expect_code 1
expect_err_has 'setup: cannot install check: E: no route to host'

begin "who is not root is told the command"
set_up check '' 1000 here
expect_code 1
expect_err 'setup: packages are missing, install them as root: apt-get install check'
expect_lines calls 0

begin "the list names each package once"
expect_true "no package twice" test -z "$(sort "$source"/tools/packages*.txt | grep -v '^#' | uniq -d)"

finish
