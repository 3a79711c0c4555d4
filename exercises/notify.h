/* SPDX-License-Identifier: BSD-3-Clause
 *
 * notify_event: a message that nobody answers (the tutorial's exercise 4).
 */
#pragma once

#include <unistd.h>

#include <cstdint>
#include <string>

#include <rte_errno.h>

#include "exercises/exercise.h"
#include "exercises/run.h"
#include "support/base/text.h"
#include "support/console/console.h"

namespace mp_ipc {

inline constexpr const char *kMsgNotify = "notify_event"; /* client to server, one way */

struct NotifyEvent {
    Header header;
    std::int32_t pid = 0;
    char name[kMaxName + 1] = {}; /* of the sender, NUL-terminated */
    char text[180] = {};          /* NUL-terminated */
};

/* ---- the server: on the EAL's IPC thread ---------------------------------------------------- */

inline int on_notify(const rte_mp_msg *msg, const void * /*peer*/) {
    NotifyEvent event;
    if (const Status status = read_struct(*msg, &event); status != Status::ok) {
        g_handlers.current->refused++;
        warn({"a {} was ignored: {}", "已忽略一条 {}：{}"}, kMsgNotify, status_text(status));
        return 0;
    }
    const std::string_view name = get_text(event.name);
    g_handlers.clients.note(event.pid, name);
    say({"[EVENT] From {} (pid {}): {}", "[EVENT] 来自 {} (pid {}): {}"}, name, event.pid,
        get_text(event.text));
    return 0;
}

/* ---- the client: on its main thread --------------------------------------------------------- */

namespace notify {

inline std::string g_text;

inline std::string take(const std::string &text) {
    constexpr std::size_t kMost = sizeof(NotifyEvent::text) - 1;
    if (text.empty() || text.size() > kMost)
        return in_words({"takes one TEXT of 1 to {} bytes: notify 'link up'",
                         "需要一个 TEXT，长度 1 到 {} 字节：notify 'link up'"},
                        kMost);
    g_text = text;
    return {};
}

/* A 0 from rte_mp_sendmsg() means only that the kernel has taken the message. */
inline void run() {
    NotifyEvent event;
    event.header = g_run.next();
    event.pid = getpid();
    put_text(event.name, g_run.options.name);
    put_text(event.text, g_text);
    rte_mp_msg msg = make_message(kMsgNotify);
    fill(msg, event);

    const Clock::time_point give_up = Clock::now() + g_run.requests->timeout();
    int result = 0;
    do { /* each call waits up to kSendLimit for room in the server's queue */
        const Watch::Blocking blocking(g_run.session->watch(), Watch::Call::interruptible,
                                       kSendLimit + std::chrono::seconds(5));
        result = rte_mp_sendmsg(&msg);
    } while (result != 0 && rte_errno == EAGAIN && g_run.requests->sleep_until_room(give_up));
    /* An event has no reply: a sent one counts as answered, for the exit status to be 0. */
    g_run.sync.close(result == 0 ? Outcome::answered : Outcome::refused);
    if (result == 0) {
        say({"[EVENT] Sent: {}", "[EVENT] 已发送: {}"}, g_text);
    } else if (rte_errno == EAGAIN) {
        g_run.requests->note_unread();
        say({"[EVENT] Not sent: {}", "[EVENT] 未发送: {}"}, g_text);
    } else
        error({"cannot send the event: {}", "无法发送事件：{}"}, rte_strerror(rte_errno));
}

}  // namespace notify

inline const Exercise kNotify = {
    .command = {.name = "notify",
                .argument = "TEXT",
                .help = {"one message without a reply", "一条无需回复的消息"},
                .take = notify::take,
                .run = notify::run,
                .needs = 1},
    .at_server = action<on_notify, MessageKind::event>(kMsgNotify),
};

}  // namespace mp_ipc
