#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# Checks the model of the queues and the lock (docs/model/send_window.pml) with Spin; every run is
# exhaustive. The deadlock must be found without the bound, and nothing with it. Needs the packages
# spin and gcc; exits 77 if they are missing, 1 if a check has another result.
set -eu
model=$(cd "$(dirname "$0")/../.." && pwd)/docs/model/send_window.pml
for tool in spin gcc; do
    command -v "$tool" >/dev/null || {
        echo "model.sh: skipped: $tool is not installed (Debian: apt-get install spin gcc)"
        [ "${CI-}" = true ] && exit 1
        exit 77
    }
done
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
failed=0

# check WHAT EXPECTED DEFINITIONS...: EXPECTED is "nothing" or part of the line with which Spin
# names what it found.
check() {
    what=$1
    expected=$2
    shift 2
    spin "$@" -a "$model" >spin.log 2>&1 || { cat spin.log; exit 1; }
    gcc -O2 -w -DSAFETY -DCOLLAPSE -DVECTORSZ=2048 -DMEMLIM=4096 -o pan pan.c
    nice ./pan -m2000000 -w24 >pan.log
    if grep -q "Search not completed\|max search depth too small" pan.log &&
        ! grep -q "^pan:.*: .*(at depth" pan.log; then
        found="the search was not completed"
    else
        found=$(sed -n 's/^pan:[0-9]*: \(.*\) (at depth.*/\1/p' pan.log | head -n 1)
    fi
    states=$(sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' pan.log)
    verdict=ok
    case ${found:-nothing} in
        *"$expected"*) ;;
        *)
            verdict=FAILED
            failed=1
            ;;
    esac
    printf '%-6s %-40s %s (%s states)\n' "$verdict" "$what" "${found:-nothing}" "$states"
}

check "no bound, 2 clients" "invalid end state" -DBOUND=0 -DQLEN=2
check "no bound, 3 clients, the shortest queue" "invalid end state" -DBOUND=0 -DCLIENTS=3 -DQLEN=1
check "bound, 2 clients" nothing
check "bound, 3 clients, the shortest queue" nothing -DCLIENTS=3 -DQLEN=1 -DRESERVE=0 -DWINDOW=1
check "bound, broadcasts" nothing -DCLIENTS=1 -DBROADCAST=1
check "bound one over what a queue takes" "assertion violated" -DQLEN=2 -DRESERVE=0 -DWINDOW=4
check "bound without room for broadcasts" "assertion violated" -DCLIENTS=1 -DBROADCAST=1 -DQLEN=2 \
    -DWINDOW=2
check "late answers to broadcasts believed" "assertion violated" -DCLIENTS=1 -DBROADCAST=1 \
    -DBELIEVE_LATE
check "queues looked at in the other order" "assertion violated" -DCLIENTS=1 -DIN_FIRST -DQLEN=2 \
    -DRESERVE=0 -DWINDOW=3
exit $failed
