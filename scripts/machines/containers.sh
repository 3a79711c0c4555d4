#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Tests the pair in containers, with the DPDK of one Debian release: runs the lines of docs/containers.md
# and the pod of packaging/pod.yaml unchanged, then cases in which containers share too little. Prints a
# line for each case, and the output of those that failed.
#
#   scripts/machines/containers.sh [SUITE]      bookworm, trixie (the default), sid
#
# The containers are podman's, in a storage of this script's own: other images and containers are not
# touched.

# shellcheck source=scripts/machines/lib.sh
source "$(dirname "$0")/lib.sh"

suite=${1-trixie}
[[ $# -le 1 && $suite =~ ^[a-z]+$ ]] || die "usage: scripts/machines/containers.sh [SUITE]"
need podman runc mmdebstrap
is_hugetlbfs any /dev/hugepages || die "no hugetlbfs on /dev/hugepages: run scripts/setup.sh"
need_two_cores
cd "$root"

work=$(mktemp -d)
# Also works with cgroups of version 1, and with limits that may not be raised, as in a sandbox.
export CONTAINERS_CONF=$work/containers.conf CONTAINERS_STORAGE_CONF=$work/storage.conf
cat >"$CONTAINERS_CONF" <<'END'
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
log_driver = "k8s-file"
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
END
cat >"$CONTAINERS_STORAGE_CONF" <<END
[storage]
driver = "overlay"
graphroot = "$cache/containers"
runroot = "$work/run"
END

# Prefixes of the document, of the pod, and of the cases.
prefixes=(mp_ipc pod ct)
clean_up() {
    podman pod rm --all --force --time 0
    podman rm --all --force --time 0
    local prefix
    for prefix in "${prefixes[@]}"; do remove_prefix_files "$prefix"; done
    rm -rf "$work"
} >/dev/null 2>&1
trap clean_up EXIT
for prefix in "${prefixes[@]}"; do
    [ ! -e "/var/run/dpdk/$prefix/mp_socket" ] ||
        die "file prefix '$prefix' is in use here: end what runs under it, or remove /var/run/dpdk/$prefix"
done
[ -d /var/run/dpdk ] || mkdir -m 0700 /var/run/dpdk

# ---- cases ---------------------------------------------------------------------------------------------

failed=()
wrong=
case_of() { # case_of NAME COMMAND...: the command reports what is wrong by expect()
    local begin=$SECONDS
    wrong=
    : >"$work/said"
    "${@:2}"
    say "$([ -z "$wrong" ] && echo ok || echo FAILED): $1 ($((SECONDS - begin)) s)"
    [ -z "$wrong" ] || {
        failed+=("$1")
        sed 's/^/    /' "$work/said"
    }
    podman rm --all --force --time 0 >/dev/null 2>&1
}
expect() { # expect WHAT COMMAND...
    "${@:2}" || {
        wrong=yes
        echo "expected: $1" >>"$work/said"
    }
}
run() { # run STATUS ARGUMENT...: podman run --rm with them; its output is in $work/out
    local status=0
    timeout -k 5 60 podman run --rm --network=none "${@:2}" >"$work/out" 2>&1 </dev/null || status=$?
    { echo "\$ podman run ${*:2}: status $status" && cat "$work/out"; } >>"$work/said"
    expect "status $1" [ "$status" -eq "$1" ]
}
out_has() { expect "'$1'" grep -qF -- "$1" "$work/out"; }
said() { [ "$(podman logs "$1" 2>&1 | grep -cF -- "$2")" -ge "${3-1}" ]; } # said NAME TEXT [TIMES]
await() { # await NAME TEXT [TIMES]: until the container has printed it
    eventually 30 said "$@" && return
    expect "'$2' of $1 ${3+$3 times}" false
    podman logs "$1" >>"$work/said" 2>&1
}
errors_of() { grep -c '^mp_client: error:\|^mp_server: error:' "$work/out"; }
one_error() { # one_error TEXT...: one line of error, and all of these in it
    expect "one error line" [ "$(errors_of)" -eq 1 ]
    local text
    for text in "$@"; do
        expect "an error line with '$text'" grep -q "^mp_[a-z]*: error:.*$text" "$work/out"
    done
}
page_files() { find /dev/hugepages "$work" -name 'ctmap_*' | sort; }
no_page_lost() { # no_page_lost COMMAND...: no file of a hugepage is made, in the host's mount or in another
    local before
    before=$(page_files)
    "$@"
    expect "the hugepage files of before, and no other" [ "$before" = "$(page_files)" ]
}

hugepages=(-v /dev/hugepages:/dev/hugepages)
runtime=(-v /var/run/dpdk:/var/run/dpdk)
server=(mp_server -l "$first_core" --no-pci --file-prefix=ct)
client=(mp_client -l "$last_core" --no-pci --file-prefix=ct --)
start_server() { # start_server NAME OPTION...: ready
    podman run -d --name "$1" --network=none "${@:2}" mp_ipc "${server[@]}" >/dev/null
    await "$1" "[Server] Ready"
}
stop() { podman stop --time 5 "$1" >/dev/null && podman rm --force "$1" >/dev/null; }

the_document() { # each line must succeed
    local line
    while read -r line; do
        echo "\$ $line" >>"$work/said"
        case $line in
        *" build "*) line+=" --network=host" ;; # apt-get, where the machine's name server is on localhost
        esac
        expect "status 0" timeout 900 bash -c "$line" >"$work/out" 2>&1 </dev/null
        cat "$work/out" >>"$work/said"
        case $line in
        *mp_server*run\ -d* | *"run -d"*mp_server*) await mp_server "[Server] Ready" ;;
        *" --count 3") out_has "Sync: sent 3, answered 3" ;;
        *doctor) out_has ", 0 wrong" ;;
        *" stop "*) expect "a server that reports its end" podman logs mp_server ;;
        esac
    done < <(sed -n 's/^\$ \(podman .*\)/\1/p' docs/containers.md)
}
the_pod() {
    expect "a pod" podman kube play --network=none packaging/pod.yaml >/dev/null 2>&1
    await mp-ipc-client "Sync: sent 3, answered 3"
    podman stop --time 5 mp-ipc-server >/dev/null 2>&1
    podman logs mp-ipc-server >"$work/out" 2>&1
    out_has "[Server] Ended"
    podman pod rm --force mp-ipc >/dev/null 2>&1
}
clients_with_one_pid() { # several clients at once, each as pid 1 of its own container
    start_server srv "${hugepages[@]}" "${runtime[@]}"
    podman run -d --name first --network=none "${hugepages[@]}" "${runtime[@]}" mp_ipc "${client[@]}" --quiet >/dev/null
    await first "[Client] Attached"
    if $one_pid_is_enough; then
        run 0 "${hugepages[@]}" "${runtime[@]}" mp_ipc "${client[@]}" ping --count 2
    else
        no_page_lost run 1 "${hugepages[@]}" "${runtime[@]}" mp_ipc "${client[@]}" ping --count 2
        one_error "pid 1"
    fi
    run 0 --pid=container:srv "${hugepages[@]}" "${runtime[@]}" mp_ipc "${client[@]}" ping --count 2
    podman kill first >/dev/null
    run 0 "${hugepages[@]}" "${runtime[@]}" mp_ipc "${client[@]}" ping --count 2
    stop srv
}
restarts() { # of the server's container, killed and stopped, while a client waits; of the client's
    start_server srv "${hugepages[@]}" "${runtime[@]}"
    podman run -d --name waits --network=none "${hugepages[@]}" "${runtime[@]}" mp_ipc "${client[@]}" --wait >/dev/null
    await waits "[SYNC] Reply"
    podman kill srv >/dev/null
    await waits "[Client] The server went away"
    start_server srv2 "${hugepages[@]}" "${runtime[@]}"
    await waits "[Client] Attached to the new server"
    stop srv2
    start_server srv3 "${hugepages[@]}" "${runtime[@]}"
    await waits "[Client] Attached to the new server" 2
    podman logs waits >>"$work/said" 2>&1
    podman restart --time 5 waits >/dev/null
    run 0 --pid=container:srv3 "${hugepages[@]}" "${runtime[@]}" mp_ipc "${client[@]}" ping --count 2
    stop srv3
}
a_paused_server() { # podman pause: a frozen cgroup
    start_server srv "${hugepages[@]}" "${runtime[@]}"
    podman pause srv >/dev/null || expect "a container that can be paused" false
    local begin=$SECONDS
    run 4 "${hugepages[@]}" "${runtime[@]}" mp_ipc "${client[@]}" ping --count 20 --interval 0.2 --timeout 0.2
    out_has "20 sent, 0 answered"
    begin=$SECONDS
    run 1 "${hugepages[@]}" "${runtime[@]}" mp_ipc "${client[@]}" doctor
    expect "doctor's end within 10 s of its start" [ $((SECONDS - begin)) -le 13 ]
    podman unpause srv >/dev/null
    run 0 "${hugepages[@]}" "${runtime[@]}" mp_ipc "${client[@]}" ping --count 2
    stop srv
}
nothing_shared() {
    start_server srv "${hugepages[@]}" "${runtime[@]}"
    run 3 "${hugepages[@]}" mp_ipc "${client[@]}" --count 1
    one_error "/var/run/dpdk/ct/config"
    no_page_lost run 1 "${runtime[@]}" mp_ipc "${client[@]}" --count 1
    one_error "hugepage"
    mkdir -p "$work/plain"
    no_page_lost run 1 "${runtime[@]}" -v "$work/plain:/dev/hugepages" mp_ipc "${client[@]}" --count 1
    one_error "hugepage"
    mkdir -p "$work/other"
    mount -t hugetlbfs none "$work/other"
    no_page_lost run 1 "${runtime[@]}" -v "$work/other:/dev/hugepages" mp_ipc "${client[@]}" --count 1
    one_error "hugepage"
    umount "$work/other"
    no_page_lost run 1 "${runtime[@]}" -v /dev/hugepages:/dev/hugepages:ro mp_ipc "${client[@]}" --count 1
    one_error "hugepage"
    run 0 "${hugepages[@]}" "${runtime[@]}" mp_ipc "${client[@]}" ping --count 2
    stop srv
}
two_servers() { # of one prefix: the runtime directory is not shared, the hugepages are
    start_server srv "${hugepages[@]}" "${runtime[@]}"
    no_page_lost run 1 "${hugepages[@]}" --tmpfs /var/run/dpdk mp_ipc mp_server -l "$last_core" --no-pci --file-prefix=ct
    one_error "ctmap_"
    run 0 "${hugepages[@]}" "${runtime[@]}" mp_ipc "${client[@]}" ping --count 2
    stop srv
}
little_room() { # a runtime directory that is full, and one process at most
    run 1 "${hugepages[@]}" --tmpfs /var/run/dpdk:size=1m mp_ipc "${server[@]}"
    one_error "/var/run/dpdk"
    run 1 "${hugepages[@]}" --tmpfs /var/run/dpdk:ro mp_ipc "${server[@]}"
    one_error "[Rr]ead-only"
    start_server srv "${hugepages[@]}" "${runtime[@]}"
    run 1 --pids-limit=1 "${hugepages[@]}" "${runtime[@]}" mp_ipc "${client[@]}" --count 1
    one_error "thread"
    stop srv
}
least_rights() {
    local least=(--read-only --cap-drop=all --security-opt=no-new-privileges)
    start_server srv "${least[@]}" "${hugepages[@]}" "${runtime[@]}"
    run 0 "${least[@]}" "${hugepages[@]}" "${runtime[@]}" mp_ipc "${client[@]}" ping --count 2
    run 3 --user 1000 "${hugepages[@]}" "${runtime[@]}" mp_ipc "${client[@]}" ping --count 2
    one_error "/var/run/dpdk"
    stop srv
}

# The root of any suite gets the name that the Containerfile begins with.
podman import -q "$(make_root "$suite" apt amd64 mount sudo passwd)" docker.io/library/debian:trixie-slim >/dev/null
case $suite in
bookworm) one_pid_is_enough=false ;; # 22.11.11; the others have the fix
*) one_pid_is_enough=true ;;
esac

case_of "the lines of docs/containers.md" the_document
case_of "a pod" the_pod
case_of "clients with one pid" clients_with_one_pid
case_of "restarts" restarts
case_of "a paused server" a_paused_server
case_of "runtime directory or hugepages not shared" nothing_shared
case_of "two servers of one prefix" two_servers
case_of "little room" little_room
case_of "least rights" least_rights

[ ${#failed[@]} -eq 0 ] || die "$suite: ${#failed[@]} failed: ${failed[*]}"
say "all cases passed on $suite: $(podman run --rm --network=none mp_ipc mp_server --version)"
