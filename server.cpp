/* SPDX-License-Identifier: BSD-3-Clause
 *
 * mp_server: the primary process. It reserves the memzone `shared_info`, registers a handler for
 * each message of common.h, answers what clients send, prints totals, and on Ctrl-C tells its
 * clients to end. main() at the bottom is the table of contents.
 *
 * Threads: main sleeps, prints totals and broadcasts. The EAL's IPC thread runs the handlers, one
 * message at a time for all clients together, and the callback of the broadcast (which the EAL's
 * interrupt thread runs instead when the request timed out). In a handler or a callback neither
 * rte_mp_request_sync() nor a reservation of memory may be called.
 */
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_memzone.h>

#include "common.h"
#include "exercises/fault.h"
#include "exercises/notify.h"
#include "exercises/options.h"
#include "exercises/ping.h"
#include "exercises/report.h"
#include "exercises/status.h"
#include "support/base/exit_status.h"
#include "support/base/message.h"
#include "support/base/received_fds.h"
#include "support/base/sealed_memory.h"
#include "support/console/console.h"
#include "support/eal/eal_session.h"
#include "support/eal/heap.h"
#include "support/eal/ipc_filter.h"
#include "support/eal/ipc_socket.h"
#include "support/eal/runtime_dir.h"
#include "support/eal/watch.h"
#include "support/ipc/broadcast_limit.h"
#include "support/ipc/client_table.h"
#include "support/ipc/pending_request.h"
#include "support/ipc/reply_limit.h"
#include "support/ipc/reply_messages.h"
#include "support/ipc/send_window.h"
#include "support/stats/server_facts.h"
#include "support/stats/telemetry.h"

namespace {

using namespace mp_ipc;

/* Handlers get no argument of their own, so what they need is global. Written by main before the
 * first handler is registered, except where a comment says otherwise.
 */
ServerOptions g_options;
SharedInfo *g_shared = nullptr; /* in the memzone; written by handlers, and force_quit by main */
Watch *g_watch = nullptr;
HandlerGate g_gate;
ReplyLimit g_reply_limit; /* IPC thread */
ClientTable g_clients;
ActionTotals g_hello_sync{kMsgHelloSync};
ActionTotals g_hello_async{kMsgHelloAsync};
ActionTotals g_ping{kMsgPing};
ActionTotals g_report{kMsgReport};
ActionTotals g_notify{kMsgNotify};
ServerFacts g_facts; /* what report and telemetry show */

std::string errno_text() {
    return rte_strerror(rte_errno);
}

/* ---- handlers: on the EAL's IPC thread ------------------------------------------------------ */

/* What every handler does first and last. Only one handler runs at a time. */
class Handling {
  public:
    Handling(ActionTotals &totals, const rte_mp_msg &msg, const void *peer)
        : open_(g_gate.enter()),
          totals_(totals),
          peer_(static_cast<const char *>(peer)), /* the library passes the sender's address */
          peer_path_(peer_path(peer)) {
        close_received_fds(msg); /* no message to the server brings any */
        if (open_ && !is_secondary(peer_path_, rte_eal_get_runtime_dir())) {
            g_gate.leave();
            open_ = false;
            diagnose(Severity::warning, "a message from " + printable(peer_path_) +
                                            ", which is no socket of a secondary, was ignored");
        }
        if (!open_)
            return;
        begin_ = Clock::now();
        totals_.received++;
        g_clients.note_message(peer_path_);
    }
    ~Handling() {
        if (!open_)
            return;
        totals_.handling.add(static_cast<std::uint64_t>((Clock::now() - begin_).count()));
        g_gate.leave();
    }
    Handling(const Handling &) = delete;
    Handling &operator=(const Handling &) = delete;

    bool open() const { return open_; }

