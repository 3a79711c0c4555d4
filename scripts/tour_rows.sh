# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
#
# The rows of docs/api.md: what is started, and what the consoles must then show. Sourced by tour.sh,
# which has the functions that they call; each row is a test of ctest by its name (api.ROW).
# shellcheck disable=SC2034,SC2154 # tour.sh's variables

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
    like client '^\[PING\] Reply: seq=[123] time=[0-9.]+ ms: there [0-9.]+, handler [0-9.]+, back [0-9.]+$' 3
    await client "[PING] 3 sent, 3 answered, 0 lost, 0 late"
    like client '^\[PING\] time min/median/p99/max = ([0-9.]+/){3}[0-9.]+ ms$' 1
    like client '^\[PING\] median there/handler/back = ([0-9.]+/){2}[0-9.]+ ms$' 1
    end_server
    await server "[PING] Received: seq=3"
}
row_ping_flood() {
    server --quiet
    client 0 ping --flood --count 5000
    await client "[PING] 5000 sent, 5000 answered, 0 lost, 0 late"
    never client "seq="
    end_server
}
row_ping_interrupted() {
    server
    start_client client ping --interval 0.5 # time enough for Ctrl-C before the fourth
    await client "[PING] Reply: seq=3 "
    interrupt client
    ends client 0
    await client " lost, 0 late"
    await client "min/median/p99/max"
    end_server
}
row_ping_millisecond() {
    server --fault silent
    client 4 ping --timeout 0.001 --interval 0.001 --count 3
    like client '^\[PING\] No reply to seq=[123] within 0\.001 s$' 3
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
    await client "[EVENT] Sent: link up"
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
    await client "[Client] The server has shut down"
}
row_late_reply() {
    server --fault slow=1500
    client 4 --timeout 1 --async-interval 0 --sync-interval 0.01 --count 4
    await client "[SYNC] No reply to 'SYNC Hello 1 from Client' within 1.000 s"
    # On a loaded machine a reply may miss its later request as well; not all of them.
    await client "[SYNC] Late reply to an earlier request, while waiting for 'SYNC Hello "
    await client "[Client] Sync: sent 4, answered 0, late "
    never client "[SYNC] Reply:"
    end_server
}
row_silent() {
    server --fault silent
    client 4 --timeout 0.5 --count 1
    await client "[SYNC] No reply to 'SYNC Hello 1 from Client' within 0.500 s"
    await client "[ASYNC] No reply to 'ASYNC Hello 1 from Client' within 0.500 s"
    await client "[Client] Sync: sent 1, answered 0, late 0, timed out 1, refused 0"
    end_server
}
row_wrong_name() {
    server --fault wrong-name
    client 4 --timeout 0.5 --async-interval 0 --count 1
    await client "EAL: Drop mp reply: other_name"
    await client "[SYNC] No reply to 'SYNC Hello 1 from Client' within 0.500 s"
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
    local name
    server --broadcast --stats-interval 1
    for name in Alice Bob; do
        start_client "$name" --name "$name"
    done
    await server "[STATUS] Asked 2 clients, 2 answered"
    for name in Alice Bob; do
        await server "[STATUS] $name (pid ${pid[$name]}): sent 2, answered 2, late 0"
    done
    end_server
    ends Alice 0
    ends Bob 0
}
three_clients_one_stopped() { # three_clients_one_stopped LINE...: what the server prints meanwhile
    local name line
    for name in A B C; do
        start_client "$name" --name "$name" --sync-interval 0 --async-interval 0
    done
    await server "[STATUS] Asked 3 clients, 3 answered"
    kill -STOP "${pid[B]}" 2>/dev/null || true
    for line in "$@"; do await server "$line" $(($(times server "$line") + 1)); done
    served
    kill -CONT "${pid[B]}" 2>/dev/null || true
    line="[STATUS] Asked 3 clients, 3 answered"
    await server "$line" $(($(times server "$line") + 1))
    end_server
    for name in A B C; do
        ends "$name" 0
    done
}
row_broadcast_stopped() {
    server --broadcast --stats-interval 1
    # Asking ends before its queue is full: the server would block on that.
    three_clients_one_stopped "[STATUS] Asked 3 clients, 2 answered" "[STATUS] Not asked: a client does not read"
}
row_broadcast_sync_stopped() {
    server --broadcast=sync --stats-interval 1
    three_clients_one_stopped "clients one after another, one did not answer: no answers (Connection timed out)"
}
row_report() {
    local line
    server
    client 0 report
    for line in "mp_server 1." "dpdk: DPDK " "boot_id: " "uptime_s: " "action report_request: received 1" "clients: 1"; do
        await client "[REPORT] $line"
    done
    [ "$(wc -c <"$work/client")" -gt 256 ] || miss "the report would have fitted a message"
    end_server
}
row_disable() {
    server --no-secondaries
    await server "[Server] rte_mp_disable(): no client can attach from now on"
    client 1
    await client "error: Server: it accepts no secondaries: it has called rte_mp_disable()"
    end_server
}
row_disable_refused() {
    server --no-secondaries=3
    start_client client --sync-interval 60 --async-interval 60
    await client "[SYNC] Reply"
    await server "[Server] rte_mp_disable() refused: a client has attached already"
    served
    end_server
    ends client 0
}
row_ignored() {
    start_helper primary ask-all client_status 1
    await primary "ready"
    start_helper secondary held-secondary
    ends primary 0
    await primary "sync rc 0 sent 0 received 0" # sent once, counted back, and no error
    await primary "async rc 0"
    await primary "async callback rc 0 sent 0 received 0"
    never secondary "init complete"
}
row_still_pending() {
    server --fault slow=300
    client 0 --sync-interval 0 --async-interval 0.1 --count 2
    await client "[ASYNC] Not sent: the request before it is still pending"
    await client "[ASYNC] Reply: Server ASYNC reply: Got 'ASYNC Hello 2 from Client'"
    await client "[Client] Async: sent 2, answered 2, late 0, timed out 0, refused 0"
    end_server
}
row_pending_twice() {
    local line
    server --fault slow=300
    start_helper helper pending-twice
    ends helper 0
    for line in "async rc 0" "second async rc -1 errno File exists" "second sync rc -1 errno File exists" \
        "callback rc 0 sent 1 received 1" "other name rc 0"; do
        await helper "$line"
    done
    end_server
}
row_names() {
    local line
    start_helper helper register-names
    ends helper 0
    for line in "first: rc 0 errno none" "twice: rc -1 errno File exists" "again after unregister: rc 0 errno none" \
        "empty: rc -1 errno Invalid argument" "63 characters: rc 0 errno none" \
        "64 characters: rc -1 errno Argument list too long"; do
        await helper "$line"
    done
}
row_no_shared_files() {
    eal=(--no-shconf)
    start_server
    ends server 2
    await server "--no-shconf makes no files that a secondary could attach to"
}
