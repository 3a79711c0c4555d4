/* SPDX-License-Identifier: BSD-3-Clause */
#include "exercises/run.h"

#include <algorithm>
#include <array>
#include <sstream>

#include "support/base/exit_status.h"
#include "support/base/text.h"
#include "support/console/console.h"

namespace mp_ipc {

bool ClientRun::close(std::string_view tag, std::string_view what, const Ended &ended) {
    sync.close(ended.outcome);
    if (ended.outcome == Outcome::answered)
        return true;
    say_unanswered(tag, what, ended);
    return false;
}

bool ClientRun::done() const {
    const unsigned long asked_for =
        options.count.value_or(options.command != nullptr ? options.command->needs.value_or(0) : 0);
    return asked_for > 0 && (!has_sync() || sync.closed() >= asked_for) &&
           (!has_async() || async.closed() >= asked_for);
}

int ClientRun::status(bool by_signal) const {
    const bool hello = options.command == nullptr;
    const std::optional<unsigned long> needs = hello ? std::nullopt : options.command->needs;
    if (!options.count && !needs)
        return kExitOk;
    if (hello && by_signal)
        return kExitOk;
    const unsigned long least = needs.value_or(0);
    const unsigned long wanted = by_signal ? std::min(least, 1UL) : options.count.value_or(least);
    const auto complete = [&](const RequestCounts &counts, bool on) {
        const std::uint64_t answered = counts.count(Outcome::answered);
        return !on || (answered == counts.sent && answered >= wanted);
    };
    return complete(sync, has_sync()) && complete(async, has_async()) ? kExitOk : kExitUnanswered;
}

void ClientRun::sum_up() const {
    if (shared == nullptr && sync.sent + async.sent == 0)
        return;
    if (options.command != nullptr) {
        if (options.command->sum_up != nullptr)
            options.command->sum_up();
        return;
    }
    const auto of_sync = sync.numbers();
    say({"[Client] Sync: sent {}, answered {}, late {}, timed out {}, refused {}",
         "[Client] 同步请求: 已发送 {}, 已回复 {}, 迟到 {}, 超时 {}, 被拒绝 {}"},
        of_sync[0], of_sync[1], of_sync[2], of_sync[3], of_sync[4]);
    const auto of_async = async.numbers();
    say({"[Client] Async: sent {}, answered {}, late {}, timed out {}, refused {}",
         "[Client] 异步请求: 已发送 {}, 已回复 {}, 迟到 {}, 超时 {}, 被拒绝 {}"},
        of_async[0], of_async[1], of_async[2], of_async[3], of_async[4]);
}

std::string ClientRun::numbers() const {
    std::string text;
    for (const RequestCounts *counts : {&sync, &async}) {
        for (const std::uint64_t number : counts->numbers())
            text += std::to_string(number) + " ";
    }
    return text;
}

void ClientRun::go_on_from(const std::string &text) {
    std::istringstream stream(text);
    for (RequestCounts *counts : {&sync, &async}) {
        std::array<std::uint64_t, 5> values{};
        for (std::uint64_t &value : values)
            stream >> value;
        counts->go_on_from(values);
    }
}

SecondarySession::Setup session_setup(const ClientOptions &options) {
    return {
        .wait = options.wait_s ? std::optional(seconds(*options.wait_s)) : std::nullopt,
        .descriptors =
            options.command != nullptr ? options.command->descriptors : DescriptorsIn::none,
        .filtered = !options.unfiltered,
        .ipc_core = options.ipc_core,
    };
}

SecondarySession::Run session_run(void (*abandon)(const std::string &why)) {
    return {.status = [](bool by_signal) { return g_run.status(by_signal); },
            .shut_down = [] { return g_run.shared != nullptr && g_run.shared->force_quit != 0; },
            .done = [] { return g_run.done(); },
            .abandon = abandon,
            .last_words = [] { g_run.sum_up(); },
            .to_resume = [] { return g_run.numbers(); },
            .resume = [](const std::string &text) { g_run.go_on_from(text); }};
}

void say_attached(bool new_server, std::string_view file_prefix) {
    if (new_server)
        say({"[Client] Attached to the new server of file prefix '{}'",
             "[Client] 已连接新的 Server, file-prefix '{}'"},
            file_prefix);
    else
        say({"[Client] Attached to the server of file prefix '{}'; Ctrl-C ends it",
             "[Client] 已连接 Server, file-prefix '{}'; Ctrl-C 退出"},
            file_prefix);
}

void say_unanswered(std::string_view tag, std::string_view what, const Ended &ended) {
    if (ended.outcome == Outcome::timed_out)
        say({"[{}] No reply to {} within {} s", "[{}] {} 没有回复, 超过 {} 秒"}, tag, what,
            fixed(g_run.options.timeout_s, 3));
    else if (ended.outcome == Outcome::late)
        say({"[{}] Late reply to an earlier request, while waiting for {}: {}",
             "[{}] 迟到的回复, 属于之前的请求, 当前等待的是 {}: {}"},
            tag, what, ended.detail);
    else if (ended.not_sent)
        say({"[{}] Not sent: {}", "[{}] 未发送: {}"}, tag, what);
    else
        say({"[{}] Not answered: {}: {}", "[{}] 未回复: {}: {}"}, tag, what, ended.detail);
}

}  // namespace mp_ipc
