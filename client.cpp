/* SPDX-License-Identifier: BSD-3-Clause
 *
 * mp_client: a secondary process. It looks up the memzone of mp_server and sends it requests: by
 * default a synchronous greeting every 3 s and an asynchronous one every 5 s. The other commands
 * (ping, notify, report) are one function each; doctor is in support/doctor.cpp. main() at the
 * bottom is the table of contents.
 *
 * Threads: main sends everything. The EAL's IPC thread takes the replies, wakes a synchronous
 * request, runs the asynchronous callback (the EAL's interrupt thread does when the request timed
 * out) and answers the server's broadcasts. In a callback or a handler neither
 * rte_mp_request_sync() nor a reservation of memory may be called.
 */
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <sstream>
#include <string>
#include <utility>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_memzone.h>

#include "common.h"
#include "doctor/doctor.h"
#include "exercises/client_lines.h"
#include "exercises/notify.h"
#include "exercises/options.h"
#include "exercises/ping.h"
#include "exercises/report.h"
#include "exercises/run_status.h"
#include "exercises/status.h"
#include "support/base/books.h"
#include "support/base/exit_status.h"
#include "support/base/histogram.h"
#include "support/base/message.h"
#include "support/base/sealed_memory.h"
#include "support/console/console.h"
#include "support/eal/eal_session.h"
#include "support/eal/ipc_filter.h"
#include "support/eal/ipc_socket.h"
#include "support/eal/resume.h"
#include "support/eal/watch.h"
#include "support/ipc/pending_request.h"
#include "support/ipc/reply_messages.h"
#include "support/ipc/send_window.h"

