#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Tests the two services under a real systemd, in a virtual machine: the project as `cmake --install` puts
# it there, with a server and several clients; what a restart, a crash and a stop of the server do to
# clients that wait and to one that does not. Needs a finished build.
#
#   scripts/machines/systemd.sh [OPTION...]    options of vm.sh, such as --suite trixie

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/../lib.sh"
stage=build/systemd # the installation, in the build folder, which vm.sh takes along
if [ "${1-}" != --inside ]; then
    cd "$root"
    rm -rf "$stage"
    DESTDIR=$root/$stage cmake --install build --prefix /usr/local >/dev/null
    exec scripts/machines/vm.sh --init systemd --nodes 1 --memory 2048 --timeout 480 "$@" -- \
        scripts/machines/systemd.sh --inside
fi

# ---- inside the machine ----------------------------------------------------------------------------

waiting=(mp_client@1 mp_client@2 mp_client@3)
plain=mp_client@plain # without --wait
failures=0
miss() {
    printf 'systemd.sh: %s\n' "$*" >&2
    failures=$((failures + 1))
}

property() { systemctl show --value -p "$2" "$1"; }
is() { [ "$(property "$1" "$2")" = "$3" ]; }   # is UNIT PROPERTY VALUE
console() { journalctl -q -o cat --no-pager -u "$1"; }
said() { [ "$(console "$1" | grep -cF -- "$2")" -ge "${3-1}" ]; } # said UNIT TEXT [TIMES]
await() { # await COMMAND...: until it succeeds; else a failure
    eventually 60 "$@" && return
    miss "not within 60 s: $*"
    systemctl --no-pager -l status "$2" | tail -n 20 >&2
}
step() { printf '\n$ %s   (%s s)\n' "$*" "$SECONDS"; }
do_it() {
    step "$@"
    timeout 60 "$@" || miss "status $?: $*"
}

say "$(systemctl --version | head -n 1), Linux $(uname -r)"
cp -a "$stage/." /
rm -f /usr/lib/*/dpdk/pmds-*/* # EAL loads all drivers, which takes seconds here; none is needed
mkdir -p /etc/systemd/system/$plain.service.d /usr/local/etc/default
printf '[Service]\nEnvironment="MP_CLIENT_OPTIONS=--quiet"\n' >/etc/systemd/system/$plain.service.d/options.conf
printf 'MP_CLIENT_OPTIONS=%s\n' '"--wait --sync-interval 0.5"' >/etc/systemd/system/waiting
for unit in "${waiting[@]}"; do
    mkdir -p "/etc/systemd/system/$unit.service.d"
    printf '[Service]\nEnvironmentFile=/etc/systemd/system/waiting\n' >"/etc/systemd/system/$unit.service.d/options.conf"
done
do_it systemctl daemon-reload

all_served() { # all_served N: each waiting client has found its N-th server, and got replies from it
    local unit
    for unit in "${waiting[@]}"; do
        [ "$1" -eq 1 ] || await said "$unit" "[Client] Attached to the new server" $(($1 - 1))
        await said "$unit" "[Client] Attached to the " "$1"
        local replies
        replies=$(console "$unit" | grep -cF "[SYNC] Reply: ")
        await said "$unit" "[SYNC] Reply: " $((replies + 2))
        is "$unit" NRestarts 0 || miss "$unit was started again by systemd"
        [ "$(property "$unit" MainPID)" = "${pid[$unit]}" ] || miss "$unit has another process"
    done
    say "served by server $1: ${waiting[*]}"
}
plain_is() { # plain_is STATE STATUS: the state of the client without --wait, and its last exit status
    await is "$plain" ActiveState "$1"
    [ -z "${2-}" ] || await is "$plain" ExecMainStatus "$2"
    say "$plain: $(property "$plain" ActiveState), restarts $(property "$plain" NRestarts)," \
        "last status $(property "$plain" ExecMainStatus)"
}

# The clients first: the order of the starts does not matter.
do_it systemctl start "${waiting[@]}"
declare -A pid
for unit in "${waiting[@]}"; do
    await said "$unit" "[Client] Waiting for a server"
    pid[$unit]=$(property "$unit" MainPID)
done
do_it systemctl start mp_server
all_served 1
do_it systemctl start $plain
await said $plain "[Client] Attached"

do_it systemctl restart mp_server
for unit in "${waiting[@]}"; do
    await said "$unit" "[Client] The server has shut down"
done
all_served 2
plain_is inactive 0

say ""
say "The client without --wait, and a server that is killed: both are started again."
do_it systemctl start $plain
await said $plain "[Client] Attached" 2
do_it systemctl kill -s KILL mp_server
all_served 3
await is mp_server NRestarts 1
await said $plain "[Client] Attached" 3
plain_is active
is $plain NRestarts 0 && miss "$plain was not started again after the loss of its server"

do_it systemctl stop mp_server
plain_is inactive 0
for unit in "${waiting[@]}"; do
    await said "$unit" "[Client] The server has shut down" 2
    await is "$unit" ActiveState active
done
# The next server would wait for a client that held a file of the old one, and name it.
do_it systemctl start mp_server
all_served 4
! said mp_server "waiting for processes that hold the files" || miss "clients held files of a server that had ended"

do_it systemctl stop "${waiting[@]}"
for unit in "${waiting[@]}"; do
    await is "$unit" ActiveState inactive
    is "$unit" ExecMainStatus 0 || miss "$unit ended with status $(property "$unit" ExecMainStatus)"
done
do_it systemctl stop mp_server
is mp_server ExecMainStatus 0 || miss "mp_server ended with status $(property mp_server ExecMainStatus)"
printf '\n%s | ' mp_client@1 && console mp_client@1 | grep -vF '[SYNC] Reply' | sed '2,$s/^/mp_client@1 | /'

say ""
[ "$failures" -eq 0 ] || die "$failures checks failed"
say "systemd.sh: passed ($SECONDS s in the machine)"
