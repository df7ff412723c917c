#!/usr/bin/env bash
# Installs the Debian packages that the tests run against: a browser, a database server, a mail server, fonts.
# Does nothing, and asks no server, when all of them are there. Uses sudo when not run as root.
set -euo pipefail

# Fonts: what the sample mails are written in, so that screenshots show letters and not boxes.
packages=(chromium postgresql dovecot-core dovecot-imapd fonts-liberation fonts-noto-core fonts-noto-color-emoji fonts-droid-fallback)

if ! command -v dpkg-query >/dev/null; then
  echo "This is no Debian. Install the counterparts of these packages yourself: ${packages[*]}" >&2
  exit 1
fi

missing=()
for package in "${packages[@]}"; do
  if [[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" != installed ]]; then
    missing+=("$package")
  fi
done
if [[ ${#missing[@]} -eq 0 ]]; then
  exit 0
fi

as_root=()
if [[ $EUID -ne 0 ]]; then
  as_root=(sudo)
fi

# The tests start servers of their own. Those that come with the packages are not started on installation, unless
# this machine already has a policy about that (see invoke-rc.d(8)).
policy=/usr/sbin/policy-rc.d
if [[ ! -e $policy ]]; then
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
  "${as_root[@]}" chmod 755 "$policy"
  trap '"${as_root[@]}" rm -f "$policy"' EXIT
fi

echo "Installing what the tests need: ${missing[*]}"
"${as_root[@]}" apt-get update -q
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
