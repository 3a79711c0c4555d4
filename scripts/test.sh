#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Passes the tests: sets up what is missing, builds, runs ctest.
#
#   scripts/test.sh [PRESET] [arguments of ctest]      PRESET: default, debug, asan, tsan, ci

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"

preset=default
case ${1-} in
default | debug | asan | tsan | ci)
    preset=$1
    shift
    ;;
esac

"$root/scripts/setup.sh"
build "$preset"
cd "$root"
status=0
# The tests start primaries and end processes of their own: root, as the programs need it.
"${as_root[@]}" env CI="${CI-}" ctest --preset "$preset" "$@" || status=$?

# ctest names the tests that it skipped; this is why.
log=$root/build/Testing/Temporary/LastTest.log
[ "$preset" = default ] || log=$root/build-$preset/Testing/Temporary/LastTest.log
grep -hoE '(needs hugepages: |needs the program |skipped: ).*' "$log" 2>/dev/null | sort | uniq -c | sed 's/^/Skipped:/' || true
exit "$status"
