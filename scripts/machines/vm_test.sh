#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Tests in a virtual machine what this machine cannot: the tutorial's own run lines, which need four
# cores, in both languages; and the fallbacks on Debian's own kernel, which has neither PIDFD_THREAD
# (Linux 6.9) nor SO_PASSRIGHTS (6.16). Needs a finished build.
#
#   scripts/machines/vm_test.sh [OPTION...]    options of vm.sh, such as --nodes 1

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/../lib.sh"
if [ "${1-}" != --inside ]; then
    exec "$root/scripts/machines/vm.sh" "$@" -- scripts/machines/vm_test.sh --inside
fi

# ---- inside the machine ----------------------------------------------------------------------------

cd "$root/build"
say "Linux $(uname -r), $(nproc) cores, NUMA nodes: $(cat /sys/devices/system/node/online)"
failures=0
miss() {
    printf 'vm_test.sh: %s\n' "$*" >&2
    failures=$((failures + 1))
}

ended() { ! kill -0 "$1" 2>/dev/null; }
said() { grep -qF -- "$2" "/tmp/$1" || ! kill -0 "$3" 2>/dev/null; }
await() { # await PROGRAM TEXT PID: its console has the text, now or soon
    eventually 60 said "$1" "$2" "$3" || true
    grep -qF -- "$2" "/tmp/$1" && return
    miss "'$2' was not on the console of $1"
    ended "$3" || tail -n 20 /proc/"$3"/task/*/{comm,wchan,syscall,stack} >&2 # where it waits
}
expect_clean_end() { # expect_clean_end PROGRAM PID
    local status=0
    eventually 60 ended "$2" || kill -KILL "$2"
    wait "$2" || status=$?
    [ "$status" -eq 0 ] || miss "$1 ended with status $status"
}

run_lines() { # run_lines LOCALE READY RECEIVED REPLY [EAL OPTION]: the tutorial's own, in that locale
    local locale=$1 ready=$2 received=$3 reply=$4 server client
    shift 4
    printf '\n$ ./mp_server -l 0-1 -n 4 --proc-type=primary %s   (LC_ALL=%s)\n' "$*" "$locale"
    env LC_ALL="$locale" ./mp_server -l 0-1 -n 4 --proc-type=primary "$@" >/tmp/mp_server 2>&1 &
    server=$!
    await mp_server "$ready" "$server"
    printf '$ ./mp_client -l 2-3 -n 4 --proc-type=secondary %s\n' "$*"
    env LC_ALL="$locale" ./mp_client -l 2-3 -n 4 --proc-type=secondary "$@" >/tmp/mp_client 2>&1 &
    client=$!
    await mp_client "[SYNC] $reply: Server SYNC reply: Got 'SYNC Hello 2 from Client'" "$client"
    await mp_client "[ASYNC] $reply: Server ASYNC reply: Got 'ASYNC Hello 2 from Client'" "$client"
    await mp_server "[SYNC] $received: SYNC Hello 2 from Client" "$server"
    await mp_server "[ASYNC] $received: ASYNC Hello 2 from Client" "$server"
    kill -INT "$server" # Ctrl-C: its client ends with it
    expect_clean_end mp_client "$client"
    expect_clean_end mp_server "$server"
    sed 's/^/mp_server | /' /tmp/mp_server
    sed 's/^/mp_client | /' /tmp/mp_client
}
for option in "" --file-prefix=mp_ipc; do
    run_lines C.UTF-8 "[Server] Ready" Received Reply ${option:+"$option"}
    run_lines zh_CN.UTF-8 "[Server] 就绪" 收到 回复 ${option:+"$option"}
done

passes() { # passes LABEL FILTER: these tests, of which each pattern names at least one
    local patterns pattern
    say ""
    IFS=: read -ra patterns <<<"${2%%:-*}"
    for pattern in "${patterns[@]}"; do
        "tests/$1_tests" --gtest_list_tests --gtest_filter="$pattern" | grep '^ ' >/dev/null || miss "$1: no test '$pattern'"
    done
    "tests/$1_tests" --gtest_brief=1 --gtest_filter="$2" || miss "$1: tests failed"
}
passes unit '*'
# On an emulated processor 10,000 reports take longer than the deadline of the test that is left out.
passes smoke 'Lifecycle.TheTutorials*:End.AClientWithoutPidfds*:Filter.*:-Filter.AReportingClientTakesClaimsInRepliesOnly'
passes hostile '*DeadThread.*/Bytes0:*DeadThreadSeen.*:Sender.*'

say ""
[ "$failures" -eq 0 ] || die "$failures checks failed"
say "vm_test.sh: passed"