namespace {

using namespace mp_ipc;

/* Callbacks get no argument of their own, so what they need is global. Written by main before the
 * first request, except where a comment says otherwise.
 */
ClientOptions g_options;
char **g_argv = nullptr;
SharedInfo *g_shared = nullptr; /* in the memzone; read only */
std::uint64_t g_boot_id = 0;
Watch *g_watch = nullptr;
IpcSocket g_socket;
SendWindow g_window{SendWindow::bound_for(max_dgram_qlen())};

/* The exit status where a call of the library does not return in time. */
std::atomic<int> g_status_if_stuck{kExitFailure};

Books g_sync;  /* hello_request, or all requests of another command */
Books g_async; /* hello_async_req */

std::atomic<bool> g_notified{false}; /* notify: the kernel has taken it */

std::string errno_text() {
    return rte_strerror(rte_errno);
}

/* ---- when to send --------------------------------------------------------------------------- */

/* For wait_for_turn(): until the server has read what was sent, and this process its replies. */
struct ServerReading {
    static Clock::time_point now() { return Clock::now(); }
    static bool ending() { return g_watch->ending(); }
    static void sleep_until(Clock::time_point time) { g_watch->sleep_until(time); }
    static bool idle() { return g_socket.idle(); }
};

/* The turn of one more request, which is not sent without: none where the program is to end, or
 * where none came within the request's timeout (or 100 ms, within which the kernel may not yet have
 * run a server that reads).
 */
SendWindow::Turn wait_for_turn() {
    constexpr Clock::duration kLeastPatience = std::chrono::milliseconds(100);
    ServerReading world;
    return wait_for_turn(g_window, world, std::max(seconds(g_options.timeout_s), kLeastPatience));
}

bool g_server_reads = true; /* main: as far as was said */

void say_server_does_not_read() {
    if (std::exchange(g_server_reads, false))
        diagnose(Severity::warning,
                 "the server does not read its messages (is it stopped, or busy?): no request is "
                 "sent until it does");
}

/* Of each send: a request that finds no room is reported within its timeout. */
std::chrono::milliseconds send_limit() {
    constexpr std::chrono::milliseconds kLeast{20};
    return std::clamp(
        std::chrono::duration_cast<std::chrono::milliseconds>(seconds(g_options.timeout_s)), kLeast,
        kSendLimit);
}

/* When a call that was given `timeout` has not returned for good: another thread has the library's
 * lock and keeps it.
 */
constexpr Clock::duration kCallGrace = kSendLimit + std::chrono::seconds(5);
Clock::time_point call_limit(const SendWindow::Turn &turn, Clock::duration timeout) {
    return g_options.unbounded ? Clock::time_point::max() : turn.since() + timeout + kCallGrace;
}

/* ---- a synchronous request ------------------------------------------------------------------ */

struct Answer {
    Outcome outcome = Outcome::refused;
    ReplyMessages messages; /* the reply that came, late or not */
    std::string why;        /* for refused */
};

/* Sends the request and blocks until its reply or the timeout. `is_own` says whether a reply
 * answers this very request: rte_mp matches by peer and name only, so after a timeout the late
 * reply arrives as the answer to the next request, with return value 0.
 */
template <typename IsOwn>
Answer ask(rte_mp_msg &request, SendWindow::Turn turn, const IsOwn &is_own) {
    if (!turn) {
        say_server_does_not_read();
        return {Outcome::timed_out, ReplyMessages(), ""};
    }
    const Clock::duration patience = seconds(g_options.timeout_s);
    const timespec timeout = to_timespec(patience);
    struct rte_mp_reply reply = {}; /* rte_mp_reply names a function as well */
    int result = 0;
    {
        const Watch::Blocking blocking(*g_watch, Watch::Blocking::Interruptible::yes,
                                       call_limit(turn, patience));
        result = rte_mp_request_sync(&request, &reply, &timeout);
    }
    const int request_errno = rte_errno;
    Answer answer{Outcome::answered, ReplyMessages(reply), ""}; /* owns reply.msgs: freed with it */
    if (result != 0 && request_errno == ETIMEDOUT) {
        answer.outcome = Outcome::timed_out;
    } else if (result != 0 && request_errno == EAGAIN) { /* no room within kSendLimit */
        answer.outcome = Outcome::timed_out;
        turn.not_sent();
        say_server_does_not_read();
    } else if (result != 0) {
        answer.outcome = Outcome::refused;
        answer.why = rte_strerror(request_errno);
        turn.not_sent();
    } else if (answer.messages.count() == 0) { /* MP_IGN: rc 0 and nothing received */
        answer.outcome = Outcome::refused;
        answer.why = "the server is not ready and asked to be ignored";
    } else if (!is_own(answer.messages[0])) {
        answer.outcome = Outcome::late;
    } else {
        turn.answered();
        g_server_reads = true;
    }
    return answer;
}

/* Enters the end of a synchronous request into the books, and says it where it is no good one.
 * `what` was asked, `came` describes the reply where it was a late one. Whether it was answered.
 */
bool settle(std::string_view tag, const std::string &what, const Answer &answer,
            const std::string &came) {
    g_sync.close(answer.outcome);
    if (answer.outcome == Outcome::answered)
        return true;
    say_unanswered(tag, what, answer.outcome, answer.outcome == Outcome::late ? came : answer.why,
                   g_options.timeout_s);
    return false;
}

/* ---- hello, synchronous --------------------------------------------------------------------- */

void send_hello_sync(SendWindow::Turn turn) {
    const std::string text = hello_text(HelloKind::sync, g_sync.sent + 1, g_options.name);
    rte_mp_msg request = make_message(kMsgHelloSync);
    fill_text(request, text);

    g_sync.sent++;
    const Answer answer = ask(request, std::move(turn), [&](const rte_mp_msg &reply) {
        return quotes(text_of(reply), text);
    });
    const std::string came =
        answer.messages.count() > 0 ? printable(text_of(answer.messages[0])) : "";
    if (settle("SYNC", "'" + text + "'", answer, came) && !g_options.quiet)
        say({"[SYNC] Reply: {}", "[SYNC] 回复: {}"}, came);
}

/* ---- hello, asynchronous -------------------------------------------------------------------- */

/* The one asynchronous request that may be pending: a second of its name would fail with EEXIST. */
struct Pending {
    std::mutex lock;
    PendingRequest request;
    std::string text;
    SendWindow::Turn turn;
} g_pending;

/* Enters the end of the pending request into the books, where its callback did not. Locked. */
void close_pending(Outcome outcome, std::string_view why) {
    g_pending.turn = {};
    g_async.close(outcome);
    say_unanswered("ASYNC", "'" + g_pending.text + "'", outcome, why, g_options.timeout_s);
}

/* IPC thread, or interrupt thread after a timeout. The library frees `reply` itself. */
int on_async_reply(const rte_mp_msg *request, const struct rte_mp_reply *reply) {
    const std::string_view text = text_of(*request);
    const std::lock_guard lock(g_pending.lock);
    const bool in_time =
        g_pending.request.called_back(g_async.sent) == PendingRequest::Callback::in_time;
    if (!g_options.quiet)
        say({"[ASYNC] Callback called", "[ASYNC] 回调被调用"});
    if (reply->nb_sent != reply->nb_received)
        say({"[ASYNC] Request '{}': sent {}, received {}",
             "[ASYNC] 请求 '{}': 已发送 {}, 已收到 {}"},
            printable(text), reply->nb_sent, reply->nb_received);

    std::optional<Outcome> outcome;
    for (int i = 0; i < reply->nb_received; i++) {
        const rte_mp_msg &message = reply->msgs[i];
        close_received_fds(message);
        if (in_time && quotes(text_of(message), text)) {
            outcome = Outcome::answered;
            g_pending.turn.answered();
            if (!g_options.quiet)
                say({"[ASYNC] Reply: {}", "[ASYNC] 回复: {}"}, printable(text_of(message)));
        } else {
            outcome = outcome.value_or(Outcome::late);
            say({"[ASYNC] Late reply: {}", "[ASYNC] 迟到的回复: {}"}, printable(text_of(message)));
        }
    }
    if (in_time)
        g_async.close(
            outcome.value_or(reply->nb_sent == 0 ? Outcome::refused : Outcome::timed_out));
    g_pending.turn = {};
    g_watch->wake();
    return 0;
}

void send_hello_async(SendWindow::Turn turn) {
    const std::string text = hello_text(HelloKind::async, g_async.sent + 1, g_options.name);
    rte_mp_msg request = make_message(kMsgHelloAsync);
    fill_text(request, text);
    const Clock::duration patience = seconds(g_options.timeout_s);
    const Clock::duration library_patience =
        PendingRequest::library_timeout(patience, random_fraction());
    const timespec timeout = to_timespec(library_patience);

    /* Locked over the call, so that its callback finds the state complete. */
    const std::lock_guard lock(g_pending.lock);
    g_pending.text = text;
    int result = -1;
    rte_errno = EAGAIN;
    if (turn) {
        const Watch::Blocking blocking(*g_watch, Watch::Blocking::Interruptible::yes,
                                       call_limit(turn, Clock::duration::zero()));
        result = rte_mp_request_async(&request, &timeout, on_async_reply);
    }
    g_async.sent++;
    if (result == 0) {
        g_pending.request.sent(g_async.sent, turn.since(), patience, library_patience);
        g_pending.turn = std::move(turn);
        if (!g_options.quiet)
            say({"[ASYNC] Request sent", "[ASYNC] 请求已发送"});
        return;
    }
    turn.not_sent();
    if (rte_errno == EAGAIN) {
        say_server_does_not_read();
        close_pending(Outcome::timed_out, "");
    } else {
        close_pending(Outcome::refused, errno_text());
    }
}

/* Whether the library still has the request before: it would refuse a second one; or, when it has
 * just taken the reply and is about to run the callback, take it, and the callback would find the
 * wrong one here.
 */
bool async_is_pending() {
    const std::lock_guard lock(g_pending.lock);
    return g_pending.request.in_library();
}

/* Gives the pending request up when its time is over, whether or not a callback ever comes. false:
 * the library has lost it, and with it the name.
 */
bool check_pending() {
    const std::lock_guard lock(g_pending.lock);
    const Clock::time_point now = Clock::now();
    if (g_pending.request.times_out(now))
        close_pending(Outcome::timed_out, "");
    return !g_pending.request.lost(now);
}

/* At the end of a run: what is still open will not be answered any more. */
void abandon_open(std::string_view why) {
    g_sync.abandon_open(); /* where main is left in its call */
    const std::unique_lock lock(g_pending.lock, std::try_to_lock); /* likewise, and then not sent */
    if (lock && g_pending.request.give_up())
        close_pending(Outcome::refused, why);
}

Clock::time_point pending_due() {
    const std::lock_guard lock(g_pending.lock);
    return g_pending.request.due();
}

/* Whether the run goes on. A server sets force_quit and ends, and its end wakes every sleep; one
 * that sets it and stays is noticed at the next thing that is due.
 */
bool going_on() {
    return !g_watch->ending() && !console_failed() && g_shared->force_quit == 0;
}

/* ---- commands ------------------------------------------------------------------------------- */

/* Whether a counted run is complete, given how many of its requests have been closed. */
bool counted_out(std::uint64_t requests) {
    return g_options.count && requests >= *g_options.count;
}

/* false: the library has lost a request, and with it its name. */
bool run_hello() {
    const Clock::time_point start = Clock::now();
    Schedule sync(start, seconds(g_options.sync_interval_s));
    Schedule async(start, seconds(g_options.async_interval_s));
    const bool sync_on = g_options.sync_interval_s > 0;
    const bool async_on = g_options.async_interval_s > 0;
    while (going_on()) {
        const bool sync_left = sync_on && !counted_out(g_sync.sent);
        const bool async_left = async_on && !counted_out(g_async.sent);
        if (sync_left && sync.take(Clock::now())) {
            SendWindow::Turn turn = wait_for_turn();
            if (!g_watch->ending())
                send_hello_sync(std::move(turn));
        }
        if (async_left && async.take(Clock::now())) {
            if (async_is_pending()) {
                /* Its interval is shorter than the round trip: the number stays for the next time.
                 */
                say({"[ASYNC] Not sent: the request before it is still pending",
                     "[ASYNC] 未发送: 上一个请求还没有结束"});
            } else {
                SendWindow::Turn turn = wait_for_turn();
                if (!g_watch->ending())
                    send_hello_async(std::move(turn));
            }
        }
        if (!check_pending()) {
            error(
                "the DPDK library has lost an asynchronous request: no other of its name can "
                "be sent from this process; start it anew");
            return false;
        }
        if (g_options.count && (!sync_on || counted_out(g_sync.closed())) &&
            (!async_on || counted_out(g_async.closed())))
            break;
        g_watch->sleep_until(
            std::min({sync_left ? sync.due() : Clock::time_point::max(),
                      async_left ? async.due() : Clock::time_point::max(), pending_due()}));
    }
    return true;
}

/* Sends a struct request, the next of g_sync, and waits for its struct reply, whose sequence says
 * whether it is this request's. A reply of another length or version is a refusal, as is one whose
 * status is not ok.
 */
template <Payload Request, Payload Reply>
Answer ask_struct(const char *name, Request request, SendWindow::Turn turn, Reply *reply) {
    g_sync.sent++;
    request.header = {kVersion, Status::ok, g_sync.sent, g_boot_id};
    rte_mp_msg message = make_message(name);
    fill(message, request);
    Status status = Status::ok;
    Answer answer = ask(message, std::move(turn), [&](const rte_mp_msg &received) {
        status = read(received, reply);
        return reply->header.sequence == g_sync.sent;
    });
    if (status == Status::ok)
        status = reply->header.status;
    if (answer.outcome == Outcome::answered && status != Status::ok) {
        answer.outcome = Outcome::refused;
        answer.why = status_text(status);
    }
    return answer;
}

template <Payload Reply>
std::string sequence_text(const Reply &reply) {
    return "seq=" + std::to_string(reply.header.sequence);
}

Histogram g_ping_times; /* ns; main */

void run_ping() {
    const Clock::time_point start = Clock::now();
    Schedule due(start, g_options.flood ? Clock::duration(1) : seconds(g_options.ping_interval_s));
    while (going_on() && !counted_out(g_sync.sent)) {
        if (!g_options.flood)
            g_watch->sleep_until(due.due());
        if (!due.take(Clock::now()))
            continue;
        SendWindow::Turn turn = wait_for_turn();
        if (g_watch->ending())
            break;
        const Clock::time_point sent = Clock::now();
        PingRequest request;
        request.sent_ns = static_cast<std::uint64_t>(sent.time_since_epoch().count());
        PingReply reply;
        const Answer answer = ask_struct(kMsgPing, request, std::move(turn), &reply);
        const auto time = static_cast<std::uint64_t>((Clock::now() - sent).count());
        const std::string seq = "seq=" + std::to_string(g_sync.sent);
        if (!settle("PING", seq, answer, sequence_text(reply)))
            continue;
        g_ping_times.add(time);
        if (!g_options.quiet && !g_options.flood)
            say({"[PING] Reply: {} time={} ms", "[PING] 回复: {} 时间={} ms"}, seq,
                milliseconds_text(time));
    }
}

/* MP_MSG: nobody answers, and 0 means no more than that the kernel has taken it. */
void run_notify() {
    NotifyEvent event;
    event.header = {kVersion, Status::ok, 1, g_boot_id};
    event.pid = getpid();
    put_text(event.name, g_options.name);
    put_text(event.text, g_options.text);
    rte_mp_msg msg = make_message(kMsgNotify);
    fill(msg, event);

    g_status_if_stuck = kExitUnanswered;
    const Clock::time_point give_up = Clock::now() + seconds(g_options.timeout_s);
    do { /* each time the kernel waits for room in the server's queue, kSendLimit at most */
        const Watch::Blocking blocking(*g_watch, Watch::Blocking::Interruptible::yes, kCallGrace);
        g_notified = rte_mp_sendmsg(&msg) == 0;
    } while (!g_notified && rte_errno == EAGAIN && Clock::now() < give_up && going_on());
    if (!g_notified && rte_errno == EAGAIN) {
        error("the event was not sent within " + fixed(g_options.timeout_s, 3) +
              " s: the server does not read its messages");
        return;
    }
    if (!g_notified) {
        error("cannot send the event: " + errno_text());
        return;
    }
    say({"[EVENT] Sent: {}", "[EVENT] 已发送: {}"}, printable(g_options.text));
}

/* A reply longer than 256 bytes comes as a file descriptor. */
void run_report() {
    const unsigned long count = g_options.count.value_or(1);
    while (going_on() && g_sync.sent < count) {
        SendWindow::Turn turn = wait_for_turn();
        if (g_watch->ending())
            break;
        ReportReply reply;
        Answer answer = ask_struct(kMsgReport, ReportRequest(), std::move(turn), &reply);
        std::optional<std::string> text;
        if (answer.outcome == Outcome::answered) {
            if (const UniqueFd fd = answer.messages.take_fd(0))
                text = read_sealed_text(fd.get(), reply.size, &answer.why);
            else
                answer.why = "no descriptor came with the reply";
            if (!text)
                answer.outcome = Outcome::refused;
        }
        if (!settle("REPORT", "seq=" + std::to_string(g_sync.sent), answer, sequence_text(reply)) ||
            g_options.quiet)
            continue;
        std::istringstream lines(*text);
        for (std::string line; std::getline(lines, line);)
            say({"[REPORT] {}", "[REPORT] {}"}, printable(line));
    }
}

/* ---- what the server sends: handlers, on the EAL's IPC thread ------------------------------- */

int on_client_status(const rte_mp_msg *msg, const void *peer) {
    close_received_fds(*msg);
    StatusRequest request;
    const Status status = read(*msg, &request);
    StatusReply answer;
    answer.header = {kVersion, status, request.header.sequence, request.header.boot_id};
    answer.sent = g_sync.sent + g_async.sent;
    answer.answered = g_sync.answered + g_async.answered;
    answer.late = g_sync.late + g_async.late;
    answer.pid = getpid();
    put_text(answer.name, g_options.name);
    rte_mp_msg reply = make_message(msg->name);
    fill(reply, answer);
    if (rte_mp_reply(&reply, static_cast<const char *>(peer)) != 0)
        error("cannot reply to " + std::string(kMsgClientStatus) + ": " + errno_text());
    return 0;
}

int on_server_event(const rte_mp_msg *msg, const void * /*peer*/) {
    close_received_fds(*msg);
    ServerEvent event;
    if (read(*msg, &event) == Status::ok && event.kind == ServerEventKind::shutdown)
        say({"[EVENT] The server is shutting down", "[EVENT] Server 正在退出"});
    return 0;
}

constexpr struct {
    const char *name;
    rte_mp_t handler;
} kActions[] = {{kMsgClientStatus, on_client_status}, {kMsgServerEvent, on_server_event}};

bool register_actions() {
    for (const auto &action : kActions) {
        if (rte_mp_action_register(action.name, action.handler) != 0) {
            error("cannot register the action " + std::string(action.name) + ": " + errno_text());
            return false;
        }
    }
    return true;
}

/* ---- main: the table of contents ------------------------------------------------------------ */

/* The memzone of a server that may be just about to reserve it. */
bool look_up_shared_info(const std::string &file_prefix) {
    constexpr auto kReserveLimit = std::chrono::seconds(1);
    constexpr auto kReadyLimit = std::chrono::milliseconds(100); /* a server without boot_id */
    const rte_memzone *zone = nullptr;
    const bool found = g_watch->look_until(kReserveLimit, [&] {
        zone = rte_memzone_lookup(kSharedInfoName);
        return zone != nullptr;
    });
    if (g_watch->ending())
        return false; /* the reason to end says it */
    if (!found) {
        error("the primary of file prefix '" + printable(file_prefix) + "' has no memzone " +
              kSharedInfoName + ": it is no mp_server; choose the --file-prefix of one");
        return false;
    }
    if (zone->len < sizeof(SharedInfo)) {
        error("the memzone " + std::string(kSharedInfoName) + " has " + std::to_string(zone->len) +
              " bytes, and " + std::to_string(sizeof(SharedInfo)) +
              " are needed: that server is of another version; use the mp_client that was built "
              "with it");
        return false;
    }
    g_shared = static_cast<SharedInfo *>(zone->addr);
    g_watch->look_until(kReadyLimit, [] {
        g_boot_id = g_shared->boot_id;
        return g_boot_id != 0;
    });
    return true;
}

bool server_has_shut_down() {
    return g_shared != nullptr && g_shared->force_quit != 0;
}

int status_of_run(Watch::Reason reason) {
    return run_status(g_options, g_sync, g_async, g_notified, reason == Watch::Reason::signal);
}

/* Returns only where it cannot, and has said so. */
void run_anew() {
    IpcSocket::find().remove_file();
    abandon_open("the server went away before a reply came");
    run_again(g_argv, {g_sync.numbers(), g_async.numbers()});
    error(std::string("cannot run again: ") + std::strerror(errno));
}

/* With --wait, the loss of the server is not the end: this program runs anew and waits. Returns why
 * to end where it does not: a Ctrl-C that came together with the loss is what counts.
 */
Watch::Reason run_again_if_waiting(Watch::Reason reason) {
    if (reason != Watch::Reason::primary_gone || !g_options.wait_s || server_has_shut_down())
        return reason;
    if (!g_watch->leave_signals_pending())
        return Watch::Reason::signal;
    say({"[Client] The server went away", "[Client] Server 已断开"});
    run_anew();
    return reason;
}

/* Addresses that are taken here may not be in another run; `tried`: in how many runs they have been
 * before this one. Returns where there is to be no other.
 */
void run_again_elsewhere(unsigned tried) {
    if (tried >= kMostLayouts || !g_watch->leave_signals_pending())
        return;
    say({"[Client] Trying again, laid out anew", "[Client] 换一个内存布局重试"});
    leave_layouts_tried(tried + 1);
    run_anew();
}

/* The last lines of the console. */
void say_end() {
    abandon_open("the program ends before a reply came");
    if (g_shared != nullptr && g_options.command == ClientOptions::Command::hello) {
        say_totals(g_sync, g_async);
    } else if (g_shared != nullptr && g_options.command == ClientOptions::Command::ping) {
        say_ping_summary(g_sync, g_ping_times);
    }
}

/* What both ways out do; returns the exit status. The actions stay registered: a broadcast of the
 * last moments is answered, and not logged as unknown while the server waits in vain.
 */
int end_run(Watch::Reason reason, int status) {
    const IpcSocket socket = IpcSocket::find();
    if (server_has_shut_down()) /* it may have said so just now */
        holds_within(std::chrono::milliseconds(20), [&] { return socket.idle(); });
    reason = run_again_if_waiting(reason);
    status = conclude(reason, server_has_shut_down(), status, g_status_if_stuck);
    say_end();
    socket.remove_file(); /* the rest the kernel takes back: see eal_session.h */
    return status;
}

/* The end when the main thread cannot come to it: from the watching thread. */
void leave(Watch::Reason reason) {
    limit_the_end(3, kExitFailure); /* even the last lines block on a console that nobody reads */
    _exit(end_run(reason, g_shared != nullptr ? status_of_run(reason) : kExitOk));
}

}  // namespace

