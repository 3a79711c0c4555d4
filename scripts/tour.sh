#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Shows every call and message type at work: for each row of the table in docs/api.md the commands, and
# then what each program's console said. Sets up what is missing, builds, stops by itself. Exits 0 only
# if every row showed what it is there for.
#
#   scripts/tour.sh [ROW...]   all rows, or these: `scripts/tour.sh late-reply`
#   scripts/tour.sh --list     their names
#   --docs                     write the consoles into docs/api.md
#   --build DIR                run the programs of this build folder, as they are

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
readonly table=$root/docs/api.md

# "ROW TITLE" lines, from the first cells of the table: | [TITLE](#ROW) | ...
rows() { sed -n 's/^| \[\([^]]*\)\](#\([a-z-]*\)) |.*/\2 \1/p' "$table"; }

build_dir=''
docs=''
while [[ ${1-} == -* ]]; do
    case $1 in
    --list)
        rows
        exit
        ;;
    --docs) docs=yes ;;
    --build)
        build_dir=$(realpath -m -- "${2:-none}")
        [ -x "$build_dir/tests/mp_ipc_helper" ] || die "--build takes a folder with the built programs, not '${2-}'"
        shift
        ;;
    *) die "usage: scripts/tour.sh [--list | --docs] [--build DIR] [ROW...]" ;;
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
    # As root from here on: a signal to the programs is one to them, and not to a sudo before them.
    [ ${#as_root[@]} -eq 0 ] || exec "${as_root[@]}" "$root/scripts/tour.sh" ${docs:+--docs} --build "$build_dir" "$@"
fi
skip() { # what ctest takes as skipped, but not in CI
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
    : >"$work/$name" # here, not only in the background: the last row's console is in it
    "$@" >"$work/$name" 2>&1 &
    pid[$name]=$!
}

eal=() # further EAL options of a row

start_server() { # start_server OPTIONS...: named server
    shown[server]="mp_server -l $first_core --no-pci --file-prefix=$prefix$(quoted "${eal[@]}")${*:+ --$(quoted "$@")}"
    start server "$build_dir/mp_server" -l "$first_core" --no-pci --file-prefix="$prefix" "${quiet_eal[@]}" "${eal[@]}" -- "$@"
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
start_helper() { # start_helper NAME ROLE ARGUMENTS...: what neither program would do
    local name=$1 role=$2
    shift 2
    shown[$name]="mp_ipc_helper $role $prefix$(quoted "$@")"
    start "$name" bash -c 'exec "$@" 2>/dev/null' - "$build_dir/tests/mp_ipc_helper" "$role" "$prefix" "$@"
}

eventually() { # eventually COMMAND...: whether it comes true within 20 s
    local deadline=$((SECONDS + 20))
    until "$@"; do
        [ "$SECONDS" -lt "$deadline" ] || return 1
        sleep 0.05
    done
}
said_or_ended() { grep -qF -- "$2" "$work/$1" || ended "$1"; }
await() { # await NAME TEXT: its console says so, now or soon
    eventually said_or_ended "$1" "$2" || true
    grep -qF -- "$2" "$work/$1" || miss "'$2' was not on the console of $1"
}
ended() { ! kill -0 "${pid[$1]}" 2>/dev/null; }
ends() { # ends NAME STATUS: by itself, or after a signal
    eventually ended "$1" || {
        miss "$1 did not end"
        kill -KILL "${pid[$1]}"
    }
    status[$1]=0
    { wait "${pid[$1]}" || status[$1]=$?; } 2>/dev/null
    [ "${status[$1]}" -eq "$2" ] || miss "$1 ended with status ${status[$1]}, not $2"
}
kill_server() { # and reap it where bash does not remark on it
    { kill -KILL "${pid[server]}" && wait "${pid[server]}"; } 2>/dev/null || status[server]=$?
}
interrupt() { kill -INT "${pid[$1]}" 2>/dev/null || true; } # Ctrl-C
end_server() {
    interrupt server
    ends server 0
}
stop_all() { # what the row has left running
    local name
    for name in "${names[@]}"; do
        [ -z "${status[$name]-}" ] || continue
        kill -CONT "${pid[$name]}" 2>/dev/null || true
        kill -TERM "${pid[$name]}" 2>/dev/null || true
        eventually ended "$name" || kill -KILL "${pid[$name]}"
        { wait "${pid[$name]}" || true; } 2>/dev/null
    done
    remove_prefix_files "$prefix"
}
trap 'stop_all; rm -rf "$work"' EXIT

# ---- the rows, by their names in the table ---------------------------------------------------------

row_hello() {
    server
    client 0 --count 1
    await client "[SYNC] Reply: Server SYNC reply: Got 'SYNC Hello 1 from Client'"
    await client "[ASYNC] Reply: Server ASYNC reply: Got 'ASYNC Hello 1 from Client'"
    end_server
}
row_ping() {
    server
    client 0 ping --count 3
    await client "[PING] 3 sent, 3 answered, 0 lost, 0 late"
    end_server
}
row_ping_flood() {
    server --quiet
    client 0 ping --flood --count 5000
    await client "[PING] 5000 sent, 5000 answered, 0 lost, 0 late"
    end_server
}
row_ping_interrupted() {
    server
    start_client client ping --interval 0.1
    await client "[PING] Reply: seq=3 "
    interrupt client
    ends client 0
    await client " lost, 0 late"
    end_server
}
row_ping_millisecond() {
    server --fault silent
    client 4 ping --timeout 0.001 --interval 0.001 --count 3
    await client "[PING] No reply to seq=3 within 0.001 s"
    await client "[PING] 3 sent, 0 answered, 3 lost, 0 late"
    end_server
}
row_several_clients() {
    local name
    server
    for name in Alice Bob; do
        start_client "$name" --name "$name" --count 2 --sync-interval 0.2 --async-interval 0.2
    done
    ends Alice 0
    ends Bob 0
    end_server
    await server "[Server] Processed sync requests: 4, async requests: 4"
}
row_notify() {
    server
    client 0 --name Alice notify 'link up'
    await server "[EVENT] From Alice (pid ${pid[client]}): link up"
    end_server
}
row_shutdown_event() {
    server --broadcast
    start_client client
    await client "[ASYNC] Reply"
    end_server
    ends client 0
    await client "[EVENT] The server is shutting down"
}
row_late_reply() {
    server --fault slow=750
    client 4 --timeout 0.5 --async-interval 0 --sync-interval 0.01 --count 2
    await client "[SYNC] Late reply, not to 'SYNC Hello 2 from Client': Server SYNC reply: Got 'SYNC Hello 1 from Client'"
    end_server
}
row_silent() {
    server --fault silent
    client 4 --timeout 0.5 --count 1
    await client "[SYNC] No reply to 'SYNC Hello 1 from Client' within 0.500 s"
    await client "[ASYNC] No reply to 'ASYNC Hello 1 from Client' within 0.500 s"
    end_server
}
row_wrong_name() {
    server --fault wrong-name
    client 4 --timeout 0.5 --async-interval 0 --count 1
    await client "EAL: Drop mp reply: other_name"
    end_server
}
row_no_server() {
    client 3
    await client "mp_client: error:"
}
row_server_killed() {
    server --fault silent
    start_client client --sync-interval 0
    await client "[ASYNC] Request sent"
    start_helper helper pending-at-death
    await helper "async rc 0"
    kill_server
    ends client 3
    await client "[ASYNC] Not answered: 'ASYNC Hello 1 from Client'"
    ends helper 0
    await helper "callback rc 0 sent 1 received 0"
    await helper "async after death rc -1 errno Connection refused"
}
row_broadcast() {
    server --broadcast --stats-interval 1
    start_client client --name Alice
    await server "[STATUS] Asked 1 clients, 1 answered"
    await server "[STATUS] Alice (pid ${pid[client]}): sent 2, answered 2, late 0"
    end_server
    ends client 0
}
three_clients_one_stopped() {
    local name
    for name in A B C; do
        start_client "$name" --name "$name" --sync-interval 0 --async-interval 0
    done
    await server "[STATUS] Asked 3 clients, 3 answered"
    kill -STOP "${pid[B]}" 2>/dev/null || true
    await server "$1"
    kill -CONT "${pid[B]}" 2>/dev/null || true
    end_server
    for name in A B C; do
        ends "$name" 0
    done
}
row_broadcast_stopped() {
    server --broadcast --stats-interval 1
    three_clients_one_stopped "[STATUS] Asked 3 clients, 2 answered"
}
row_broadcast_sync_stopped() {
    server --broadcast=sync --stats-interval 1
    three_clients_one_stopped "clients one after another, one did not answer: no answers (Connection timed out)"
}
row_report() {
    server
    client 0 report
    await client "[REPORT] action report_request: received 1"
    end_server
}
row_disable() {
    server --no-secondaries
    client 1
    await client "error: the primary takes no secondaries"
    end_server
}
row_disable_refused() {
    server --no-secondaries=3
    start_client client
    await client "[SYNC] Reply"
    await server "[Server] rte_mp_disable() refused: a client has attached already"
    end_server
    ends client 0
}
row_ignored() {
    start_helper primary ask-all client_status 1
    await primary "ready"
    start_helper secondary held-secondary
    ends primary 0
    await primary "sync rc 0 sent 0 received 0"
    await primary "async callback rc 0 sent 0 received 0"
}
row_still_pending() {
    server --fault slow=300
    client 0 --sync-interval 0 --async-interval 0.1 --count 2
    await client "[ASYNC] Not sent: the request before it is still pending"
    await client "[ASYNC] Reply: Server ASYNC reply: Got 'ASYNC Hello 2 from Client'"
    end_server
}
row_pending_twice() {
    server --fault slow=300
    start_helper helper pending-twice
    ends helper 0
    await helper "second async rc -1 errno File exists"
    await helper "second sync rc -1 errno File exists"
    end_server
}
row_names() {
    start_helper helper register-names
    ends helper 0
    await helper "twice: rc -1 errno File exists"
    await helper "64 characters: rc -1 errno Argument list too long"
}
row_no_shared_files() {
    eal=(--no-shconf)
    start_server
    ends server 2
    await server "--no-shconf leaves nothing that a secondary could attach to"
}

# ---- the tour --------------------------------------------------------------------------------------

show() { # the row's commands, consoles and statuses, in the order of the starts
    local name
    for name in "${names[@]}"; do
        say "\$ ${shown[$name]}"
        cat "$work/$name"
        [ -z "${status[$name]-}" ] || [ "${status[$name]}" -eq 0 ] || say "# exit status ${status[$name]}"
    done
}

# Puts the text of standard input in place of the console of this row in docs/api.md.
write_docs() {
    python3 -c '
import pathlib, re, sys
path, row = pathlib.Path(sys.argv[1]), sys.argv[2]
begin, end = f"\n### {row}\n", "```\n"
block = re.compile("(" + re.escape(begin) + "(?:(?!\n### ).)*?```console\n).*?(?=" + end + ")", re.S)
text, count = block.subn(lambda m: m[1] + sys.stdin.read(), path.read_text())
if count != 1:
    sys.exit(f"{path} has no console under the heading {row}")
path.write_text(text)' "$table" "$row"
}

run_row() {
    local title=$1
    names=() pid=() status=() shown=() eal=() missed=0
    printf '\n## %s: %s\n' "$row" "$title"
    "row_${row//-/_}"
    stop_all
    show | sed "s/$prefix/mp_ipc/g" >"$work/row"
    cat "$work/row"
    if [ "$missed" -gt 0 ]; then
        failed_rows+=("$row")
    elif [ -n "$docs" ]; then
        write_docs <"$work/row"
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
