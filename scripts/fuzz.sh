#!/usr/bin/env bash
# Usage: scripts/fuzz.sh DURATION [PATTERN]
# Runs every fuzz test whose name matches the pattern (all by default) for the duration, one after another, and tells at the end
# which of them failed. What broke one is written to testdata/fuzz of its package: commit it with the mend.
set -euo pipefail
cd "$(dirname "$0")/.."
duration=${1:-30s} pattern=${2:-.} failed=()
while IFS=: read -r file test; do
  echo "== $(dirname "$file") $test"
  go test "./$(dirname "$file")" -run '^$' -fuzz "^$test\$" -fuzztime "$duration" || failed+=("$file $test")
done < <(grep -roE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' cmd internal | sed 's/:func /:/' | grep -E "$pattern" | sort)
[ ${#failed[@]} -eq 0 ] || { printf 'failed: %s\n' "${failed[@]}"; exit 1; }