    /* rte_mp_reply(), or what --fault makes of it. The library finds the waiting request by the
     * reply's name and sender, so the name must be the request's own; the client drops any other.
     */
    int reply(rte_mp_msg &reply, Status status = Status::ok) {
        const Fault::Kind fault = g_gate.apply_fault();
        if (fault == Fault::Kind::silent)
            return 0;
        if (fault == Fault::Kind::wrong_name)
            std::snprintf(reply.name, sizeof(reply.name), "other_name");
        if (!g_reply_limit.send(peer_path_, [&] { return rte_mp_reply(&reply, peer_); })) {
            diagnose(Severity::warning,
                     "a reply to " + std::string(totals_.name) + " was lost: " +
                         (rte_errno == ENOENT ? "its client has ended" : errno_text()));
            return 0; /* said; a negative value would only make the library log it again */
        }
        totals_.replied++;
        if (status != Status::ok)
            totals_.refused++;
        return 0;
    }

  private:
    bool open_;
    Clock::time_point begin_;
    ActionTotals &totals_;
    const char *peer_;
    std::string_view peer_path_;
};

/* Reads a struct request into *request; ok, or the status to reply with. */
template <Payload Request>
Status read_request(const rte_mp_msg &msg, Request *request) {
    const Status status = read(msg, request);
    if (status != Status::ok)
        return status;
    const std::uint64_t boot_id = request->header.boot_id;
    return boot_id != 0 && boot_id != g_facts.boot_id ? Status::other_boot : Status::ok;
}

/* The header of the reply to this request. */
Header reply_header(const Header &request, Status status) {
    return {kVersion, status, request.sequence, g_facts.boot_id};
}

/* One piece of code for both greetings: they differ in name, tag and counter only. For the server
 * a synchronous and an asynchronous request are the same message.
 */
int answer_hello(HelloKind kind, const rte_mp_msg &msg, const void *peer) {
    const bool sync = kind == HelloKind::sync;
    Handling handling(sync ? g_hello_sync : g_hello_async, msg, peer);
    if (!handling.open())
        return 0;
    const std::string_view text = text_of(msg);
    if (!g_options.quiet && sync)
        say({"[SYNC] Received: {}", "[SYNC] 收到: {}"}, printable(text));
    else if (!g_options.quiet)
        say({"[ASYNC] Received: {}", "[ASYNC] 收到: {}"}, printable(text));
    (sync ? g_shared->request_count : g_shared->async_request_count)++;

    rte_mp_msg reply = make_message(msg.name);
    fill_text(reply, hello_reply_text(kind, text));
    return handling.reply(reply);
}

int on_hello_sync(const rte_mp_msg *msg, const void *peer) {
    return answer_hello(HelloKind::sync, *msg, peer);
}

int on_hello_async(const rte_mp_msg *msg, const void *peer) {
    return answer_hello(HelloKind::async, *msg, peer);
}

int on_ping(const rte_mp_msg *msg, const void *peer) {
    Handling handling(g_ping, *msg, peer);
    if (!handling.open())
        return 0;
    PingRequest request;
    const Status status = read_request(*msg, &request);
    if (!g_options.quiet)
        say({"[PING] Received: seq={}", "[PING] 收到: seq={}"}, request.header.sequence);

    rte_mp_msg reply = make_message(msg->name);
    fill(reply, PingReply{reply_header(request.header, status), request.sent_ns});
    return handling.reply(reply, status);
}

int on_notify(const rte_mp_msg *msg, const void *peer) {
    const Handling handling(g_notify, *msg, peer);
    if (!handling.open())
        return 0;
    NotifyEvent event;
    if (const Status status = read(*msg, &event); status != Status::ok) {
        g_notify.refused++;
        diagnose(Severity::warning,
                 std::string("a ") + kMsgNotify + " was ignored: " + status_text(status));
        return 0; /* nobody waits for a reply */
    }
    g_clients.note_name(event.pid, printable(get_text(event.name)));
    say({"[EVENT] From {} (pid {}): {}", "[EVENT] 来自 {} (pid {}): {}"},
        printable(get_text(event.name)), event.pid, printable(get_text(event.text)));
    return 0;
}

/* An answer that does not fit 256 bytes travels as a file descriptor. */
int on_report(const rte_mp_msg *msg, const void *peer) {
    Handling handling(g_report, *msg, peer);
    if (!handling.open())
        return 0;
    ReportRequest request;
    Status status = read_request(*msg, &request);
    if (!g_options.quiet)
        say({"[REPORT] Received: seq={}", "[REPORT] 收到: seq={}"}, request.header.sequence);

    rte_mp_msg reply = make_message(msg->name);
    UniqueFd fd; /* open until the reply is sent: the kernel gives the client a copy */
    std::uint64_t size = 0;
    if (status == Status::ok) {
        const std::string text = report_text(g_facts);
        fd = seal_text("mp_server report", text);
        size = text.size();
        if (fd) {
            reply.fds[0] = fd.get();
            reply.num_fds = 1;
        } else {
            error(std::string("cannot make the memfd of a report: ") + std::strerror(errno));
            status = Status::failed;
        }
    }
    fill(reply, ReportReply{reply_header(request.header, status), fd ? size : 0});
    return handling.reply(reply, status);
}

/* ---- broadcast: --broadcast ----------------------------------------------------------------- */

/* How long a synchronous round waits for each answer; an asynchronous one waits longer, so that no
 * answer meets the library's timeout: see pending_request.h.
 */
constexpr auto kBroadcastTimeout = std::chrono::seconds(1);
/* When a round's call, which waits for each client's queue and for one that is just attaching, has
 * not returned for good.
 */
Clock::duration broadcast_call_limit(std::size_t clients) {
    return std::chrono::seconds(10) + clients * kSendLimit;
}

SendWindow g_broadcasts{SendWindow::kReserve};

/* One round: a client_status request to all secondaries. */
struct Round {
    std::mutex lock;
    PendingRequest pending; /* under lock, as is turn; asynchronous rounds only */
    SendWindow::Turn turn;
    std::uint64_t sequence = 0; /* main */
} g_round;

/* A late answer to an earlier round arrives as one to this round: by its sequence it is told, and
 * counts as no answer. Returns whether all have answered.
 */
bool say_round(const rte_mp_msg &request, const struct rte_mp_reply &reply) {
    StatusRequest asked;
    read(request, &asked);
    std::vector<StatusReply> own;
    for (int i = 0; i < reply.nb_received; i++) {
        StatusReply status;
        if (read(reply.msgs[i], &status) == Status::ok &&
            status.header.sequence == asked.header.sequence)
            own.push_back(status);
    }
    say({"[STATUS] Asked {} clients, {} answered", "[STATUS] 询问 Client: {} 个, 已回复: {} 个"},
        reply.nb_sent, own.size());
    for (const StatusReply &status : own) {
        const std::string name = printable(get_text(status.name));
        g_clients.note_name(status.pid, name);
        g_clients.note_books(status.pid, status.sent, status.answered, status.late);
        say({"[STATUS] {} (pid {}): sent {}, answered {}, late {}",
             "[STATUS] {} (pid {}): 已发送 {}, 已回复 {}, 迟到 {}"},
            name, status.pid, status.sent, status.answered, status.late);
    }
    return own.size() == static_cast<std::size_t>(reply.nb_sent);
}

/* IPC thread, or interrupt thread after a timeout. The library frees `reply` itself. */
int on_round_answered(const rte_mp_msg *request, const struct rte_mp_reply *reply) {
    if (!g_gate.enter())
        return 0;
    for (int i = 0; i < reply->nb_received; i++)
        close_received_fds(reply->msgs[i]);
    const bool all_answered = say_round(*request, *reply);
    StatusRequest asked;
    read(*request, &asked);
    {
        const std::lock_guard lock(g_round.lock);
        if (g_round.pending.called_back(asked.header.sequence) != PendingRequest::Callback::other) {
            if (all_answered)
                g_round.turn.answered();
            g_round.turn = {};
        }
    }
    g_gate.leave();
    return 0;
}

/* Whether the library never calls back for the last round: it is wedged. */
bool round_is_lost(Clock::time_point now) {
    const std::lock_guard lock(g_round.lock);
    g_round.pending.times_out(now);
    return g_round.pending.lost(now);
}

Clock::time_point round_due() {
    const std::lock_guard lock(g_round.lock);
    return g_round.pending.due();
}

/* For wait_for_turn(): waits for peers to read, whether or not the program ends. */
struct PeersReading {
    const IpcSocket &socket;
    static Clock::time_point now() { return Clock::now(); }
    static bool ending() { return false; }
    static void sleep_until(Clock::time_point time) { std::this_thread::sleep_until(time); }
    bool idle() const { return socket.unread_by_peers() == 0; }
};

/* For one more broadcast, which blocks on a client whose queue is full: none where two are not
 * known to be read.
 */
SendWindow::Turn turn_to_broadcast(const IpcSocket &socket) {
    PeersReading world{socket};
    return wait_for_turn(g_broadcasts, world, std::chrono::milliseconds(20));
}

/* Sockets of clients that live; those of exited ones are removed. */
std::vector<std::string> live_clients() {
    auto paths = remove_stale_sockets(rte_eal_get_runtime_dir());
    g_clients.keep_only(paths);
    return paths;
}

/* All clients at once. */
void ask_all_async(rte_mp_msg &request, SendWindow::Turn turn,
                   const std::vector<std::string> &before) {
    const Clock::duration patience =
        PendingRequest::library_timeout(kBroadcastTimeout, random_fraction());
    const timespec timeout = to_timespec(patience);
    const std::lock_guard lock(g_round.lock);
    int result = 0;
    const Clock::time_point now = Clock::now();
    {
        const Watch::Blocking blocking(*g_watch, Watch::Blocking::Interruptible::yes,
                                       broadcast_call_limit(before.size()));
        result = rte_mp_request_async(&request, &timeout, on_round_answered);
    }
    if (result != 0 && rte_errno != ENOENT) /* a client has left just now */
        diagnose(Severity::warning, "cannot ask all clients: " + errno_text());
    /* Who was there before and after was sent to. Where the call failed, whoever was reached before
     * the failure still answers, to the callback. */
    const auto after = live_clients();
    const bool certain = result == 0 && std::ranges::any_of(before, [&](const std::string &path) {
                             return std::ranges::find(after, path) != after.end();
                         });
    g_round.pending.sent(g_round.sequence, now, patience, patience, certain);
    g_round.turn = std::move(turn);
}

/* One after another, and all or nothing: if one does not answer in time, the call fails and the
 * answers of the others are thrown away.
 */
void ask_all_sync(rte_mp_msg &request, SendWindow::Turn turn, std::size_t clients) {
    const timespec timeout = to_timespec(kBroadcastTimeout);
    struct rte_mp_reply reply = {}; /* rte_mp_reply names a function as well */
    int result = 0;
    {
        const Watch::Blocking blocking(*g_watch, Watch::Blocking::Interruptible::yes,
                                       broadcast_call_limit(clients));
        result = rte_mp_request_sync(&request, &reply, &timeout);
    }
    const ReplyMessages owner(reply);
    if (result != 0)
        say({"[STATUS] Asked {} clients one after another, one did not answer: no answers ({})",
             "[STATUS] 依次询问 Client: {} 个, 有一个未回复: 没有结果 ({})"},
            reply.nb_sent, errno_text());
    else if (say_round(request, reply))
        turn.answered();
}

void broadcast_round(const IpcSocket &socket) {
    const bool sync = g_options.broadcast == ServerOptions::Broadcast::sync;
    {
        const std::lock_guard lock(g_round.lock);
        if (g_round.pending.in_library())
            return; /* a second request of one name would fail with EEXIST */
    }
    /* Without the async fixes (docs/faults.md) the library queues a request to nobody for good. */
    const auto clients = live_clients();
    if (!sync && clients.empty())
        return;
    SendWindow::Turn turn = turn_to_broadcast(socket);
    if (!turn) {
        say({"[STATUS] Not asked: a client does not read its messages",
             "[STATUS] 未询问: 有 Client 没有读取消息"});
        return;
    }
    rte_mp_msg request = make_message(kMsgClientStatus);
    fill(request, StatusRequest{{kVersion, Status::ok, ++g_round.sequence, g_facts.boot_id}});
    if (sync)
        ask_all_sync(request, std::move(turn), clients.size());
    else
        ask_all_async(request, std::move(turn), clients);
}

/* MP_MSG to all: they hear of the shutdown before they can see force_quit, which ends them. */
void broadcast_shutdown(const IpcSocket &socket) {
    const SendWindow::Turn turn = turn_to_broadcast(socket);
    if (!turn)
        return;
    rte_mp_msg event = make_message(kMsgServerEvent);
    fill(event,
         ServerEvent{{kVersion, Status::ok, 1, g_facts.boot_id}, ServerEventKind::shutdown, 0});
    const Watch::Blocking blocking(*g_watch, Watch::Blocking::Interruptible::no,
                                   std::chrono::seconds(1));
    if (rte_mp_sendmsg(&event) != 0)
        diagnose(Severity::warning, "cannot tell all clients of the shutdown: " + errno_text());
}

/* What report and telemetry show. Before the first handler is registered. */
void gather_facts(const EalArgs &args) {
    using Broadcast = ServerOptions::Broadcast;
    const Broadcast broadcast = g_options.broadcast;
    g_facts.actions = {&g_hello_sync, &g_hello_async, &g_ping, &g_report, &g_notify};
    g_facts.clients = &g_clients;
    g_facts.file_prefix = args.file_prefix;
    g_facts.started = Clock::now();
    g_facts.boot_id = new_boot_id();
    const Fault &fault = g_options.fault;
    const bool misbehaves = fault.kind != Fault::Kind::none || fault.unbounded || fault.unfiltered;
    g_facts.options = {{"broadcast", broadcast == Broadcast::off    ? "off"
                                     : broadcast == Broadcast::sync ? "sync"
                                                                    : "async"},
                       {"fault", misbehaves ? "on" : "none"}};
}

/* ---- main: the table of contents ------------------------------------------------------------ */

bool reserve_shared_info() {
    const rte_memzone *zone = rte_memzone_reserve_aligned(kSharedInfoName, sizeof(SharedInfo),
                                                          SOCKET_ID_ANY, 0, alignof(SharedInfo));
    if (zone == nullptr) {
        error("cannot reserve the memzone " + std::string(kSharedInfoName) + ": " + errno_text());
        return false;
    }
    g_shared = new (zone->addr) SharedInfo{}; /* lives in shared memory: never deleted */
    return true;
}

constexpr struct {
    const char *name;
    rte_mp_t handler;
} kActions[] = {{kMsgHelloSync, on_hello_sync},
                {kMsgHelloAsync, on_hello_async},
                {kMsgPing, on_ping},
                {kMsgNotify, on_notify},
                {kMsgReport, on_report}};

bool register_actions() {
    for (const auto &action : kActions) {
        if (rte_mp_action_register(action.name, action.handler) == 0)
            continue;
        error("cannot register the action " + std::string(action.name) + ": " + errno_text());
        return false;
    }
    return true;
}

void unregister_actions() {
    for (const auto &action : kActions)
        rte_mp_action_unregister(action.name);
}

void disable_secondaries() {
    if (rte_mp_disable())
        say({"[Server] rte_mp_disable(): no client can attach from now on",
             "[Server] rte_mp_disable(): 从现在起不接受 Client"});
    else
        say({"[Server] rte_mp_disable() refused: a client has attached already",
             "[Server] rte_mp_disable() 被拒绝: 已有 Client 连接"});
}

void say_totals() {
    say({"[Server] Processed sync requests: {}, async requests: {}",
         "[Server] 已处理同步请求: {} 个, 异步请求: {} 个"},
        g_shared->request_count.load(), g_shared->async_request_count.load());
}

/* Says why the program ends where that is a failure; returns the exit status. */
int conclude(Watch::Reason reason) {
    if (reason == Watch::Reason::ipc_thread_gone) {
        error(kIpcThreadGone);
        return kExitFailure;
    }
    return console_failed() ? kExitFailure : kExitOk;
}

/* Until there is a reason to end; returns the exit status. */
int run(const IpcSocket &socket) {
    Watch &watch = *g_watch;
    const Clock::time_point start = Clock::now();
    const Clock::duration interval = seconds(g_options.stats_interval_s);
    Schedule totals(start + interval, interval);
    auto disable_at = g_options.no_secondaries_s ? start + seconds(*g_options.no_secondaries_s)
                                                 : Clock::time_point::max();
    /* Exited clients leave their sockets behind, whether or not totals are printed. */
    constexpr Clock::duration kTidyInterval = std::chrono::seconds(5);
    const auto tidy_interval =
        interval.count() > 0 ? std::min(interval, kTidyInterval) : kTidyInterval;
    Schedule tidy(start + tidy_interval, tidy_interval);
    while (!watch.ending() && !console_failed()) {
        watch.sleep_until(std::min({totals.due(), tidy.due(), disable_at, round_due()}));
        const Clock::time_point now = Clock::now();
        if (now >= disable_at) {
            disable_secondaries();
            disable_at = Clock::time_point::max();
        }
        if (tidy.take(now))
            live_clients();
        if (round_is_lost(now)) {
            error(
                "the DPDK library has lost a broadcast: an answer met its timeout, and no message "
                "can be received any more; exiting with status 1; restart this program");
            return kExitFailure;
        }
        if (!watch.ending() && totals.take(now)) {
            say_totals();
            if (g_options.broadcast != ServerOptions::Broadcast::off)
                broadcast_round(socket);
        }
    }
    return conclude(watch.reason());
}

/* The exit status once run() has ended; what a step of the end that does not return is left with.
 */
std::atomic<int> g_status{kExitFailure};
std::atomic<bool> g_running{false};
/* force_quit is set where it is to be set, and the memzone may be unmapped at any time. */
std::atomic<bool> g_zone_done{false};

/* Tells the clients to end. A server that ends by failure leaves force_quit alone: they may wait
 * for the next one. Main thread, or the watching one in its place.
 */
void tell_to_quit(int status) {
    if (status == kExitOk && g_shared != nullptr && !g_zone_done)
        g_shared->force_quit = 1;
    g_zone_done = true;
}

/* The end when the main thread cannot come to it: from the watching thread. */
void leave(Watch::Reason reason) {
    limit_the_end(3, kExitFailure); /* even the last line blocks on a console that nobody reads */
    const bool stuck = reason == Watch::Reason::stuck;
    const int status = stuck ? g_status.load() : conclude(reason);
    tell_to_quit(status);
    if (stuck && !g_running)
        diagnose(Severity::warning, "did not wait for an end that does not come");
    else if (stuck)
        error(
            "a call of the DPDK library does not return: its lock is lost, and no message can be "
            "received any more; exiting with status 1; restart this program");
    _exit(status);
}

}  // namespace

