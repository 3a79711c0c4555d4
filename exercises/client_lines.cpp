/* SPDX-License-Identifier: BSD-3-Clause */
#include "exercises/client_lines.h"

#include "support/console/console.h"

namespace mp_ipc {

void say_unanswered(std::string_view tag, std::string_view what, Outcome outcome,
                    std::string_view detail, double timeout_s) {
    if (outcome == Outcome::timed_out)
        say({"[{}] No reply to {} within {} s", "[{}] {} 没有回复, 超过 {} 秒"}, tag, what,
            fixed(timeout_s, 3));
    else if (outcome == Outcome::late)
        say({"[{}] Late reply, not to {}: {}", "[{}] 迟到的回复, 不属于 {}: {}"}, tag, what,
            detail);
    else
        say({"[{}] Not answered: {}: {}", "[{}] 未回复: {}: {}"}, tag, what, detail);
}

void say_totals(const Books &sync, const Books &async) {
    const auto of_sync = sync.numbers();
    say({"[Client] Sync: sent {}, answered {}, late {}, timed out {}, refused {}",
         "[Client] 同步请求: 已发送 {}, 已回复 {}, 迟到 {}, 超时 {}, 被拒绝 {}"},
        of_sync[0], of_sync[1], of_sync[2], of_sync[3], of_sync[4]);
    const auto of_async = async.numbers();
    say({"[Client] Async: sent {}, answered {}, late {}, timed out {}, refused {}",
         "[Client] 异步请求: 已发送 {}, 已回复 {}, 迟到 {}, 超时 {}, 被拒绝 {}"},
        of_async[0], of_async[1], of_async[2], of_async[3], of_async[4]);
}

void say_ping_summary(const Books &books, const Histogram &times) {
    const auto numbers = books.numbers();
    say({"[PING] {} sent, {} answered, {} lost, {} late",
         "[PING] 已发送 {}, 已回复 {}, 丢失 {}, 迟到 {}"},
        numbers[0], numbers[1], numbers[3] + numbers[4], numbers[2]);
    if (times.count() > 0)
        say({"[PING] time min/median/p99/max = {}/{}/{}/{} ms",
             "[PING] 时间 最小/中位/p99/最大 = {}/{}/{}/{} ms"},
            milliseconds_text(times.min()), milliseconds_text(times.quantile(0.5)),
            milliseconds_text(times.quantile(0.99)), milliseconds_text(times.max()));
}

std::string milliseconds_text(std::uint64_t ns) {
    return fixed(static_cast<double>(ns) / 1e6, 3);
}

}  // namespace mp_ipc
