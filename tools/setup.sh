#!/usr/bin/env bash
# setup.sh [dev]: installs the Debian packages that are missing: those of packages.txt,
# with `dev` those of packages-dev.txt too. Touches the network only when something is
# missing; run again it does nothing. What is wrong is said in one line.
set -euo pipefail
here=$(dirname "$0")
lists=("$here/packages.txt")
[ "${1:-}" != dev ] || lists+=("$here/packages-dev.txt")

stop() {
	echo "setup: $1" >&2
	exit 1
}

mapfile -t wanted < <(sed 's/#.*//; s/[[:space:]]//g; /^$/d' "${lists[@]}")
if ! command -v dpkg-query >/dev/null; then
	echo "setup: this is not Debian; the libraries named in ${lists[*]} must be here" >&2
	exit 0
fi
installed=$(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' "${wanted[@]}" 2>/dev/null |
	sed -n 's/^ii *//p' || true)
missing=()
for package in "${wanted[@]}"; do
	grep -qxF "$package" <<<"$installed" || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

[ "$(id -u)" -eq 0 ] ||
	stop "packages are missing, install them as root: apt-get install ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "setup: installing ${missing[*]}" >&2
apt-get install -y --no-install-recommends "${missing[@]}" >"$log" 2>&1 && exit 0
# A new machine has no package lists yet, an old one has stale ones.
apt-get update >"$log" 2>&1 ||
	stop "no package lists (offline?): $(grep -m1 '^[EW]:' "$log" || tail -n1 "$log")"
apt-get install -y --no-install-recommends "${missing[@]}" >"$log" 2>&1 ||
	stop "cannot install ${missing[*]}: $(grep -m1 '^E:' "$log" || tail -n1 "$log")"
