/* SPDX-License-Identifier: BSD-3-Clause
 *
 * mp_server: the primary process. It creates the memzone `shared_info`, registers a handler for
 * each message, answers what clients send, prints totals every 3 s, and on Ctrl-C tells its clients
 * to end. main() at the bottom is the table of contents. The other messages are in exercises/, one
 * conversation per file.
 *
 * Threads: main sleeps, prints totals and broadcasts. The EAL's IPC thread runs the handlers, one
 * message at a time for all clients together. A handler must neither call rte_mp_request_sync() nor
 * allocate shared memory.
 */
#include <unistd.h>

#include <algorithm>
#include <new>
#include <string>
#include <vector>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_memzone.h>

#include "common.h"
#include "exercises/command_line.h"
#include "exercises/table.h"
#include "support/console/console.h"
#include "support/eal/heap.h"
#include "support/eal/session.h"
#include "support/stats/telemetry.h"

namespace {

using namespace mp_ipc;

/* A handler gets no argument of the program's, so what it needs is global. */
SharedInfo *g_shared = nullptr; /* in the memzone; set before the first handler is registered */

/* ---- handlers: on the EAL's IPC thread ------------------------------------------------------ */

/* Handles both greetings. They differ in name, tag and counter only: to the server a synchronous
 * and an asynchronous request are the same message.
 */
rte_mp_msg answer_to(HelloKind kind, const rte_mp_msg &msg) {
    const std::string_view text = text_of(msg);
    if (kind == HelloKind::sync)
        say_each({"[SYNC] Received: {}", "[SYNC] 收到: {}"}, text);
    else
        say_each({"[ASYNC] Received: {}", "[ASYNC] 收到: {}"}, text);
    (kind == HelloKind::sync ? g_shared->request_count : g_shared->async_request_count)++;

    rte_mp_msg reply = make_message(msg.name); /* the request's own, or the client drops it */
    fill_text(reply, hello_reply_text(kind, text));
    return reply;
}

int on_hello_sync(const rte_mp_msg *msg, const void *peer) {
    rte_mp_msg reply = answer_to(HelloKind::sync, *msg);
    return rte_mp_reply(&reply, static_cast<const char *>(peer));
}

int on_hello_async(const rte_mp_msg *msg, const void *peer) {
    rte_mp_msg reply = answer_to(HelloKind::async, *msg);
    return rte_mp_reply(&reply, static_cast<const char *>(peer));
}

/* What this server answers: the greetings, and the messages of the exercises. Each handler is
 * registered as guarded<handler>: see support/ipc/handler.h. */
std::vector<Action> actions() {
    std::vector<Action> all = {action<on_hello_sync>(kMsgHelloSync),
                               action<on_hello_async>(kMsgHelloAsync)};
    for (const Exercise *exercise : kExercises) {
        if (exercise->at_server.name != nullptr)
            all.push_back(exercise->at_server);
    }
    return all;
}

/* ---- the steps of main ---------------------------------------------------------------------- */

bool reserve_shared_info() {
    const rte_memzone *zone = rte_memzone_reserve_aligned(kSharedInfoName, sizeof(SharedInfo),
                                                          SOCKET_ID_ANY, 0, alignof(SharedInfo));
    if (zone == nullptr) {
        error({"cannot reserve the memzone {}: {}", "无法预留 memzone {}：{}"}, kSharedInfoName,
              rte_strerror(rte_errno));
        return false;
    }
    g_shared = new (zone->addr) SharedInfo{}; /* lives in shared memory: never deleted */
    return true;
}

void unregister(const std::vector<Action> &actions) {
    for (const Action &action : actions)
        rte_mp_action_unregister(action.name);
}

bool register_handlers(const std::vector<Action> &actions) {
    for (const Action &action : actions) {
        if (rte_mp_action_register(action.name, action.handler) == 0)
            continue;
        error({"cannot register the action {}: {}", "无法注册 action {}：{}"}, action.name,
              rte_strerror(rte_errno));
        unregister(actions);
        return false;
    }
    g_shared->boot_id = g_handlers.boot_id; /* from here on clients may ask */
    return true;
}

void disable_secondaries() {
    if (rte_mp_disable())
        say({"[Server] rte_mp_disable(): no client can attach from now on",
             "[Server] rte_mp_disable(): 从现在起不接受 Client"});
    else
        say({"[Server] rte_mp_disable() refused: a client has attached already",
             "[Server] rte_mp_disable() 被拒绝: 已有 Client 连接"});
}

/* force_quit ends the clients. After a failure it stays 0: clients may wait for the next server. */
void tell_clients_to_end(int status) {
    if (status == kExitOk && g_shared != nullptr)
        g_shared->force_quit = 1;
}

void say_totals() {
    say({"[Server] Processed sync requests: {}, async requests: {}",
         "[Server] 已处理同步请求: {} 个, 异步请求: {} 个"},
        g_shared->request_count.load(), g_shared->async_request_count.load());
}

/* Runs until there is a reason to end; returns the exit status. */
int run(PrimarySession &session, const ServerOptions &options) {
    using Broadcast = ServerOptions::Broadcast;
    const Clock::time_point start = Clock::now();
    const Clock::duration interval = seconds(options.stats_interval_s);
    Schedule totals(start + interval, interval);
    auto disable_at = options.no_secondaries_s ? start + seconds(*options.no_secondaries_s)
                                               : Clock::time_point::max();
    /* For the sockets that exited clients leave behind, whether or not totals are printed. */
    constexpr Clock::duration kTidyInterval = std::chrono::seconds(5);
    Schedule tidy(start + kTidyInterval, kTidyInterval);
    while (session.going_on()) {
        session.watch().sleep_until(
            std::min({totals.due(), tidy.due(), disable_at, status::g_round.due()}));
        const Clock::time_point now = Clock::now();
        if (now >= disable_at) {
            disable_secondaries();
            disable_at = Clock::time_point::max();
        }
        if (tidy.take(now))
            live_clients();
        if (status::round_is_lost())
            return kExitFailure;
        if (session.going_on() && totals.take(now)) {
            say_totals();
            if (options.broadcast != Broadcast::off)
                status::ask_all(options.broadcast == Broadcast::sync);
        }
    }
    return session.conclude();
}

}  // namespace

