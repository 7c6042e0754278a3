#!/usr/bin/env bash
# clean-check.sh: what a newcomer does. Clones the last commit into an empty folder and
# runs `make test` there twice, with a bare environment; the second time, where the
# kernel allows it, without a network.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
git clone -q . "$folder/chesterfield"
cd "$folder/chesterfield"
bare=(env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME="$folder" LANG=C)
echo "first time:"
"${bare[@]}" make --no-print-directory test
offline=()
if unshare -n true 2>/dev/null; then offline=(unshare -n); fi
echo "second time${offline:+, offline}:"
"${offline[@]}" "${bare[@]}" make --no-print-directory test
[ -z "$(git status --porcelain)" ] || {
	echo "the tests left files behind:"
	git status --short
	exit 1
}
