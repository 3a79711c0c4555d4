#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Tests a server with clients on another NUMA node. For a machine with two nodes and two cores on each
# (0-1 and 2-3), such as that of scripts/machines/vm.sh:
#
#   scripts/machines/vm.sh --cpus 4 --nodes 2 -- tests/storm/two_nodes.sh [BUILD [CASE...]]
#
# Each case: a server on node 0; others that do not answer; then a newcomer, which must be served, and
# the server must end with 0.

set -uo pipefail
build=${1:-build}
shift || true
readonly limit=40 # s for a newcomer: the machine is emulated
work=$(mktemp -d)
failed=()
declare -a started=()

note() { printf '%s\n' "$*"; }
server() { # server OPTIONS OF EAL...
    : >"$work/server"
    "$build/mp_server" -l 0 --no-pci --file-prefix=fc "$@" -- --quiet >"$work/server" 2>"$work/server.err" &
    server_pid=$!
    await "$work/server" '[Server] Ready' $server_pid
}
await() { # await FILE TEXT PID: until the text is there, or the process has ended
    local i
    for ((i = 0; i < limit * 20; i++)); do
        grep -qF -- "$2" "$1" && return 0
        kill -0 "$3" 2>/dev/null || return 1
        sleep 0.05
    done
    return 1
}
client() { # client CORES: attached, sets client_pid
    local out=$work/client.${#started[@]}
    "$build/mp_client" -l "$1" --no-pci --file-prefix=fc -- --quiet >"$out" 2>&1 &
    client_pid=$!
    started+=("$client_pid")
    await "$out" '[Client] Attached' "$client_pid" || note "   a client did not attach: $(tail -n 1 "$out")"
}
stopped() { # stopped CORES
    client "$1"
    kill -STOP "$client_pid"
}
crawling() { # crawling CORES: runs for 10 ms of each second
    client "$1"
    local pid=$client_pid
    (while kill -STOP "$pid" 2>/dev/null && sleep 0.99 && kill -CONT "$pid" 2>/dev/null; do sleep 0.01; done) &
    started+=($!)
}
deaf_socket() { # a socket in the runtime directory that nobody reads
    python3 -c '
import socket, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("/var/run/dpdk/fc/mp_socket_1_f00d")
time.sleep(1000)' &
    started+=($!)
    until [ -S /var/run/dpdk/fc/mp_socket_1_f00d ]; do sleep 0.05; done
}
newcomer() { # newcomer CORES
    local begin=$SECONDS status=0
    timeout -s KILL "$limit" "$build/mp_client" -l "$1" --no-pci --file-prefix=fc -- ping --count 2 --quiet \
        >"$work/new" 2>&1 || status=$?
    note "   newcomer -l $1: status $status after $((SECONDS - begin)) s"
    [ "$status" -eq 0 ] || {
        grep -F 'mp_client:' "$work/new" | tail -n 2
        wrong=yes
    }
}
neighbour() { # DPDK's own tool attaches, shows, ends. It has a core of its own, -c1, and takes no -l
    local status=0
    timeout -s KILL "$limit" dpdk-proc-info --no-pci --file-prefix=fc -- -m >"$work/info" 2>&1 || status=$?
    note "   dpdk-proc-info: status $status"
    [ "$status" -eq 0 ] || {
        tail -n 3 "$work/info"
        wrong=yes
    }
}
no_growth() { # with the default memory nothing asks for more, and so no lock is held for an answer
    if grep -F 'asked for more heap' "$work/server.err"; then wrong=yes; fi
}
finish() { # the others go on and end; the server ends with 0
    local pid status=0
    if ! kill -0 "$server_pid" 2>/dev/null; then
        wait "$server_pid"
        note "   the server is gone: status $?"
        wrong=yes
    fi
    for pid in "${started[@]}"; do
        kill -KILL "$pid" 2>/dev/null
        wait "$pid" 2>/dev/null
    done
    started=()
    kill -INT "$server_pid" 2>/dev/null && { wait "$server_pid" || status=$?; }
    [ "$status" -eq 0 ] || {
        note "   the server ended with $status"
        wrong=yes
    }
    rm -rf /var/run/dpdk/fc /dev/hugepages/fcmap_*
}

case_stopped_first() { server && stopped 2 && newcomer 3 && newcomer 1 && no_growth; }
case_stopped_last() { server && client 1 && stopped 3 && newcomer 2 && newcomer 1 && no_growth; }
case_stopped_on_the_servers_node() { server && stopped 1 && newcomer 2 && newcomer 3 && no_growth; }
case_several_stopped() { server && stopped 1 && stopped 2 && stopped 3 && newcomer 3 && newcomer 2 && no_growth; }
case_crawling() { server && crawling 2 && newcomer 3 && newcomer 3 && no_growth; }
case_deaf_socket() { server && deaf_socket && newcomer 2 && newcomer 1 && no_growth; }
case_dpdk_tool() { server && stopped 2 && neighbour && newcomer 3 && neighbour && newcomer 1; }
case_client_on_both_nodes() { server && stopped 1,2 && newcomer 1,3 && newcomer 2,1 && no_growth; }
case_killed_in_their_start() {
    local i
    server
    stopped 2
    for ((i = 0; i < 20; i++)); do
        "$build/mp_client" -l 3 --no-pci --file-prefix=fc -- --quiet >/dev/null 2>&1 &
        sleep "0.$((RANDOM % 10))"
        { kill -KILL $! && wait $!; } 2>/dev/null
    done
    newcomer 3 && newcomer 1 && no_growth
}
case_stopped_in_their_start() { # more than the gate has places for
    local i
    server
    for ((i = 0; i < 9; i++)); do
        "$build/mp_client" -l 3 --no-pci --file-prefix=fc -- --quiet >/dev/null 2>&1 &
        started+=($!)
        sleep 0.3
        kill -STOP $!
    done
    newcomer 2
}
# The user's own option: memory only on the server's node. Clients on the other node use that.
case_memory_on_one_node() { server -m 16 && stopped 2 && newcomer 3 && newcomer 3 && newcomer 1; }
case_the_least_memory() { server --socket-mem 2,0 && stopped 2 && newcomer 3 && newcomer 1; }
case_memory_on_the_other_node() { server --socket-mem 0,2 && stopped 1 && newcomer 1 && newcomer 3; }
case_as_the_recipe() { server --socket-mem 16,16 && stopped 2 && newcomer 3; }

[ "$(cat /sys/devices/system/node/online 2>/dev/null)" = 0-1 ] || {
    note "needs two NUMA nodes: see scripts/machines/vm.sh"
    exit 77
}
cases=("$@")
[ ${#cases[@]} -gt 0 ] || mapfile -t cases < <(declare -F | sed -n 's/^declare -f case_//p')
for name in "${cases[@]}"; do
    note "== $name"
    wrong=''
    "case_$name" || wrong=yes
    [ -z "$wrong" ] || tail -n 3 "$work/server.err"
    finish
    [ -z "$wrong" ] || failed+=("$name")
done
rm -rf "$work"
note "${#cases[@]} cases, ${#failed[@]} failed${failed:+: ${failed[*]}}"
[ ${#failed[@]} -eq 0 ]
