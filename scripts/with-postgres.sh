#!/usr/bin/env bash
# with-postgres.sh COMMAND [ARGUMENT...]
#
# Runs the command with a private, empty PostgreSQL server, named to it by FOYER_TEST_POSTGRES_URL, and ends with the
# command's exit status. The server listens on a Unix socket in a temporary folder only, which is removed with it.
# It trades durability for speed, and keeps its files in memory where there is room: it is for tests. An URL that is
# already set is used as it is.
set -euo pipefail

if [[ $# -eq 0 ]]; then
  echo "usage: $0 COMMAND [ARGUMENT...]" >&2
  exit 2
fi
if [[ -n "${FOYER_TEST_POSTGRES_URL:-}" ]]; then
  exec "$@"
fi

bin="$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)"
if [[ ! -x $bin/initdb ]]; then
  bin="$(dirname "$(command -v initdb)")" || { echo "PostgreSQL is not installed: run scripts/install-test-tools.sh" >&2; exit 1; }
fi

# The server refuses to run as root; Debian's package brings the user it should run as.
as_server() {
  if [[ $EUID -eq 0 ]]; then
    (cd / && runuser -u postgres -- "$@")
  else
    "$@"
  fi
}

# Making and dropping a database, which most tests do, takes ten times as long on a disk.
room=/tmp
if [[ -w /dev/shm && $(df -Pk /dev/shm | awk 'NR == 2 { print $4 }') -gt 4000000 ]]; then
  room=/dev/shm
fi
dir="$(mktemp -d "$room/foyer-postgres.XXXXXX")" # short: a socket's path may have 107 bytes
child=
stop() {
  if [[ -n $child ]]; then
    kill -TERM "$child" 2>/dev/null || true
    wait "$child" 2>/dev/null || true
  fi
  as_server "$bin/pg_ctl" -D "$dir/data" -m immediate -w stop >/dev/null 2>&1 || true
  rm -rf "$dir"
}
trap stop EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

if [[ $EUID -eq 0 ]]; then
  chown postgres "$dir"
fi
as_server "$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$dir.log" 2>&1 ||
  { cat "$dir.log" >&2; rm -f "$dir.log"; exit 1; }
rm -f "$dir.log"

settings=(
  -c listen_addresses= -c unix_socket_directories="$dir" -c port=5432
  -c fsync=off -c synchronous_commit=off -c full_page_writes=off
  -c max_connections=300 -c shared_buffers=256MB -c wal_level=minimal -c max_wal_senders=0 -c max_wal_size=512MB -c timezone=UTC
)
as_server "$bin/pg_ctl" -D "$dir/data" -l "$dir/server.log" -w -t 60 -o "${settings[*]}" start >/dev/null ||
  { cat "$dir/server.log" >&2; exit 1; }

export FOYER_TEST_POSTGRES_URL="postgres://postgres@/postgres?host=$dir&port=5432&sslmode=disable"
"$@" <&0 &
child=$!
status=0
wait "$child" || status=$?
child=
exit "$status"
