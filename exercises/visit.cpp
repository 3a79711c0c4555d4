/* SPDX-License-Identifier: BSD-3-Clause */
#include "exercises/visit.h"

#include <algorithm>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_memzone.h>

#include "common.h"
#include "exercises/ping.h"
#include "support/base/message.h"
#include "support/console/console.h"
#include "support/ipc/reply_messages.h"

namespace mp_ipc {

Finding check_zone(const rte_memzone *zone) {
    if (zone == nullptr)
        return bad(in_words({"Memzone {}: not there: this primary is no mp_server; choose the "
                             "--file-prefix of one",
                             "memzone {}：不存在：该 primary 不是 mp_server；请使用 mp_server 的 "
                             "--file-prefix"},
                            kSharedInfoName));
    if (zone->len < sizeof(SharedInfo))
        return bad(in_words({"Memzone {}: {} bytes, and {} are needed: that server is of another "
                             "version; use the mp_client built with it",
                             "memzone {}：{} 字节，至少需要 {}：Server 的版本不同；"
                             "请使用与它一起编译的 mp_client"},
                            kSharedInfoName, zone->len, sizeof(SharedInfo)));
    const auto *shared = static_cast<const SharedInfo *>(zone->addr);
    if (shared->force_quit != 0)
        return bad(in_words({"Memzone {}: force_quit is set: the server is shutting down; start it "
                             "again",
                             "memzone {}：force_quit 已设置：Server 正在退出；请重新启动"},
                            kSharedInfoName));
    const std::uint64_t boot_id = shared->boot_id;
    if (boot_id == 0)
        return good(
            in_words({"Memzone {}: {} bytes, no boot id: another implementation of the server",
                      "memzone {}：{} 字节，没有 boot id：其他实现的 Server"},
                     kSharedInfoName, zone->len));
    return good(in_words({"Memzone {}: {} bytes, boot id {}", "memzone {}：{} 字节，boot id {}"},
                         kSharedInfoName, zone->len, boot_id));
}

Finding check_ping(const PingFacts &ping) {
    if (ping.timed_out && ping.hello)
        return good(
            in_words({"Ping: no reply within {} s, but hello is answered: another program of "
                      "the tutorial's contract, without the exercises",
                      "Ping：{} 秒内没有回复，但 hello 有回复：是遵守教程约定的其他程序，"
                      "没有实现练习"},
                     fixed(ping.timeout_s, 3)));
    if (ping.timed_out)
        return bad(in_words({"Ping: no reply within {} s: is the server busy, stopped or "
                             "misbehaving (--fault)? see its console",
                             "Ping：{} 秒内没有回复：Server 是否繁忙、已暂停或异常（--fault）？"
                             "请看它的输出"},
                            fixed(ping.timeout_s, 3)));
    if (!ping.trouble.empty())
        return bad(in_words({"Ping: no good reply: {}; use an mp_client and an mp_server of one "
                             "build",
                             "Ping：没有正确的回复：{}；请使用同一次编译的 mp_client 和 "
                             "mp_server"},
                            ping.trouble));
    return good(in_words(
        {"Ping: answered in {} ms, message version {}", "Ping：{} ms 内收到回复，消息版本 {}"},
        fixed(ping.time_ms, 3), PingReply::kVersion));
}

namespace {

int ask(rte_mp_msg &request, struct rte_mp_reply *reply, double timeout_s, Watch &watch) {
    const timespec timeout = to_timespec(seconds(timeout_s));
    const Watch::Blocking blocking(watch, Watch::Call::interruptible);
    return rte_mp_request_sync(&request, reply, &timeout);
}

/* Whether a greeting is answered, which every server of this contract does. */
bool hello_is_answered(double timeout_s, Watch &watch) {
    rte_mp_msg request = make_message(kMsgHelloSync);
    const std::string text = hello_text(HelloKind::sync, 1, "doctor");
    fill_text(request, text);
    struct rte_mp_reply reply = {};
    const int result = ask(request, &reply, timeout_s, watch);
    const ReplyMessages messages(reply);
    return result == 0 && messages.count() > 0 && quotes(text_of(messages[0]), text);
}

/* One ping_request, as mp_client's ping sends it. */
PingFacts ask_ping(std::uint64_t boot_id, double timeout_s, Watch &watch) {
    PingFacts facts;
    facts.timeout_s = timeout_s;
    const Clock::time_point begin = Clock::now();
    PingRequest ping;
    ping.header = {kVersion, Status::ok, 1, boot_id};
    ping.sent_ns = monotonic_ns(begin);
    rte_mp_msg request = make_message(kMsgPing);
    fill(request, ping);
    struct rte_mp_reply reply = {}; /* rte_mp_reply names a function as well */
    const int result = ask(request, &reply, timeout_s, watch);
    const ReplyMessages messages(reply);
    facts.time_ms = std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
    PingReply answer;
    if (result != 0) {
        facts.timed_out = rte_errno == ETIMEDOUT;
        facts.trouble = rte_strerror(rte_errno);
    } else if (messages.count() == 0) {
        facts.trouble = in_words({"the server asked to be ignored", "Server 要求忽略该请求"});
    } else if (const Status status = read_struct(messages[0], &answer); status != Status::ok) {
        facts.trouble = status_text(status);
    } else if (answer.header.status != Status::ok) {
        facts.trouble = status_text(answer.header.status);
    } else if (answer.header.sequence != 1 || answer.sent_ns != ping.sent_ns) {
        facts.trouble = in_words({"it answers another request", "回复的是另一个请求"});
    }
    return facts;
}

}  // namespace

Finding visit_zone(double, double, Watch &watch) {
    const Watch::Blocking blocking(watch, Watch::Call::interruptible);
    return check_zone(rte_memzone_lookup(kSharedInfoName));
}

Finding visit_ping(double timeout_s, double left_s, Watch &watch) {
    constexpr double kMostOfHello = 2;
    const rte_memzone *zone = rte_memzone_lookup(kSharedInfoName);
    const std::uint64_t boot_id =
        zone != nullptr ? static_cast<const SharedInfo *>(zone->addr)->boot_id.load() : 0;
    PingFacts facts = ask_ping(boot_id, std::min(timeout_s, left_s), watch);
    const double left = std::min({timeout_s, kMostOfHello, left_s - facts.time_ms / 1000});
    facts.hello = facts.timed_out && left > 0 && hello_is_answered(left, watch);
    return check_ping(facts);
}

}  // namespace mp_ipc
