/* SPDX-License-Identifier: BSD-3-Clause
 *
 * client_status and server_event: a request and an event from the server to all its clients.
 * In a primary rte_mp_request_sync(), rte_mp_request_async() and rte_mp_sendmsg() go to every
 * secondary; nb_sent against nb_received says how many answered (the tutorial's 2.2).
 */
#pragma once

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <rte_errno.h>

#include "exercises/exercise.h"
#include "exercises/run.h"
#include "support/base/text.h"
#include "support/console/console.h"
#include "support/eal/ipc_socket.h"
#include "support/eal/watch.h"
#include "support/ipc/pending_request.h"
#include "support/ipc/send_window.h"

namespace mp_ipc {

inline constexpr const char *kMsgClientStatus = "client_status"; /* server to every client */
inline constexpr const char *kMsgServerEvent = "server_event";   /* the same, one way */

struct StatusRequest {
    Header header;
};
struct StatusReply {
    Header header;
    std::uint64_t sent = 0;     /* requests sent, of all kinds */
    std::uint64_t answered = 0; /* by their own reply, in time */
    std::uint64_t late = 0;     /* got the late reply of an earlier request instead */
    std::int32_t pid = 0;
    char name[kMaxName + 1] = {};
};

enum class ServerEventKind : std::uint32_t { shutdown = 1 };
struct ServerEvent {
    Header header;
    ServerEventKind kind = ServerEventKind::shutdown;
    std::uint32_t reserved = 0;
};

/* ---- the client: on the EAL's IPC thread ---------------------------------------------------- */

inline int on_client_status(const rte_mp_msg *msg, const void *peer) {
    StatusRequest request;
    StatusReply answer;
    const Status status = read_struct(*msg, &request);
    answer.header = {kVersion, status, request.header.sequence, request.header.boot_id};
    answer.sent = g_run.sync.sent + g_run.async.sent;
    answer.answered = g_run.sync.count(Outcome::answered) + g_run.async.count(Outcome::answered);
    answer.late = g_run.sync.count(Outcome::late) + g_run.async.count(Outcome::late);
    answer.pid = getpid();
    put_text(answer.name, g_run.options.name);
    rte_mp_msg reply = make_message(msg->name);
    fill(reply, answer);
    return rte_mp_reply(&reply, static_cast<const char *>(peer));
}

inline int on_server_event(const rte_mp_msg *msg, const void * /*peer*/) {
    ServerEvent event;
    if (read_struct(*msg, &event) == Status::ok && event.kind == ServerEventKind::shutdown)
        say({"[EVENT] The server is shutting down", "[EVENT] Server 正在退出"});
    return 0;
}

/* ---- the server: on its main thread --------------------------------------------------------- */

namespace status {

/* How long a synchronous round waits for each answer. An asynchronous one waits longer, so that no
 * answer meets the library's timeout: see pending_request.h.
 */
inline constexpr auto kTimeout = std::chrono::seconds(1);
/* After this time the call that sends a round is taken as stuck. It waits for room in each client's
 * queue, and for a client that is just attaching.
 */
inline Clock::duration call_limit(std::size_t clients) {
    return std::chrono::seconds(10) + clients * kSendLimit;
}

inline Watch *g_watch = nullptr; /* set before the first round; main thread */

/* Sending to all secondaries blocks while the queue of any of them is full. So at most kReserve
 * messages are sent before all have been read: every queue has room for so many. Main thread.
 */
inline SendWindow g_window{SendWindow::kReserve};

/* Waits for the clients to read, whether or not the program ends. */
struct ClientsReading {
    IpcSocket socket = IpcSocket::find();
    static Clock::time_point now() { return Clock::now(); }
    static bool ending() { return false; }
    static void sleep_until(Clock::time_point time) { std::this_thread::sleep_until(time); }
    bool idle() const { return socket.unread_by_peers() == 0; }
    static bool has_room() { return true; } /* the window alone is the limit */
};

/* The place for one more message; none where earlier ones are not known to have been read. */
inline SendWindow::Place take_place() {
    constexpr std::chrono::milliseconds kMoment{20}; /* to read what was just sent */
    ClientsReading world;
    return wait_for_place(g_window, world, kMoment);
}

inline Pending g_round;              /* an asynchronous one */
inline std::uint64_t g_sequence = 0; /* of the last round; main thread */

/* Prints who answered; returns whether all did. A late answer to an earlier round arrives as one to
 * this round: it is known by its sequence, and not counted.
 */
inline bool say_round(std::uint64_t sequence, const struct rte_mp_reply &reply) {
    std::vector<StatusReply> own;
    for (int i = 0; i < reply.nb_received; i++) {
        StatusReply answer;
        if (read_struct(reply.msgs[i], &answer) == Status::ok && answer.header.sequence == sequence)
            own.push_back(answer);
    }
    say({"[STATUS] Asked {} clients, {} answered", "[STATUS] 询问 Client: {} 个, 已回复: {} 个"},
        reply.nb_sent, own.size());
    for (const StatusReply &answer : own) {
        const std::string_view name = get_text(answer.name);
        g_handlers.clients.note(answer.pid, name,
                                ReportedCounts{answer.sent, answer.answered, answer.late});
        say({"[STATUS] {} (pid {}): sent {}, answered {}, late {}",
             "[STATUS] {} (pid {}): 已发送 {}, 已回复 {}, 迟到 {}"},
            name, answer.pid, answer.sent, answer.answered, answer.late);
    }
    return own.size() == static_cast<std::size_t>(reply.nb_sent);
}

/* IPC thread, or interrupt thread after a timeout. The library owns `reply` and frees it. */
inline int on_round_answered(const rte_mp_msg *msg, const struct rte_mp_reply *reply) {
    const HandlerGate::Pass pass(g_handlers.gate);
    if (!pass.open())
        return 0;
    StatusRequest asked;
    read_struct(*msg, &asked);
    const bool all_answered = say_round(asked.header.sequence, *reply);
    const std::lock_guard lock(g_round.lock);
    if (g_round.request.called_back(asked.header.sequence) == PendingRequest::Callback::other)
        return 0;
    if (all_answered)
        g_round.place.answered();
    g_round.place = {}; /* unless all answered, it stays counted as unanswered */
    return 0;
}

/* All clients at once. */
inline void ask_async(rte_mp_msg &request, SendWindow::Place place,
                      const std::vector<std::string> &before) {
    const Clock::duration patience = library_timeout(kTimeout);
    const timespec timeout = to_timespec(patience);
    const std::lock_guard lock(g_round.lock);
    const Clock::time_point now = Clock::now();
    int result = 0;
    {
        const Watch::Blocking blocking(*g_watch, Watch::Call::interruptible,
                                       call_limit(before.size()));
        result = rte_mp_request_async(&request, &timeout, on_round_answered);
    }
    if (result != 0 && rte_errno != ENOENT) /* ENOENT: a client has just exited */
        warn({"cannot ask all clients: {}", "无法询问所有 Client：{}"}, rte_strerror(rte_errno));
    /* A client that was there before and after was sent the request. Where the call failed, those
     * that were reached before the failure still answer, to the callback. */
    const auto after = live_clients();
    const bool certain = result == 0 && std::ranges::any_of(before, [&](const std::string &path) {
                             return std::ranges::find(after, path) != after.end();
                         });
    g_round.request.sent(g_sequence, now, patience, patience, certain);
    g_round.place = std::move(place);
}

/* One after another, and all or nothing: if one does not answer in time, the call fails and the
 * answers of the others are lost.
 */
inline void ask_sync(rte_mp_msg &request, SendWindow::Place place, std::size_t clients) {
    const timespec timeout = to_timespec(kTimeout);
    struct rte_mp_reply reply = {}; /* rte_mp_reply names a function as well */
    int result = 0;
    {
        const Watch::Blocking blocking(*g_watch, Watch::Call::interruptible,
                                       call_limit(clients) + clients * kTimeout);
        result = rte_mp_request_sync(&request, &reply, &timeout);
    }
    const ReplyMessages owner(reply);
    if (result != 0)
        say({"[STATUS] Asked {} clients one after another, one did not answer: no answers ({})",
             "[STATUS] 依次询问 Client: {} 个, 有一个未回复: 没有结果 ({})"},
            reply.nb_sent, rte_strerror(rte_errno));
    else if (say_round(g_sequence, reply))
        place.answered();
}

/* One round, if none is pending. */
inline void ask_all(bool one_after_another) {
    if (g_round.in_library())
        return;
    /* Without the async fixes (docs/faults.md) the library never ends a request to no client. */
    const auto clients = live_clients();
    if (!one_after_another && clients.empty())
        return;
    SendWindow::Place place = take_place();
    if (!place) {
        say({"[STATUS] Not asked: a client does not read its messages",
             "[STATUS] 未询问: 有 Client 没有读取消息"});
        return;
    }
    rte_mp_msg request = make_message(kMsgClientStatus);
    fill(request, StatusRequest{{kVersion, Status::ok, ++g_sequence, g_handlers.boot_id}});
    if (one_after_another)
        ask_sync(request, std::move(place), clients.size());
    else
        ask_async(request, std::move(place), clients);
}

/* Whether the library has lost the pending round, and will not call back; it has been reported. To
 * be called at g_round.due().
 */
inline bool round_is_lost() {
    const std::lock_guard lock(g_round.lock);
    g_round.request.times_out(Clock::now());
    if (!g_round.request.lost(Clock::now()))
        return false;
    error(
        {"the DPDK library has lost a broadcast: an answer came as it timed out, and no message "
         "can be received any more; exiting with status 1; restart this program",
         "DPDK 库丢失了一次广播：一个回复与超时同时发生，此后收不到任何消息；"
         "以退出码 1 退出；请重新启动本程序"});
    return true;
}

/* Sent before force_quit is set, which ends the clients. */
inline void tell_shutdown() {
    const SendWindow::Place place = take_place();
    if (!place)
        return;
    rte_mp_msg event = make_message(kMsgServerEvent);
    fill(event, ServerEvent{{kVersion, Status::ok, 1, g_handlers.boot_id}});
    const Watch::Blocking blocking(*g_watch, Watch::Call::until_done, std::chrono::seconds(1));
    if (rte_mp_sendmsg(&event) != 0)
        warn({"cannot tell all clients of the shutdown: {}", "无法通知所有 Client 即将退出：{}"},
             rte_strerror(rte_errno));
}

}  // namespace status

inline const Exercise kStatus = {.at_client = action<on_client_status>(kMsgClientStatus)};
inline const Exercise kShutdown = {
    .at_client = action<on_server_event, MessageKind::event>(kMsgServerEvent)};

}  // namespace mp_ipc
