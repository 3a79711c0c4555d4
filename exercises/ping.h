/* SPDX-License-Identifier: BSD-3-Clause
 *
 * ping_request: a struct there and back, to measure round trips with (the tutorial's exercises 1
 * and 2). Both programs read one clock, so the reply can say where the time went: on the way there,
 * in the handler, on the way back.
 */
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include <rte_errno.h>

#include "exercises/exercise.h"
#include "exercises/run.h"
#include "support/base/histogram.h"
#include "support/console/console.h"

namespace mp_ipc {

inline constexpr const char *kMsgPing = "ping_request"; /* client to server */

/* Times are ns of CLOCK_MONOTONIC, which all processes of a machine share, except those in another
 * time namespace.
 */
struct PingRequest {
    static constexpr std::uint32_t kVersion = 2; /* asks for a reply of version 2 */
    Header header{kVersion};
    std::uint64_t sent_ns = 0; /* when the client sent it */
};
struct PingReply {
    static constexpr std::uint32_t kVersion = 2; /* version 1 ended with sent_ns */
    Header header{kVersion};
    std::uint64_t sent_ns = 0; /* as in the request */
    std::uint64_t came_ns = 0; /* when the handler was entered */
    std::uint64_t left_ns = 0; /* when the reply was complete, just before it was sent */
};
inline constexpr int kPingReplyV1 = offsetof(PingReply, came_ns); /* bytes */

inline std::uint64_t monotonic_ns(Clock::time_point time) {
    return static_cast<std::uint64_t>(time.time_since_epoch().count());
}

/* Where the time of a ping went, in ns. To send the reply is part of `back`. */
struct Legs {
    std::uint64_t there;
    std::uint64_t handler;
    std::uint64_t back;
};
/* nullopt: the server's times do not lie between the client's, so its clock is another one. */
inline std::optional<Legs> legs_of(std::uint64_t sent, const PingReply &reply, std::uint64_t now) {
    if (sent > reply.came_ns || reply.came_ns > reply.left_ns || reply.left_ns > now)
        return std::nullopt;
    return Legs{reply.came_ns - sent, reply.left_ns - reply.came_ns, now - reply.left_ns};
}

/* ---- the server: on the EAL's IPC thread ---------------------------------------------------- */

inline int on_ping(const rte_mp_msg *msg, const void *peer) {
    PingRequest request;
    const Status status = read_request(*msg, &request);
    say_each({"[PING] Received: seq={}", "[PING] 收到: seq={}"}, request.header.sequence);

    PingReply pong{reply_header(request.header, status), request.sent_ns,
                   monotonic_ns(g_handlers.entered), 0};
    rte_mp_msg reply = make_message(msg->name); /* the request's own, or the client drops it */
    pong.left_ns = monotonic_ns(Clock::now());
    fill(reply, pong);
    if (request.header.version == 1) /* its client then reports the version, not the length */
        reply.len_param = kPingReplyV1;
    return rte_mp_reply(&reply, static_cast<const char *>(peer));
}

/* ---- the client: on its main thread --------------------------------------------------------- */

namespace ping {

inline double g_interval_s = 1;
inline bool g_flood = false;
inline Histogram g_times; /* ns, as the next three are */
inline Histogram g_there;
inline Histogram g_handler;
inline Histogram g_back;

/* Nanoseconds as milliseconds with three decimals. */
inline std::string milliseconds_text(std::uint64_t ns) {
    return fixed(static_cast<double>(ns) / 1e6, 3);
}

inline void add_options(std::vector<Option> *options) {
    options->push_back({"interval S",
                        {"ping: a request every S seconds (1)", "ping：每 S 秒一个请求（1）"},
                        set_seconds(&g_interval_s, kLeastSeconds, kMostSeconds)});
    options->push_back(
        flag("flood",
             {"ping: send the next request as soon as one is answered;\nprint only failures",
              "ping：收到回复后立即发送下一个，只显示出错的请求"},
             &g_flood));
}

inline void send_one() {
    Turn turn(*g_run.requests);
    if (!g_run.going_on())
        return;
    const Clock::time_point sent = Clock::now();
    PingRequest ping;
    ping.header = g_run.next();
    ping.sent_ns = monotonic_ns(sent);
    rte_mp_msg request = make_message(kMsgPing);
    fill(request, ping);

    struct rte_mp_reply reply = {}; /* rte_mp_reply names a function as well */
    const int result = turn ? rte_mp_request_sync(&request, &reply, turn.timeout()) : -1;
    const std::uint64_t now_ns = monotonic_ns(Clock::now());
    const ReplyMessages messages(reply);
    PingReply pong;
    const Ended ended = turn.ended(result, messages, ping.header, &pong);
    const std::uint64_t time = now_ns - ping.sent_ns;

    const std::string seq = "seq=" + std::to_string(ping.header.sequence);
    if (!g_run.close("PING", seq, ended))
        return;
    g_times.add(time);
    const std::optional<Legs> legs = legs_of(ping.sent_ns, pong, now_ns);
    if (legs) {
        g_there.add(legs->there);
        g_handler.add(legs->handler);
        g_back.add(legs->back);
    }
    if (g_flood)
        return;
    if (legs)
        say_each({"[PING] Reply: {} time={} ms: there {}, handler {}, back {}",
                  "[PING] 回复: {} 时间={} ms: 去程 {}, 处理 {}, 回程 {}"},
                 seq, milliseconds_text(time), milliseconds_text(legs->there),
                 milliseconds_text(legs->handler), milliseconds_text(legs->back));
    else
        say_each({"[PING] Reply: {} time={} ms", "[PING] 回复: {} 时间={} ms"}, seq,
                 milliseconds_text(time));
}

inline void run() {
    Schedule due(Clock::now(), g_flood ? Clock::duration(1) : seconds(g_interval_s));
    while (g_run.going_on() && !g_run.counted_out(g_run.sync.sent)) {
        if (!g_flood)
            g_run.session->watch().sleep_until(due.due());
        if (due.take(Clock::now()))
            send_one();
    }
}

inline void sum_up() {
    const auto numbers = g_run.sync.numbers();
    say({"[PING] {} sent, {} answered, {} lost, {} late",
         "[PING] 已发送 {}, 已回复 {}, 丢失 {}, 迟到 {}"},
        numbers[0], numbers[1], numbers[3] + numbers[4], numbers[2]);
    if (g_times.count() == 0)
        return;
    say({"[PING] time min/median/p99/max = {}/{}/{}/{} ms",
         "[PING] 时间 最小/中位/p99/最大 = {}/{}/{}/{} ms"},
        milliseconds_text(g_times.min()), milliseconds_text(g_times.quantile(0.5)),
        milliseconds_text(g_times.quantile(0.99)), milliseconds_text(g_times.max()));
    if (g_there.count() > 0)
        say({"[PING] median there/handler/back = {}/{}/{} ms",
             "[PING] 中位 去程/处理/回程 = {}/{}/{} ms"},
            milliseconds_text(g_there.quantile(0.5)), milliseconds_text(g_handler.quantile(0.5)),
            milliseconds_text(g_back.quantile(0.5)));
    else
        say(
            {"[PING] there/handler/back are not known: the server has another clock (is it in "
             "another time namespace?)",
             "[PING] 去程/处理/回程未知: Server 的时钟不同 (是否在另一个 time namespace 中?)"});
}

}  // namespace ping

inline const Exercise kPing = {
    .command = {.name = "ping",
                .help = {"round trips of a struct, as ping(8), and where the time went",
                         "类似 ping(8)：往返一个结构体，并显示各段用时"},
                .add_options = ping::add_options,
                .run = ping::run,
                .sum_up = ping::sum_up,
                .needs = 0},
    .at_server = action<on_ping>(kMsgPing),
};

}  // namespace mp_ipc
