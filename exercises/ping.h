/* SPDX-License-Identifier: BSD-3-Clause
 *
 * ping_request: a struct there and back, to measure round trips with (the tutorial's exercises 1
 * and 2).
 */
#pragma once

#include <cstdint>
#include <string>

#include <rte_errno.h>

#include "exercises/exercise.h"
#include "exercises/run.h"
#include "support/base/histogram.h"
#include "support/console/console.h"

namespace mp_ipc {

inline constexpr const char *kMsgPing = "ping_request"; /* client to server */

struct PingRequest {
    Header header;
    std::uint64_t sent_ns = 0; /* sender's CLOCK_MONOTONIC */
};
struct PingReply {
    Header header;
    std::uint64_t sent_ns = 0; /* as in the request */
};

/* ---- the server: on the EAL's IPC thread ---------------------------------------------------- */

inline int on_ping(const rte_mp_msg *msg, const void *peer) {
    PingRequest request;
    const Status status = read_request(*msg, &request);
    say_each({"[PING] Received: seq={}", "[PING] 收到: seq={}"}, request.header.sequence);

    rte_mp_msg reply = make_message(msg->name); /* the request's own, or the client drops it */
    fill(reply, PingReply{reply_header(request.header, status), request.sent_ns});
    return rte_mp_reply(&reply, static_cast<const char *>(peer));
}

/* ---- the client: on its main thread --------------------------------------------------------- */

namespace ping {

inline double g_interval_s = 1;
inline bool g_flood = false;
inline Histogram g_times; /* ns */

inline void add_options(std::vector<Option> *options) {
    using Takes = Option::Takes;
    options->push_back({"interval", Takes::value, "S", "ping: a request every S seconds (1)",
                        set_seconds(&g_interval_s, kLeastSeconds, kMostSeconds)});
    options->push_back(
        {"flood", Takes::nothing, "",
         "ping: the next one as soon as one is answered, and only\na line for what goes wrong",
         set_flag(&g_flood)});
}

inline void send_one() {
    Turn turn(*g_run.requests);
    if (!g_run.going_on())
        return;
    const Clock::time_point sent = Clock::now();
    PingRequest ping;
    ping.header = g_run.next();
    ping.sent_ns = static_cast<std::uint64_t>(sent.time_since_epoch().count());
    rte_mp_msg request = make_message(kMsgPing);
    fill(request, ping);

    struct rte_mp_reply reply = {}; /* rte_mp_reply names a function as well */
    const int result = turn ? rte_mp_request_sync(&request, &reply, turn.timeout()) : -1;
    const ReplyMessages messages(reply);
    PingReply pong;
    const Ended ended = turn.ended(result, messages, ping.header, &pong);
    const auto time = static_cast<std::uint64_t>((Clock::now() - sent).count());

    const std::string seq = "seq=" + std::to_string(ping.header.sequence);
    if (!g_run.close("PING", seq, ended))
        return;
    g_times.add(time);
    if (!g_flood)
        say_each({"[PING] Reply: {} time={} ms", "[PING] 回复: {} 时间={} ms"}, seq,
                 milliseconds_text(time));
}

inline void run() {
    Schedule due(Clock::now(), g_flood ? Clock::duration(1) : seconds(g_interval_s));
    while (g_run.going_on() && !g_run.counted_out(g_run.sync.sent)) {
        if (!g_flood)
            g_run.watch->sleep_until(due.due());
        if (due.take(Clock::now()))
            send_one();
    }
}

inline void sum_up() {
    const auto numbers = g_run.sync.numbers();
    say({"[PING] {} sent, {} answered, {} lost, {} late",
         "[PING] 已发送 {}, 已回复 {}, 丢失 {}, 迟到 {}"},
        numbers[0], numbers[1], numbers[3] + numbers[4], numbers[2]);
    if (g_times.count() > 0)
        say({"[PING] time min/median/p99/max = {}/{}/{}/{} ms",
             "[PING] 时间 最小/中位/p99/最大 = {}/{}/{}/{} ms"},
            milliseconds_text(g_times.min()), milliseconds_text(g_times.quantile(0.5)),
            milliseconds_text(g_times.quantile(0.99)), milliseconds_text(g_times.max()));
}

}  // namespace ping

inline const Exercise kPing = {
    .command = {.name = "ping",
                .help = "a struct there and back: round-trip times, as ping(8)",
                .add_options = ping::add_options,
                .run = ping::run,
                .sum_up = ping::sum_up,
                .needs = 0},
    .at_server = action<on_ping>(kMsgPing),
};

}  // namespace mp_ipc
