#!/usr/bin/env bash
# build.sh FOLDER [OPTION OF MESON SETUP...]: configures the folder once and builds.
# Says little when all goes well.
set -euo pipefail
folder=$1
shift
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if [ ! -f "$folder/build.ninja" ]; then
	meson setup "$folder" "$@" >"$log" 2>&1 || {
		cat "$log" >&2
		exit 1
	}
fi
ninja -C "$folder" ${JOBS:+-j "$JOBS"} >"$log" 2>&1 || {
	tail -n 100 "$log" >&2
	exit 1
}
