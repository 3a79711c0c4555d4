/* SPDX-License-Identifier: BSD-3-Clause
 *
 * mp_client: a secondary process. It looks up the memzone of mp_server and sends it requests: a
 * synchronous greeting every 3 s and an asynchronous one every 5 s. main() at the bottom is the
 * table of contents. The other commands are in exercises/, one conversation per file.
 *
 * Threads: main sends everything. The EAL's IPC thread receives the replies, wakes a synchronous
 * request and runs the asynchronous callback; after a timeout the EAL's interrupt thread runs it. A
 * callback must neither call rte_mp_request_sync() nor allocate shared memory.
 */
#include <algorithm>
#include <mutex>
#include <optional>
#include <string>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_memzone.h>

#include "common.h"
#include "doctor/doctor.h"
#include "exercises/command_line.h"
#include "exercises/table.h"
#include "support/console/console.h"
#include "support/eal/session.h"
#include "support/ipc/pending_request.h"

namespace {

using namespace mp_ipc;

/* ---- hello, synchronous --------------------------------------------------------------------- */

void send_hello_sync() {
    Turn turn(*g_run.requests); /* waits while too many messages are under way */
    if (!g_run.going_on())
        return;
    const std::string text = hello_text(HelloKind::sync, ++g_run.sync.sent, g_run.options.name);
    rte_mp_msg request = make_message(kMsgHelloSync);
    fill_text(request, text);

    /* No turn: the server does not read, or the program ends. Nothing is sent; failed() says so. */
    struct rte_mp_reply reply = {}; /* rte_mp_reply names a function as well */
    const int result = turn ? rte_mp_request_sync(&request, &reply, turn.timeout()) : -1;
    const ReplyMessages messages(reply); /* owns reply.msgs, which are to be freed */
    const std::string_view came = messages.count() > 0 ? text_of(messages[0]) : "";

    Ended ended;
    if (result != 0) /* did it fail? */
        ended = turn.failed(rte_errno);
    else if (messages.count() == 0) /* did anything come? */
        ended = turn.ignored();
    else if (!quotes(came, text)) /* is it mine, or an earlier one's? */
        ended = turn.late(std::string(came));
    else
        ended = turn.answered();
    if (g_run.close("SYNC", "'" + text + "'", ended))
        say_each({"[SYNC] Reply: {}", "[SYNC] 回复: {}"}, came);
}

/* ---- hello, asynchronous -------------------------------------------------------------------- */

/* Main, the callback's thread and the watching thread use both, under the lock of the first. */
Pending g_pending;
std::string g_pending_text;

/* Counts and prints how the pending request ended. The caller holds the lock. */
void close_pending(const Ended &ended) {
    g_pending.place = {}; /* ends the place: its message stays counted as unanswered */
    g_run.async.close(ended.outcome);
    say_unanswered("ASYNC", "'" + g_pending_text + "'", ended);
}

/* IPC thread, or interrupt thread after a timeout. The library owns `reply` and frees it. */
int on_hello_reply(const rte_mp_msg *request, const struct rte_mp_reply *reply) {
    const std::string_view text = text_of(*request);
    const std::lock_guard lock(g_pending.lock);
    const bool in_time =
        g_pending.request.called_back(g_run.async.sent) == PendingRequest::Callback::in_time;
    say_each({"[ASYNC] Callback called", "[ASYNC] 回调被调用"});
    if (reply->nb_sent != reply->nb_received)
        say({"[ASYNC] Request '{}': sent {}, received {}",
             "[ASYNC] 请求 '{}': 已发送 {}, 已收到 {}"},
            text, reply->nb_sent, reply->nb_received);

    std::optional<Outcome> outcome;
    for (int i = 0; i < reply->nb_received; i++) {
        const rte_mp_msg &message = reply->msgs[i];
        if (in_time && quotes(text_of(message), text)) {
            outcome = Outcome::answered;
            g_pending.place.answered();
            g_run.requests->note_answer();
            say_each({"[ASYNC] Reply: {}", "[ASYNC] 回复: {}"}, text_of(message));
        } else {
            outcome = outcome.value_or(Outcome::late);
            say({"[ASYNC] Late reply: {}", "[ASYNC] 迟到的回复: {}"}, text_of(message));
        }
    }
    if (in_time)
        g_run.async.close(
            outcome.value_or(reply->nb_sent == 0 ? Outcome::refused : Outcome::timed_out));
    g_pending.place = {}; /* as in close_pending(), unless answered() has ended it */
    g_run.session->watch().wake();
    return 0;
}

void send_hello_async() {
    Turn turn(*g_run.requests);
    if (!g_run.going_on())
        return;
    /* Held during the call, so that the callback finds the state complete. */
    const std::lock_guard lock(g_pending.lock);
    g_pending_text = hello_text(HelloKind::async, g_run.async.sent + 1, g_run.options.name);
    rte_mp_msg request = make_message(kMsgHelloAsync);
    fill_text(request, g_pending_text);

    const Clock::time_point now = Clock::now();
    const Clock::duration patience = turn.patience();
    const Clock::duration library_patience = library_timeout(patience);
    const timespec timeout = to_timespec(library_patience);
    const int result = turn ? rte_mp_request_async(&request, &timeout, on_hello_reply) : -1;
    g_run.async.sent++;
    if (result != 0) {
        close_pending(turn.failed(rte_errno));
        return;
    }
    g_pending.request.sent(g_run.async.sent, now, patience, library_patience);
    g_pending.place = turn.sent();
    say_each({"[ASYNC] Request sent", "[ASYNC] 请求已发送"});
}

/* Gives up the pending request at its deadline, whether or not a callback ever comes. false: the
 * library has lost the request, and takes no other of its name. */
bool check_pending() {
    const std::lock_guard lock(g_pending.lock);
    if (g_pending.request.times_out(Clock::now()))
        close_pending({Outcome::timed_out, ""});
    return !g_pending.request.lost(Clock::now());
}

/* Closes the requests that are still open as refused. Any thread. */
void abandon_open(const std::string &why) {
    g_run.sync.abandon_open(); /* main may still be in its call */
    /* Not locked: main is in the call that sends, and has not counted that request yet. */
    const std::unique_lock lock(g_pending.lock, std::try_to_lock);
    if (lock && g_pending.request.give_up())
        close_pending({Outcome::refused, why});
}

/* ---- the loop ------------------------------------------------------------------------------- */

/* false: the library has lost a request, which has been reported. */
bool run_hello() {
    const Clock::time_point start = Clock::now();
    Schedule sync(start, seconds(g_run.options.sync_interval_s));
    Schedule async(start, seconds(g_run.options.async_interval_s));
    while (g_run.going_on()) {
        const bool sync_left = !g_run.counted_out(g_run.sync.sent);
        const bool async_left = !g_run.counted_out(g_run.async.sent);
        if (sync_left && sync.take(Clock::now()))
            send_hello_sync();
        if (async_left && async.take(Clock::now())) {
            /* Pending: the interval is shorter than the round trip. The library would refuse a
             * second request; or take it just before the callback of the first, which would then
             * find the state of the second. */
            if (g_pending.in_library())
                say({"[ASYNC] Not sent: the request before it is still pending",
                     "[ASYNC] 未发送: 上一个请求还没有结束"});
            else
                send_hello_async();
        }
        if (!check_pending()) {
            error(
                {"the DPDK library has lost an asynchronous request: no other of its name can be "
                 "sent from this process; exiting with status 1; restart this program",
                 "DPDK 库丢失了一个异步请求，不能再发送同名请求；以退出码 1 退出；请重新启动"});
            return false;
        }
        if (g_run.done())
            return true;
        g_run.session->watch().sleep_until(
            std::min({sync_left ? sync.due() : Clock::time_point::max(),
                      async_left ? async.due() : Clock::time_point::max(), g_pending.due()}));
    }
    return true;
}

/* Waits up to 1 s for a server that is just starting. false: reported, or the program ends. */
bool look_up_shared_info(Watch &watch, const std::string &file_prefix) {
    const rte_memzone *zone = nullptr;
    watch.look_until(std::chrono::seconds(1), [&] {
        zone = rte_memzone_lookup(kSharedInfoName);
        return zone != nullptr;
    });
    if (watch.ending())
        return false; /* session.end() reports the reason */
    if (zone == nullptr) {
        error({"the primary of file prefix '{}' has no memzone {}: it is no mp_server; choose the "
               "--file-prefix of one",
               "file-prefix '{}' 的 primary 没有 memzone {}：不是 mp_server；请换 --file-prefix"},
              file_prefix, kSharedInfoName);
        return false;
    }
    if (zone->len < sizeof(SharedInfo)) {
        error({"the memzone {} has {} bytes, and {} are needed: that server is of another version; "
               "use the mp_client that was built with it",
               "memzone {} 有 {} 字节，至少需要 {}：版本不同；请用与 Server 一起编译的 mp_client"},
              kSharedInfoName, zone->len, sizeof(SharedInfo));
        return false;
    }
    g_run.shared = static_cast<const SharedInfo *>(zone->addr);
    /* Still 0 after that: the server has no boot id, and the client goes on without. */
    watch.look_until(std::chrono::milliseconds(100),
                     [] { return (g_run.boot_id = g_run.shared->boot_id) != 0; });
    return true;
}

bool register_handlers() {
    for (const Exercise *exercise : kExercises) {
        const Action &action = exercise->at_client;
        if (action.name != nullptr && rte_mp_action_register(action.name, action.handler) != 0) {
            error({"cannot register the action {}: {}", "无法注册 action {}：{}"}, action.name,
                  rte_strerror(rte_errno));
            return false;
        }
    }
    return true;
}

/* What doctor asks an mp_server. */
const Visit kVisit = {
    {"Memzone shared_info", {"the lock of the memzones", "memzone 的锁"}, visit_zone},
    {"Ping", {"the server's reply to a ping", "Server 对 ping 的回复"}, visit_ping}};

}  // namespace

int main(int argc, char **argv) {
    const CommandLine<ClientOptions> line = read_client_command_line(argc, argv);
    if (line.exit)
        return *line.exit;
    const ClientOptions &options = g_run.options = line.options;
    if (options.doctor)
        end_process(run_doctor(line.args, options.timeout_s, kVisit));

    /* 1. EAL init, as a secondary of a live primary. */
    SecondarySession session(argv, line.args, session_setup(options), session_run(abandon_open));
    Requests requests(session.watch(), seconds(options.timeout_s), !options.unbounded);
    g_run.session = &session;
    g_run.requests = &requests;

    /* 2. Look up the shared memory. */
    if (!look_up_shared_info(session.watch(), line.args.file_prefix) || !register_handlers())
        session.end(session.watch().ending() ? kExitOk : kExitFailure);
    say_attached(session.has_new_primary(), line.args.file_prefix);

    /* 3. The loop: a synchronous greeting every 3 s, an asynchronous one every 5 s. */
    if (options.command != nullptr)
        options.command->run();
    else if (!run_hello())
        session.end(kExitFailure);
    session.end();
}
