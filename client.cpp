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

#include <atomic>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <sstream>
#include <string>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_memzone.h>

#include "common.h"
#include "support/books.h"
#include "support/console.h"
#include "support/doctor.h"
#include "support/eal_session.h"
#include "support/histogram.h"
#include "support/ipc_socket.h"
#include "support/options.h"
#include "support/reply_messages.h"
#include "support/resume.h"
#include "support/sealed_memory.h"
#include "support/send_window.h"
#include "support/watch.h"

namespace {

using namespace mp_ipc;

/* Callbacks get no argument of their own, so what they need is global. Written by main before the
 * first request, except where a comment says otherwise.
 */
ClientOptions g_options;
char **g_argv = nullptr;
SharedInfo *g_shared = nullptr; /* in the memzone; read only */
std::uint64_t g_boot_id = 0;
IpcSocket g_socket;
Watch *g_watch = nullptr;

Books g_sync;  /* hello_request, or all requests of another command */
Books g_async; /* hello_async_req */
SendWindow g_window(SendWindow::bound_for(max_dgram_qlen()));

std::string errno_text() {
    return rte_strerror(rte_errno);
}

/* ---- sending without blocking the server ---------------------------------------------------- */

/* How long to be silent after a request that got no answer: doubles with each, ends with the first
 * that is answered. Main thread.
 */
class Backoff {
  public:
    void note(Outcome outcome) {
        if (outcome == Outcome::answered) {
            pause_ = Clock::duration::zero();
        } else {
            pause_ = std::clamp<Clock::duration>(2 * pause_, kLeast, kMost);
            until_ = Clock::now() + pause_;
        }
    }
    Clock::time_point until() const { return until_; }

