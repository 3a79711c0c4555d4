/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/ipc/handler.h"

#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>

#include <rte_errno.h>

#include "support/base/schedule.h"
#include "support/base/text.h"
#include "support/console/console.h"
#include "support/eal/ipc_socket.h"
#include "support/eal/runtime_dir.h"
#include "support/ipc/reply_messages.h"

namespace mp_ipc {
namespace {

void say_lost(const rte_mp_msg &msg, const std::string &why) {
    warn({"a reply to {} was lost: {}", "对 {} 的回复丢失：{}"},
         printable({msg.name, strnlen(msg.name, sizeof(msg.name))}), why);
}

}  // namespace

void Handlers::note_received() {
    if (sender.empty())
        return;
    current->received.store(current->received + 1, std::memory_order_relaxed);
    clients.note_message(sender);
    sender = {};
}

int run_guarded(ActionCounts &counts, MessageKind kind, rte_mp_t handler, const rte_mp_msg *msg,
                const void *peer) {
    close_received_fds(*msg); /* no handler takes any */
    const HandlerGate::Pass pass(g_handlers.gate);
    if (!pass.open())
        return 0;
    const std::string_view path = peer_path(peer);
    if (rte_eal_process_type() == RTE_PROC_PRIMARY &&
        !is_secondary(path, rte_eal_get_runtime_dir())) {
        warn({"a message from {}, which is no socket of a secondary, was ignored",
              "已忽略来自 {} 的消息：它不是 secondary 的套接字"},
             printable(path));
        return 0;
    }
    const Clock::time_point begin = g_handlers.entered = Clock::now();
    g_handlers.current = &counts;
    g_handlers.sender = path;
    const bool request = kind == MessageKind::request;
    if (request && !g_handlers.reply_limit.takes_replies(path)) {
        g_handlers.note_received();
        say_lost(*msg, in_words({"its sender does not read its messages", "发送方没有读取消息"}));
        return 0;
    }
    const int result = handler(msg, peer);
    g_handlers.note_received();
    if (request && result == 0) {
        counts.replied++;
    } else if (result < 0) {
        g_handlers.reply_limit.note_lost(path, rte_errno);
        say_lost(*msg, rte_errno == ENOENT ? in_words({"its sender has exited", "请求方已退出"})
                                           : rte_strerror(rte_errno));
    }
    counts.handling.add(static_cast<std::uint64_t>((Clock::now() - begin).count()));
    return 0; /* reported; a negative value would only make the library log it again */
}

std::vector<std::string> live_clients() {
    auto paths = remove_stale_sockets(rte_eal_get_runtime_dir());
    g_handlers.clients.keep_only(paths);
    return paths;
}

void close_handlers(Watch &watch) {
    const Watch::Blocking blocking(watch, Watch::Call::until_done, std::chrono::seconds(2));
    g_handlers.gate.close();
}

}  // namespace mp_ipc