int main(int argc, char **argv) {
    g_argv = argv;
    const CommandLine<ClientOptions> line = read_client_command_line(argc, argv);
    if (line.done)
        return line.status;
    g_options = line.options;
    if (g_options.command == ClientOptions::Command::doctor)
        end_process(run_doctor(line.args, g_options.timeout_s));
    const unsigned layouts_tried = take_layouts_tried();
    const auto resumed = take_resume_numbers();
    if (resumed) {
        g_sync.go_on_from((*resumed)[0]);
        g_async.go_on_from((*resumed)[1]);
    }
    Watch watch(leave);
    g_watch = &watch;

    int status = kExitOk;
    const auto wait = g_options.wait_s ? std::optional(seconds(*g_options.wait_s)) : std::nullopt;
    if (!wait_for_primary(line.args, wait, watch, &status))
        return status;
    bool addresses_taken = false;
    if (!start_secondary(line.args, watch, &status, &addresses_taken)) {
        if (addresses_taken)
            run_again_elsewhere(layouts_tried);
        end_process(end_run(watch.reason(), status));
    }
    g_socket = IpcSocket::find();
    if (g_options.unbounded)
        g_window.unbind();
    else
        g_socket.limit_sends(send_limit());
    if (!g_options.unfiltered)
        let_in_well_formed_only(g_socket, g_options.command == ClientOptions::Command::report
                                              ? DescriptorsIn::replies
                                              : DescriptorsIn::none);
    remember_own_fds();
    if (!look_up_shared_info(line.args.file_prefix) || !register_actions())
        end_process(end_run(watch.reason(), watch.ending() ? kExitOk : kExitFailure));
    if (!watch.follow_ipc_thread()) {
        error(kNoIpcThread);
        end_process(end_run(watch.reason(), kExitFailure));
    }
    if (resumed && layouts_tried == 0)
        say({"[Client] Attached to the new server of file prefix '{}'",
             "[Client] 已连接新的 Server, file-prefix '{}'"},
            printable(line.args.file_prefix));
    else
        say({"[Client] Attached to the server of file prefix '{}'; Ctrl-C ends it",
             "[Client] 已连接 Server, file-prefix '{}'; Ctrl-C 退出"},
            printable(line.args.file_prefix));

    bool usable = true;
    switch (g_options.command) {
        case ClientOptions::Command::hello:
            usable = run_hello();
            break;
        case ClientOptions::Command::ping:
            run_ping();
            break;
        case ClientOptions::Command::notify:
            run_notify();
            break;
        case ClientOptions::Command::report:
            run_report();
            break;
        case ClientOptions::Command::doctor:
            break; /* has run, before the EAL */
    }
    status = usable ? status_of_run(watch.reason()) : kExitFailure;
    end_process(end_run(watch.reason(), status));
}
