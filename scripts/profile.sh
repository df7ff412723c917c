#!/usr/bin/env bash
# profile.sh [CONVERSATIONS]
#
# Writes cmd/foyer/default.pgo anew: where a desk spends processor time while the bench reads, searches, changes and sends it mail, on both
# engines. The compiler makes what is used most quicker by it (https://go.dev/doc/pgo). It needs nothing but what the tests need, some ten
# minutes, and a machine that does nothing else. A profile of an older desk is good enough: do this before a release, or after hot paths changed.
set -euo pipefail
cd "$(dirname "$0")/.."
if [[ -z "${FOYER_TEST_POSTGRES_URL:-}" ]]; then
  exec scripts/with-postgres.sh "$0" "$@"
fi

count="${1:-50000}"
dir="$(mktemp -d)"
desk=
trap '[[ -z $desk ]] || kill "$desk" 2>/dev/null || true; rm -rf "$dir"' EXIT

go build -pgo=off -o "$dir/foyer" ./cmd/foyer
export FOYER_ADDRESS=127.0.0.1:9139 FOYER_OUTBOUND_ALLOW=127.0.0.0/8 FOYER_SYSTEM_USER_PASSWORD='Only-for-a-profile-9!'
url="http://$FOYER_ADDRESS"

profile() { # ENGINE
  export FOYER_DATA_DIR="$dir/$1"
  mkdir -p "$FOYER_DATA_DIR"
  "$dir/foyer" bench fill --count "$count" --messages 10
  local key
  key="$("$dir/foyer" apikey create System | tail -n 1)"
  "$dir/foyer" serve --cpu-profile="$dir/$1.prof" &
  desk=$!
  until curl -fsS -o /dev/null "$url/health" 2>/dev/null; do sleep 0.2; done
  "$dir/foyer" bench hit --url "$url" --key "$key" --duration 4s --rows list,list-deep,conversation,messages,search,find,open,mine,counts,note,status
  "$dir/foyer" bench mail --url "$url" --key "$key" --count 3000 --singles 20
  kill "$desk"
  wait "$desk"
  desk=
}

profile sqlite
psql -q "$FOYER_TEST_POSTGRES_URL" -c 'CREATE DATABASE profile'
base="${FOYER_TEST_POSTGRES_URL%%\?*}"
query="${FOYER_TEST_POSTGRES_URL#"$base"}"
FOYER_DATABASE_URL="${base%/*}/profile$query" profile postgres
go tool pprof -proto "$dir/sqlite.prof" "$dir/postgres.prof" > "$dir/default.pgo"
mv "$dir/default.pgo" cmd/foyer/default.pgo
ls -l cmd/foyer/default.pgo