  private:
    static constexpr Clock::duration kLeast = std::chrono::milliseconds(1);
    static constexpr Clock::duration kMost = std::chrono::milliseconds(250);
    Clock::duration pause_{0};
    Clock::time_point until_;
} g_backoff;

/* Sleeps until one more message may be sent (see SendWindow); false: the program is to end. */
bool make_room() {
    if (g_options.unbounded)
        return !g_watch->ending();
    while (!g_watch->ending() && Clock::now() < g_backoff.until())
        g_watch->sleep_until(g_backoff.until());
    Clock::duration nap = std::chrono::milliseconds(1);
    while (!g_watch->ending() && g_window.full()) {
        if (g_socket.idle()) {
            g_window.drained();
            break;
        }
        g_watch->sleep_until(Clock::now() + nap);
        nap = std::min<Clock::duration>(2 * nap, std::chrono::milliseconds(50));
    }
    return !g_watch->ending();
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
Answer ask(rte_mp_msg &request, const IsOwn &is_own) {
    const timespec timeout = to_timespec(seconds(g_options.timeout_s));
    struct rte_mp_reply reply = {}; /* rte_mp_reply names a function as well */
    const std::uint64_t ticket = g_window.send();
    int result = 0;
    {
        const Watch::Blocking blocking(*g_watch, Watch::Blocking::Interruptible::yes);
        result = rte_mp_request_sync(&request, &reply, &timeout);
    }
    const int request_errno = rte_errno;
    Answer answer{Outcome::answered, ReplyMessages(reply), ""}; /* owns reply.msgs: freed with it */
    if (result != 0 && request_errno == ETIMEDOUT) {
        answer.outcome = Outcome::timed_out;
    } else if (result != 0) {
        answer.outcome = Outcome::refused;
        answer.why = rte_strerror(request_errno);
    } else if (answer.messages.count() == 0) { /* MP_IGN: rc 0 and nothing received */
        answer.outcome = Outcome::refused;
        answer.why = "the server is not ready and asked to be ignored";
    } else if (!is_own(answer.messages[0])) {
        answer.outcome = Outcome::late;
    } else {
        g_window.answered(ticket);
    }
    g_backoff.note(answer.outcome);
    return answer;
}

/* ---- hello, synchronous --------------------------------------------------------------------- */

void send_hello_sync() {
    const std::string text = hello_text(HelloKind::sync, g_sync.sent + 1, g_options.name);
    rte_mp_msg request = make_message(kMsgHelloSync);
    fill_text(request, text);

    g_sync.sent++;
    const Answer answer =
        ask(request, [&](const rte_mp_msg &reply) { return quotes(text_of(reply), text); });
    g_sync.close(answer.outcome);
    switch (answer.outcome) {
        case Outcome::answered:
            if (!g_options.quiet)
                say({"[SYNC] Reply: {}", "[SYNC] 回复: {}"},
                    printable(text_of(answer.messages[0])));
            break;
        case Outcome::late:
            say({"[SYNC] Late reply, not to '{}': {}", "[SYNC] 迟到的回复, 不属于 '{}': {}"}, text,
                printable(text_of(answer.messages[0])));
            break;
        case Outcome::timed_out:
            say({"[SYNC] No reply to '{}' within {} s", "[SYNC] '{}' 在 {} 秒内没有回复"}, text,
                fixed(g_options.timeout_s, 3));
            break;
        case Outcome::refused:
            say({"[SYNC] Not answered: '{}': {}", "[SYNC] 未回复: '{}': {}"}, text, answer.why);
            break;
    }
}

/* ---- hello, asynchronous -------------------------------------------------------------------- */

/* The EAL's own timeout of an asynchronous request comes this much after ours. Before DPDK 26.07 a
 * reply that arrives at the very moment of that timeout can be handled twice or deadlock; a server
 * that is slow by about --timeout must not meet it.
 */
constexpr auto kAsyncMargin = std::chrono::seconds(1);
/* A callback that has not come this long after the EAL's timeout never comes. */
constexpr auto kAsyncGrace = std::chrono::seconds(5);

/* The one asynchronous request that may be pending: a second of its name would fail with EEXIST. */
struct Pending {
    std::mutex lock;
    bool waiting = false;    /* its outcome is open */
    bool in_library = false; /* its callback has not come */
    std::string text;
    std::uint64_t ticket = 0;
    Clock::time_point deadline = Clock::time_point::max();
    Clock::time_point lost = Clock::time_point::max();
} g_pending;

/* IPC thread, or interrupt thread after a timeout. The library frees `reply` itself. */
int on_async_reply(const rte_mp_msg *request, const struct rte_mp_reply *reply) {
    const std::string_view text = text_of(*request);
    const std::lock_guard lock(g_pending.lock);
    const bool own_request = g_pending.text == text; /* not of a callback given up as lost */
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
        if (own_request && g_pending.waiting && quotes(text_of(message), text)) {
            outcome = Outcome::answered;
            g_window.answered(g_pending.ticket);
            if (!g_options.quiet)
                say({"[ASYNC] Reply: {}", "[ASYNC] 回复: {}"}, printable(text_of(message)));
        } else {
            outcome = outcome.value_or(Outcome::late);
            say({"[ASYNC] Late reply: {}", "[ASYNC] 迟到的回复: {}"}, printable(text_of(message)));
        }
    }
    if (own_request) {
        if (g_pending.waiting)
            g_async.close(
                outcome.value_or(reply->nb_sent == 0 ? Outcome::refused : Outcome::timed_out));
        g_pending.waiting = false;
        g_pending.in_library = false;
        g_pending.deadline = g_pending.lost = Clock::time_point::max();
    }
    g_watch->wake();
    return 0;
}

/* false: the library has lost a request of ours, and with it the name. */
bool send_hello_async() {
    const std::string text = hello_text(HelloKind::async, g_async.sent + 1, g_options.name);
    rte_mp_msg request = make_message(kMsgHelloAsync);
    fill_text(request, text);
    const Clock::time_point deadline = Clock::now() + seconds(g_options.timeout_s);
    const timespec timeout = to_timespec(seconds(g_options.timeout_s) + kAsyncMargin);

    /* Locked over the call, so that its callback finds the state complete. */
    const std::lock_guard lock(g_pending.lock);
    const std::uint64_t ticket = g_pending.in_library ? 0 : g_window.send();
    int result = 0;
    {
        const Watch::Blocking blocking(*g_watch, Watch::Blocking::Interruptible::yes);
        result = rte_mp_request_async(&request, &timeout, on_async_reply);
    }
    if (result == 0) {
        g_async.sent++;
        g_pending.waiting = g_pending.in_library = true;
        g_pending.text = text;
        g_pending.ticket = ticket;
        g_pending.deadline = deadline;
        g_pending.lost = deadline + kAsyncMargin + kAsyncGrace;
        if (!g_options.quiet)
            say({"[ASYNC] Request sent", "[ASYNC] 请求已发送"});
        return true;
    }
    if (rte_errno == EEXIST) {
        /* Its interval is shorter than the round trip: the number stays for the next time. */
        say({"[ASYNC] Not sent: the request before it is still pending",
             "[ASYNC] 未发送: 上一个请求还没有结束"});
        return Clock::now() < g_pending.lost;
    }
    g_async.sent++;
    g_async.close(Outcome::refused);
    say({"[ASYNC] Not sent: '{}': {}", "[ASYNC] 未发送: '{}': {}"}, text, errno_text());
    return true;
}

/* Gives the pending request up when its time is over, whether or not a callback ever comes. */
void check_pending() {
    const std::lock_guard lock(g_pending.lock);
    if (!g_pending.waiting || Clock::now() < g_pending.deadline)
        return;
    g_pending.waiting = false;
    g_pending.deadline = Clock::time_point::max();
    g_async.close(Outcome::timed_out);
    say({"[ASYNC] No reply to '{}' within {} s", "[ASYNC] '{}' 在 {} 秒内没有回复"}, g_pending.text,
        fixed(g_options.timeout_s, 3));
}

Clock::time_point pending_deadline() {
    const std::lock_guard lock(g_pending.lock);
    return g_pending.deadline;
}

/* ---- commands: each returns the exit status ------------------------------------------------- */

/* Whether a counted run is complete, given how many of its requests have been closed. */
bool counted_out(std::uint64_t requests) {
    return g_options.count && requests >= *g_options.count;
}

void say_totals() {
    say({"[Client] Sync: sent {}, answered {}, late {}, timed out {}, refused {}",
         "[Client] 同步请求: 已发送 {}, 已回复 {}, 迟到 {}, 超时 {}, 被拒绝 {}"},
        g_sync.sent.load(), g_sync.answered.load(), g_sync.late.load(), g_sync.timed_out.load(),
        g_sync.refused.load());
    say({"[Client] Async: sent {}, answered {}, late {}, timed out {}, refused {}",
         "[Client] 异步请求: 已发送 {}, 已回复 {}, 迟到 {}, 超时 {}, 被拒绝 {}"},
        g_async.sent.load(), g_async.answered.load(), g_async.late.load(), g_async.timed_out.load(),
        g_async.refused.load());
}

bool all_answered() {
    return g_sync.all_answered() && g_async.all_answered();
}

int run_hello() {
    const Clock::time_point start = Clock::now();
    Schedule sync(start, seconds(g_options.sync_interval_s));
    Schedule async(start, seconds(g_options.async_interval_s));
    const bool sync_on = g_options.sync_interval_s > 0;
    const bool async_on = g_options.async_interval_s > 0;
    while (!g_watch->ending() && !console_failed()) {
        const bool sync_left = sync_on && !counted_out(g_sync.sent);
        const bool async_left = async_on && !counted_out(g_async.sent);
        if (sync_left && sync.take(Clock::now()) && make_room())
            send_hello_sync();
        if (async_left && async.take(Clock::now()) && make_room() && !send_hello_async()) {
            error(
                "the DPDK library has lost an asynchronous request: no other of its name can be "
                "sent from this process; start it anew");
            return kExitFailure;
        }
        check_pending();
        if (g_options.count && (!sync_on || counted_out(g_sync.closed())) &&
            (!async_on || counted_out(g_async.closed())))
            return all_answered() ? kExitOk : kExitUnanswered;
        g_watch->sleep_until(
            std::min({sync_left ? sync.due() : Clock::time_point::max(),
                      async_left ? async.due() : Clock::time_point::max(), pending_deadline()}));
    }
    return kExitOk;
}

Header request_header() {
    return {kVersion, Status::ok, g_sync.sent, g_boot_id};
}

/* Whether a reply with this struct answers the request that was sent last. A reply too short or of
 * another version says so itself, with the sequence it could read.
 */
template <Payload Reply>
bool answers_last(const rte_mp_msg &msg, Reply *reply) {
    read(msg, reply);
    return reply->header.sequence == g_sync.sent;
}

int run_ping() {
    const Clock::time_point start = Clock::now();
    Schedule due(start, g_options.flood ? Clock::duration(1) : seconds(g_options.ping_interval_s));
    Histogram times;
    while (!g_watch->ending() && !console_failed() && !counted_out(g_sync.sent)) {
        if (!g_options.flood)
            g_watch->sleep_until(due.due());
        if (!due.take(Clock::now()) || !make_room())
            continue;
        g_sync.sent++;
        rte_mp_msg request = make_message(kMsgPing);
        const Clock::time_point sent = Clock::now();
        fill(request, PingRequest{request_header(),
                                  static_cast<std::uint64_t>(sent.time_since_epoch().count())});
        PingReply reply;
        Answer answer =
            ask(request, [&](const rte_mp_msg &msg) { return answers_last(msg, &reply); });
        const auto time = static_cast<std::uint64_t>((Clock::now() - sent).count());
        if (answer.outcome == Outcome::answered && reply.header.status != Status::ok) {
            answer.outcome = Outcome::refused;
            answer.why = status_text(reply.header.status);
        }
        g_sync.close(answer.outcome);
        const std::uint64_t seq = g_sync.sent;
        switch (answer.outcome) {
            case Outcome::answered:
                times.add(time);
                if (!g_options.quiet && !g_options.flood)
                    say({"[PING] Reply: seq={} time={} ms", "[PING] 回复: seq={} 时间={} ms"}, seq,
                        fixed(static_cast<double>(time) / 1e6, 3));
                break;
            case Outcome::late:
                say({"[PING] Late reply: seq={}, not of seq={}",
                     "[PING] 迟到的回复: seq={}, 不属于 seq={}"},
                    reply.header.sequence, seq);
                break;
            case Outcome::timed_out:
                say({"[PING] No reply: seq={}", "[PING] 没有回复: seq={}"}, seq);
                break;
            case Outcome::refused:
                say({"[PING] Not answered: seq={}: {}", "[PING] 未回复: seq={}: {}"}, seq,
                    answer.why);
                break;
        }
    }
    const auto ms = [](std::uint64_t ns) { return fixed(static_cast<double>(ns) / 1e6, 3); };
    say({"[PING] {} sent, {} answered, {} lost, {} late",
         "[PING] 已发送 {}, 已回复 {}, 丢失 {}, 迟到 {}"},
        g_sync.sent.load(), g_sync.answered.load(), g_sync.timed_out + g_sync.refused,
        g_sync.late.load());
    if (times.count() > 0)
        say({"[PING] time min/median/p99/max = {}/{}/{}/{} ms",
             "[PING] 时间 最小/中位/p99/最大 = {}/{}/{}/{} ms"},
            ms(times.min()), ms(times.quantile(0.5)), ms(times.quantile(0.99)), ms(times.max()));
    return g_sync.all_answered() ? kExitOk : kExitUnanswered;
}

/* MP_MSG: nobody answers, and 0 means no more than that the kernel has taken it. */
int run_notify() {
    NotifyEvent event;
    event.header = {kVersion, Status::ok, 1, g_boot_id};
    event.pid = getpid();
    put_text(event.name, g_options.name);
    put_text(event.text, g_options.text);
    rte_mp_msg msg = make_message(kMsgNotify);
    fill(msg, event);

    const Watch::Blocking blocking(*g_watch, Watch::Blocking::Interruptible::yes,
                                   seconds(g_options.timeout_s));
    if (rte_mp_sendmsg(&msg) != 0) {
        error("cannot send the event: " + errno_text());
        return kExitUnanswered;
    }
    say({"[EVENT] Sent: {}", "[EVENT] 已发送: {}"}, printable(g_options.text));
    return kExitOk;
}

/* A reply longer than 256 bytes comes as a file descriptor. */
int run_report() {
    const unsigned long count = g_options.count.value_or(1);
    while (!g_watch->ending() && !console_failed() && g_sync.sent < count && make_room()) {
        g_sync.sent++;
        rte_mp_msg request = make_message(kMsgReport);
        fill(request, ReportRequest{request_header()});
        ReportReply reply;
        Answer answer =
            ask(request, [&](const rte_mp_msg &msg) { return answers_last(msg, &reply); });
        if (answer.outcome == Outcome::answered) {
            const UniqueFd fd = answer.messages.take_fd(0);
            std::optional<std::string> text;
            if (reply.header.status != Status::ok)
                answer.why = status_text(reply.header.status);
            else if (!fd)
                answer.why = "no descriptor came with the reply";
            else
                text = read_sealed_text(fd.get(), reply.size, &answer.why);
            if (!text)
                answer.outcome = Outcome::refused;
            std::istringstream lines(text && !g_options.quiet ? *text : "");
            for (std::string report_line; std::getline(lines, report_line);)
                say({"[REPORT] {}", "[REPORT] {}"}, printable(report_line));
        }
        g_sync.close(answer.outcome);
        if (answer.outcome == Outcome::timed_out)
            answer.why = "no reply within " + fixed(g_options.timeout_s, 3) + " s";
        else if (answer.outcome == Outcome::late)
            answer.why = "the reply of an earlier request came instead";
        if (answer.outcome != Outcome::answered)
            say({"[REPORT] None: {}", "[REPORT] 没有: {}"}, answer.why);
    }
    return g_sync.all_answered() ? kExitOk : kExitUnanswered;
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
    const Clock::time_point begin = Clock::now();
    const rte_memzone *zone = nullptr;
    while ((zone = rte_memzone_lookup(kSharedInfoName)) == nullptr) {
        if (g_watch->ending() || Clock::now() - begin > kReserveLimit) {
            error("the primary of file prefix '" + printable(file_prefix) + "' has no memzone " +
                  kSharedInfoName + ": it is no mp_server; choose the --file-prefix of one");
            return false;
        }
        g_watch->sleep_until(Clock::now() + std::chrono::milliseconds(5));
    }
    if (zone->len != sizeof(SharedInfo)) {
        error("the memzone " + std::string(kSharedInfoName) + " has " + std::to_string(zone->len) +
              " bytes, not " + std::to_string(sizeof(SharedInfo)) +
              ": that server is of another version; use the mp_client that was built with it");
        return false;
    }
    g_shared = static_cast<SharedInfo *>(zone->addr);
    const Clock::time_point found = Clock::now();
    while ((g_boot_id = g_shared->boot_id) == 0 && Clock::now() - found < kReadyLimit)
        g_watch->sleep_until(Clock::now() + std::chrono::milliseconds(1));
    return true;
}

/* Says why the program ends and returns the exit status, which is `status` for a run that was not
 * cut short.
 */
int conclude(Watch::Reason reason, int status) {
    using Reason = Watch::Reason;
    if (reason == Reason::primary_gone && g_shared != nullptr && g_shared->force_quit != 0) {
        say({"[Client] The server has shut down", "[Client] Server 已退出"});
    } else if (reason == Reason::primary_gone) {
        error("the server went away without shutting down; start it again, then mp_client");
        return kExitNoPrimary;
    } else if (reason == Reason::ipc_thread_gone) {
        error(
            "the EAL's IPC thread has ended, as it does after one malformed datagram: no reply "
            "can be received any more; ending, to be started anew");
        return kExitFailure;
    } else if (reason == Reason::stuck) {
        error("a call of the DPDK library did not return in time; is the server stopped?");
        return kExitFailure;
    }
    return console_failed() ? kExitFailure : status;
}

ResumeNumbers numbers_to_resume() {
    ResumeNumbers numbers{};
    std::size_t next = 0;
    for (const Books *books : {&g_sync, &g_async}) {
        numbers[next++] = books->sent;
        numbers[next++] = books->answered;
        numbers[next++] = books->late;
        numbers[next++] = books->timed_out;
        /* A request that is open when the server goes away will not be answered. */
        numbers[next++] = books->refused + (books->sent - books->closed());
    }
    return numbers;
}

void resume(const ResumeNumbers &numbers) {
    std::size_t next = 0;
    for (Books *books : {&g_sync, &g_async}) {
        books->sent = numbers[next++];
        books->answered = numbers[next++];
        books->late = numbers[next++];
        books->timed_out = numbers[next++];
        books->refused = numbers[next++];
    }
}

/* With --wait, the loss of the server is not the end: this program runs anew and waits. */
void run_again_if_waiting(Watch::Reason reason) {
    const bool shut_down = g_shared != nullptr && g_shared->force_quit != 0;
    if (reason != Watch::Reason::primary_gone || !g_options.wait_s || shut_down)
        return;
    say({"[Client] The server went away", "[Client] Server 已断开"});
    g_socket.remove_file();
    run_again(g_argv, numbers_to_resume());
    error(std::string("cannot run again: ") + std::strerror(errno));
}

/* The end when the main thread cannot come to it: from the watching thread. */
void leave(Watch::Reason reason) {
    run_again_if_waiting(reason);
    g_socket.remove_file();
    _exit(conclude(reason, kExitOk));
}

}  // namespace

