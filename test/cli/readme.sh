# What stands in the code blocks of README.md and of the pages of docs is so: pages.py.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset CHESTERFIELD_STORE CHESTERFIELD_STATE CHESTERFIELD_CATALOG
cd "$work"
python3 "$CHESTERFIELD_SOURCE/test/cli/pages.py" "$@"
