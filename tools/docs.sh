#!/usr/bin/env bash
# docs.sh BUILD FOLDER: writes the pages of the reference from the program's tables.
set -euo pipefail
program=$1/src/cli/chesterfield
mkdir -p "$2"
for page in commands errors lenses; do
	"$program" help --reference "$page" >"$2/$page.md"
done