int main(int argc, char **argv) {
    g_argv = argv;
    const CommandLine<ClientOptions> line = read_client_command_line(argc, argv);
    if (line.done)
        return line.status;
    g_options = line.options;
    if (g_options.command == ClientOptions::Command::doctor)
        return run_doctor(line.args, g_options.timeout_s);
    const auto resumed = take_resume_numbers();
    if (resumed)
        resume(*resumed);
    Watch watch(leave);
    g_watch = &watch;

    int status = kExitOk;
    const auto wait = g_options.wait_s ? std::optional(seconds(*g_options.wait_s)) : std::nullopt;
    if (!wait_for_primary(line.args, wait, watch, &status))
        return status;
    auto eal = start_secondary(line.args, watch, &status);
    if (!eal) {
        run_again_if_waiting(watch.reason());
        return watch.ending() ? conclude(watch.reason(), status) : status;
    }
    g_socket = IpcSocket::find();
    remember_own_fds();
    if (!look_up_shared_info(line.args.file_prefix) || !register_actions()) {
        run_again_if_waiting(watch.reason());
        return kExitFailure;
    }
    if (!watch.follow_ipc_thread())
        diagnose(Severity::warning, "the EAL's IPC thread was not found; its end will not be seen");
    if (resumed)
        say({"[Client] Attached to the new server of file prefix '{}'",
             "[Client] 已连接新的 Server, file-prefix '{}'"},
            printable(line.args.file_prefix));
    else
        say({"[Client] Attached to the server of file prefix '{}'; Ctrl-C ends it",
             "[Client] 已连接 Server, file-prefix '{}'; Ctrl-C 退出"},
            printable(line.args.file_prefix));

    switch (g_options.command) {
        case ClientOptions::Command::hello:
            status = run_hello();
            break;
        case ClientOptions::Command::ping:
            status = run_ping();
            break;
        case ClientOptions::Command::notify:
            status = run_notify();
            break;
        case ClientOptions::Command::report:
            status = run_report();
            break;
        case ClientOptions::Command::doctor:
            break; /* has run, before the EAL */
    }

    run_again_if_waiting(watch.reason());
    status = conclude(watch.reason(), status);
    if (g_options.command == ClientOptions::Command::hello)
        say_totals();
    for (const auto &action : kActions)
        rte_mp_action_unregister(action.name);
    return status; /* ~EalSession: rte_eal_cleanup() */
}
