#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Shows every call and message type at work: for each row of the table in docs/api.md it prints the
# commands, and then the console of each program. Sets up what is missing, builds, stops by itself. Exits
# 0 only if every row showed what it should, with the commands that docs/consoles.md shows. The rows are
# in tour_rows.sh.
#
#   scripts/tour.sh [ROW...]   all rows, or these: `scripts/tour.sh late-reply`
#   scripts/tour.sh --list     their names
#   --build DIR                run the programs of this build folder, without a build
#   --consoles DIR             for scripts/maintain/consoles.py: a file per row in DIR, nothing compared

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
readonly table=$root/docs/api.md consoles=$root/docs/consoles.md

# "ROW TITLE" lines, from the first cells of the table: | [TITLE](consoles.md#ROW) | ...
rows() { sed -n 's/^| \[\([^]]*\)\](consoles\.md#\([a-z-]*\)) |.*/\2 \1/p' "$table"; }

build_dir=''
capture=''
while [[ ${1-} == -* ]]; do
    case $1 in
    --list)
        rows
        exit
        ;;
    --build)
        build_dir=$(realpath -m -- "${2:-none}")
        [ -x "$build_dir/tests/mp_ipc_helper" ] || die "--build takes a folder with the built programs, not '${2-}'"
        shift
        ;;
    --consoles)
        [ -d "${2-}" ] || die "--consoles takes a folder that is there, not '${2-}'"
        capture=$(realpath -- "$2")
        shift
        ;;
    *) die "usage: scripts/tour.sh [--list] [--build DIR] [--consoles DIR] [ROW...]" ;;
    esac
    shift
done
for row in "$@"; do
    [[ $'\n'$(rows) == *$'\n'"$row "* ]] || die "there is no row '$row'; scripts/tour.sh --list names them"
done

