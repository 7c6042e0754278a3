# What `make install` puts on a machine: a program that is built against it runs.
. "$(dirname "$0")/lib.sh"

build=${CHESTERFIELD_BUILD:?the build folder}
export PKG_CONFIG_SYSROOT_DIR=$PWD/dest

begin "everything is installed"
code=0
meson install -C "$build" --no-rebuild --quiet --destdir "$PWD/dest" >out 2>err || code=$?
expect_code 0
library=$(find dest -name 'libchesterfield.so')
PKG_CONFIG_PATH=$PWD/$(dirname "$library")/pkgconfig
export PKG_CONFIG_PATH
for file in include/chesterfield.h bin/chesterfield share/man/man1/chesterfield.1 \
	lib/systemd/system/chesterfield@.service; do
	expect_true "$file" test -s "dest/usr/local/$file"
done
expect_true "a static library" test -s "$(dirname "$library")/libchesterfield.a"

begin "the shared library shows public functions only"
nm -D --defined-only "$library" | awk '{print $3}' >symbols
expect_has symbols cf_version
expect_true "nothing but cf_: $(grep -v '^cf_' symbols | head -n 3)" test -z "$(grep -v '^cf_' symbols)"

begin "the static library shows public functions only"
nm -g --defined-only "${library%.so}.a" | awk 'NF == 3 {print $3}' >symbols
expect_has symbols cf_version
expect_true "nothing but cf_: $(grep -v '^cf_' symbols | head -n 3)" test -z "$(grep -v '^cf_' symbols)"

begin "every public function of the headers is in the library"
grep -rhoE '\bcf_[a-z0-9_]+\(' dest/usr/local/include | tr -d '(' | sort -u >declared
expect_has declared cf_error_format
while read -r name; do
	expect_has symbols "$name"
done <declared

cat >tiny.c <<'END'
#include <chesterfield.h>
#include <stdio.h>

int main(void)
{
	printf("%s, %s\n", cf_version(), cf_error_text(CF_ERR_CONFLICT));
	return 0;
}
END

begin "a program against the shared library"
# Flags are words to split.
expect_true "compiles" cc tiny.c -o shared $(pkg-config --cflags --libs chesterfield)
LD_LIBRARY_PATH=$(dirname "$library") ./shared >out 2>err
expect_out "$("$program" --version | awk '{print $2}'), somebody else was first"

begin "a program against the static library"
expect_true "compiles" cc tiny.c -o static $(pkg-config --cflags chesterfield) \
	"${library%.so}.a" $(pkg-config --static --libs chesterfield | sed 's/-lchesterfield//')
./static >out 2>err
expect_out_has 'somebody'

begin "C++ can use the headers"
cp tiny.c tiny.cc
if command -v c++ >/dev/null; then
	expect_true "compiles" c++ -std=c++11 -pedantic -Wall -Wextra -Werror tiny.cc -o plus \
		$(pkg-config --cflags --libs chesterfield)
else
	expect_true "no C++ compiler here" true
fi

begin "the installed program runs by itself"
code=0
env -i dest/usr/local/bin/chesterfield --version >out 2>err || code=$?
expect_code 0

finish