int main(int argc, char **argv) {
    const CommandLine<ServerOptions> line = read_server_command_line(argc, argv);
    if (line.exit)
        return *line.exit;
    const ServerOptions &options = line.options;

    /* 1. EAL init, as the primary. */
    PrimarySession session(line.args,
                           {.leftover_wait = seconds(options.leftover_wait_s),
                            .filtered = !options.fault.unfiltered,
                            .limited = !options.fault.unbounded,
                            .ipc_core = options.ipc_core},
                           tell_clients_to_end);
    if (!session.started())
        return session.status();

    /* 2. Create the shared memory. */
    if (!reserve_shared_info())
        return kExitFailure;
    stop_heap_growth(); /* clients attach with the memory that is there now */

    /* 3. Register the handlers. */
    g_handlers.boot_id = new_boot_id();
    status::g_watch = &session.watch();
    const std::vector<Action> all = with_fault(options.fault, actions());
    g_facts = {all, line.args.file_prefix, Clock::now(), shown(options)};
    if (!register_handlers(all))
        return kExitFailure;
    serve_telemetry();
    say({"[Server] Ready: file prefix '{}', pid {}; Ctrl-C ends it",
         "[Server] 就绪: file-prefix '{}', pid {}; Ctrl-C 退出"},
        line.args.file_prefix, getpid());

    /* 4. The loop: totals every 3 s. */
    const int status = run(session, options);

    /* 5. Clean up: tell the clients, let no handler begin, rte_eal_cleanup() (~PrimarySession). */
    if (options.broadcast != ServerOptions::Broadcast::off && status == kExitOk)
        status::tell_shutdown();
    session.tell_end();
    unregister(all);
    close_handlers(session.watch());
    say_totals();
    say({"[Server] Ended", "[Server] 已退出"});
    return status; /* the memzone stays: clients read force_quit */
}