if [ -z "$build_dir" ]; then
    "$root/scripts/setup.sh"
    build default mp_server mp_client mp_ipc_helper
    build_dir=$root/build
    # As root from here on, so that signals go to the programs, not to sudo.
    [ ${#as_root[@]} -eq 0 ] || exec "${as_root[@]}" "$root/scripts/tour.sh" ${capture:+--consoles "$capture"} --build "$build_dir" "$@"
fi
skip() { # ctest takes this as skipped; in CI it is a failure
    say "tour.sh: skipped: $*"
    [ "${CI-}" = true ] && exit 1
    exit 77
}
[ "$(id -u)" -eq 0 ] || skip "needs root"
[ -n "$(hugetlbfs_mounts any)" ] || skip "needs a hugetlbfs mount: run scripts/setup.sh"
grep -qvx 0 /sys/kernel/mm/hugepages/*/free_hugepages || skip "needs a free hugepage: run scripts/setup.sh"
[ ${#cores[@]} -ge 2 ] || skip "needs two cores"

export LC_ALL=C.UTF-8
readonly prefix=mp_ipc_tour_$$
work=$(mktemp -d) # the consoles, a file each, and the last row's text

# ---- the processes of one row ----------------------------------------------------------------------

names=()                             # in the order of their start
declare -A pid=() status=() shown=() # by name; shown: the command line
missed=0                             # what this row did not show
failed_rows=()

miss() {
    printf 'tour.sh: %s: %s\n' "$row" "$*" >&2
    missed=$((missed + 1))
}

quoted() { # the words as one would type them
    local word
    for word in "$@"; do
        case $word in
        *[!A-Za-z0-9_=.,/-]*) printf " '%s'" "$word" ;;
        *) printf ' %s' "$word" ;;
        esac
    done
}

start() { # start NAME COMMAND...
    local name=$1
    shift
    names+=("$name")
    : >"$work/$name" # emptied here, not in the background: it still has the last row's console
    "${alike[@]}" "$@" >"$work/$name" 2>&1 &
    pid[$name]=$!
}

eal=() # further EAL options of a row
# A sanitizer's shadow memory is where EAL would map its memory by default.
address_eal=() alike=()
case $(sed -n 's/^MP_IPC_SANITIZE:[^=]*=//p' "$build_dir/CMakeCache.txt" 2>/dev/null) in
*address*) address_eal=(--base-virtaddr=0x200000000000) ;;
thread) alike=(setarch -R) ;; # all processes are laid out alike
esac

start_server() { # start_server OPTIONS...: named server
    shown[server]="mp_server -l $first_core --no-pci --file-prefix=$prefix$(quoted "${eal[@]}")${*:+ --$(quoted "$@")}"
    start server "$build_dir/mp_server" -l "$first_core" --no-pci --file-prefix="$prefix" "${quiet_eal[@]}" "${address_eal[@]}" "${eal[@]}" -- "$@"
}
server() { # the same, and waits until it is ready
    start_server "$@"
    await server "[Server] Ready"
}
start_client() { # start_client NAME OPTIONS...
    local name=$1
    shift
    shown[$name]="mp_client -l $last_core --no-pci --file-prefix=$prefix${*:+ --$(quoted "$@")}"
    start "$name" "$build_dir/mp_client" -l "$last_core" --no-pci --file-prefix="$prefix" "${quiet_eal[@]}" -- "$@"
}
client() { # the same, named client, and waits for its end: client STATUS OPTIONS...
    local expected=$1
    shift
    start_client client "$@"
    ends client "$expected"
}
start_helper() { # start_helper NAME ROLE ARGUMENTS...: a process that does what neither program does
    local name=$1 role=$2
    shift 2
    shown[$name]="mp_ipc_helper $role $prefix$(quoted "$@")"
    start "$name" bash -c 'exec "$@" 2>/dev/null' - "$build_dir/tests/mp_ipc_helper" "$role" "$prefix" "$@"
}

times() { grep -cF -- "$2" "$work/$1" || true; } # times NAME TEXT: lines on its console
said() { [ "$(times "$1" "$2")" -ge "${3-1}" ]; }
said_or_ended() { said "$@" || ended "$1"; }
await() { # await NAME TEXT [TIMES]: its console has the text, now or soon
    eventually 30 said_or_ended "$@" || true
    said "$@" || miss "'$2' was not on the console of $1 ${3+$3 times}"
}
like() { # like NAME PATTERN TIMES: its console has the pattern so often by now
    [ "$(grep -cE -- "$2" "$work/$1")" -eq "$3" ] || miss "'$2' was not $3 times on the console of $1"
}
never() { ! said "$@" || miss "'$2' was on the console of $1"; }
served() { # a client that is not shown
    "${alike[@]}" "$build_dir/mp_client" -l "$last_core" --no-pci --file-prefix="$prefix" -- ping --count 1 >/dev/null 2>&1 ||
        miss "a further client was not served"
}
ended() { ! kill -0 "${pid[$1]}" 2>/dev/null; }
ends() { # ends NAME STATUS: by itself, or after a signal
    eventually 30 ended "$1" || {
        miss "$1 did not end"
        kill -KILL "${pid[$1]}"
    }
    status[$1]=0
    { wait "${pid[$1]}" || status[$1]=$?; } 2>/dev/null
    [ "${status[$1]}" -eq "$2" ] || miss "$1 ended with status ${status[$1]}, not $2"
}
kill_server() { # and reap it so that bash prints nothing about it
    { kill -KILL "${pid[server]}" && wait "${pid[server]}"; } 2>/dev/null || status[server]=$?
}
interrupt() { kill -INT "${pid[$1]}" 2>/dev/null || true; } # Ctrl-C
end_server() {
    interrupt server
    ends server 0
}
stop_all() { # all that the row has not ended
    local name
    for name in "${names[@]}"; do
        [ -z "${status[$name]-}" ] || continue
        kill -CONT "${pid[$name]}" 2>/dev/null || true
        kill -TERM "${pid[$name]}" 2>/dev/null || true
        eventually 30 ended "$name" || kill -KILL "${pid[$name]}"
        { wait "${pid[$name]}" || true; } 2>/dev/null
    done
    remove_prefix_files "$prefix"
}
trap 'stop_all; rm -rf "$work"' EXIT

# shellcheck source=scripts/tour_rows.sh
source "$root/scripts/tour_rows.sh"

# ---- the tour --------------------------------------------------------------------------------------

show() { # the row's commands, consoles and statuses, in the order of the starts
    local name
    for name in "${names[@]}"; do
        say "\$ ${shown[$name]}"
        cat "$work/$name"
        [ -z "${status[$name]-}" ] || [ "${status[$name]}" -eq 0 ] || say "# exit status ${status[$name]}"
    done
}

# The commands of a row, with cores removed.
commands() { sed -n 's/ -l [0-9]* / -l N /; /^\$ /p'; }
# What docs/consoles.md has under the heading of this row.
documented() { sed -n "/^## $row\$/,/^## /p" "$consoles"; }

# Each process has the pid 1001 and on, in the order of the starts; the last core is 1.
uniform_pids() {
    local name number=1000 edits=()
    for name in "${names[@]}"; do
        number=$((number + 1))
        edits+=(-e "s/\(pid:\? \|mp_socket_\)${pid[$name]}\([^0-9]\|$\)/\1$number\2/g")
    done
    sed "${edits[@]}" -e "s/^\(\$ mp_server -l\) $first_core /\1 0 /; s/^\(\$ mp_client -l\) $last_core /\1 1 /"
}

run_row() {
    local title=$1
    names=() pid=() status=() shown=() eal=() missed=0
    printf '\n## %s: %s\n' "$row" "$title"
    "row_${row//-/_}"
    stop_all
    show | sed "s/$prefix/mp_ipc/g" >"$work/row"
    cat "$work/row"
    [ -n "$capture" ] || [ "$(commands <"$work/row")" = "$(documented | commands)" ] ||
        miss "docs/consoles.md shows other commands: run scripts/maintain/consoles.py $row"
    if [ "$missed" -gt 0 ]; then
        failed_rows+=("$row")
    elif [ -n "$capture" ]; then
        uniform_pids <"$work/row" >"$capture/$row"
    fi
}

count=0
while read -r row title <&3; do
    [ $# -eq 0 ] || [[ " $* " == *" $row "* ]] || continue
    run_row "$title"
    count=$((count + 1))
done 3< <(rows)
say ""
[ $# -gt 0 ] || [ "$count" -eq "$(compgen -A function row_ | wc -l)" ] || die "$table has other rows than this script"
[ ${#failed_rows[@]} -eq 0 ] || die "of $count rows these did not show what they should: ${failed_rows[*]}"
say "Rows that showed what they should: $count of $count"
