/* SPDX-License-Identifier: BSD-3-Clause */
#include "exercises/faults.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <random>

#include <rte_memzone.h>

#include "common.h"
#include "exercises/ping.h"
#include "exercises/report.h"
#include "support/base/schedule.h"
#include "support/base/text.h"
#include "support/console/console.h"
#include "support/options/option_parser.h"

namespace mp_ipc {
namespace {

Fault g_fault;
Clock::time_point g_end;       /* of the fault */
std::vector<Action> g_actions; /* without the fault */

std::uint64_t sequence_of(const rte_mp_msg &msg) {
    PingRequest request; /* every struct message begins with a Header */
    read_struct(msg, &request);
    return request.header.sequence;
}

/* The one that the message is for: this handler is registered under their names only. */
const Action &right_action(const rte_mp_msg &msg) {
    return *std::ranges::find_if(g_actions, [&](const Action &right) {
        return std::strncmp(right.name, msg.name, sizeof(msg.name)) == 0;
    });
}

/* What the handler without the fault does before it replies. */
void receive(const rte_mp_msg &msg) {
    const auto is = [&](const char *name) { return std::strcmp(msg.name, name) == 0; };
    auto *shared = static_cast<SharedInfo *>(rte_memzone_lookup(kSharedInfoName)->addr);
    if (is(kMsgHelloSync)) {
        say_each({"[SYNC] Received: {}", "[SYNC] 收到: {}"}, text_of(msg));
        shared->request_count++;
    } else if (is(kMsgHelloAsync)) {
        say_each({"[ASYNC] Received: {}", "[ASYNC] 收到: {}"}, text_of(msg));
        shared->async_request_count++;
    } else if (is(kMsgPing)) {
        say_each({"[PING] Received: seq={}", "[PING] 收到: seq={}"}, sequence_of(msg));
    } else if (is(kMsgReport)) {
        say_each({"[REPORT] Received: seq={}", "[REPORT] 收到: seq={}"}, sequence_of(msg));
    }
}

/* Does not reply: the request times out. */
int on_message_silent(const rte_mp_msg *msg, const void * /*peer*/) {
    receive(*msg);
    return 0;
}

/* Replies under another name: the client's library drops the reply. */
int on_message_wrong_name(const rte_mp_msg *msg, const void *peer) {
    receive(*msg);
    rte_mp_msg reply = make_message("other_name");
    fill_text(reply, hello_reply_text(HelloKind::sync, text_of(*msg)));
    return rte_mp_reply(&reply, static_cast<const char *>(peer));
}

/* Waits before it handles the message; all other messages wait meanwhile. */
int on_message_slow(const rte_mp_msg *msg, const void *peer) {
    static std::minstd_rand random(std::random_device{}());
    std::uniform_real_distribution<double> delay(g_fault.least_s, g_fault.most_s);
    g_handlers.gate.wait_for(seconds(delay(random)));
    return right_action(*msg).bare(msg, peer);
}

/* The handler that is registered: misbehaves until g_end. */
int on_message(const rte_mp_msg *msg, const void *peer) {
    const Action &action = right_action(*msg);
    if (Clock::now() >= g_end)
        return action.handler(msg, peer);
    const MessageKind kind =
        g_fault.handler == on_message_silent ? MessageKind::event : MessageKind::request;
    return run_guarded(*action.counts, kind, g_fault.handler, msg, peer);
}

}  // namespace

std::string set_fault(Fault *fault, std::string_view text) {
    std::string takes =
        in_words({"takes slow=MS, slow=MS-MS, silent, wrong-name, unbounded or unfiltered",
                  "应为 slow=MS、slow=MS-MS、silent、wrong-name、unbounded 或 unfiltered"});
    if (text == "silent") {
        fault->handler = on_message_silent;
    } else if (text == "unbounded") {
        fault->unbounded = true;
    } else if (text == "unfiltered") {
        fault->unfiltered = true;
    } else if (text == "wrong-name") {
        fault->handler = on_message_wrong_name;
    } else if (text.starts_with("slow=")) {
        text.remove_prefix(5);
        const std::size_t dash = text.find('-');
        const auto least = parse_number(text.substr(0, dash));
        const auto most =
            dash == std::string_view::npos ? least : parse_number(text.substr(dash + 1));
        if (!least || !most || *least < 0 || *most < *least || *most > kMostSeconds * 1000)
            return takes;
        fault->handler = on_message_slow;
        fault->least_s = *least / 1000;
        fault->most_s = *most / 1000;
    } else {
        return takes;
    }
    return {};
}

std::vector<Action> with_fault(const Fault &fault, const std::vector<Action> &actions) {
    g_fault = fault;
    g_end = fault.for_s > 0 ? Clock::now() + seconds(fault.for_s) : Clock::time_point::max();
    g_actions = actions;
    std::vector<Action> faulty = actions;
    if (fault.handler != nullptr) {
        for (Action &action : faulty) {
            if (action.kind == MessageKind::request)
                action.handler = on_message;
        }
    }
    return faulty;
}

}  // namespace mp_ipc
