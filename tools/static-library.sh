#!/usr/bin/env bash
# static-library.sh ARCHIVE OUT: one object of all members, in which the public functions
# alone (cf_…) can be seen. A static library would else bring our own names into whoever
# links it.
set -euo pipefail
object=$2.o
ld -r -o "$object" --whole-archive "$1"
objcopy --wildcard --keep-global-symbol='cf_*' "$object"
rm -f "$2"
ar rcs "$2" "$object"
rm -f "$object"