int main(int argc, char **argv) {
    CommandLine<ServerOptions> line = read_server_command_line(argc, argv);
    if (line.done)
        return line.status;
    g_options = line.options;
    Watch watch(leave);
    g_watch = &watch;

    int status = kExitOk;
    const auto eal = start_primary(line.args, seconds(g_options.leftover_wait_s), watch, &status);
    if (!eal)
        return status;
    if (!reserve_shared_info())
        return kExitFailure;
    stop_heap_growth(); /* clients attach with what is there */
    gather_facts(line.args);
    g_gate.set_fault(g_options.fault);
    const IpcSocket socket = IpcSocket::find();
    if (!g_options.fault.unfiltered)
        let_in_well_formed_only(socket, DescriptorsIn::none); /* no handler here takes any */
    if (!g_options.fault.unbounded)
        socket.limit_sends(kSendLimit);
    remember_own_fds();
    const Telemetry telemetry(g_facts);
    if (!register_actions()) {
        unregister_actions();
        return kExitFailure;
    }
    g_shared->boot_id = g_facts.boot_id; /* from here on clients may ask */
    if (!watch.follow_ipc_thread()) {
        error(kNoIpcThread);
        unregister_actions();
        return kExitFailure;
    }
    say({"[Server] Ready: file prefix '{}', pid {}; Ctrl-C ends it",
         "[Server] 就绪: file-prefix '{}', pid {}; Ctrl-C 退出"},
        printable(line.args.file_prefix), getpid());

    g_running = true;
    status = run(socket);
    g_running = false;
    g_status = status;

    if (g_options.broadcast != ServerOptions::Broadcast::off && status == kExitOk)
        broadcast_shutdown(socket);
    tell_to_quit(status);
    unregister_actions();
    {
        const Watch::Blocking blocking(watch, Watch::Blocking::Interruptible::no,
                                       std::chrono::seconds(2));
        g_gate.close();
    }
    say_totals();
    say({"[Server] Ended", "[Server] 已退出"});
    return status; /* ~EalSession: rte_eal_cleanup(). The memzone stays: clients read force_quit */
}
