/* SPDX-License-Identifier: BSD-3-Clause
 *
 * report_request: an answer that does not fit 256 bytes comes as a file descriptor.
 */
#pragma once

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>
#include <sstream>
#include <string>

#include <rte_errno.h>

#include "exercises/exercise.h"
#include "exercises/run.h"
#include "support/base/sealed_memory.h"
#include "support/base/text.h"
#include "support/console/console.h"
#include "support/stats/server_facts.h"

namespace mp_ipc {

inline constexpr const char *kMsgReport = "report_request"; /* client to server */

struct ReportRequest {
    Header header;
};
struct ReportReply {
    Header header;
    std::uint64_t size = 0; /* bytes of text in fds[0], a sealed memfd; 0: no descriptor came */
};

/* ---- the server: on the EAL's IPC thread ---------------------------------------------------- */

inline int on_report(const rte_mp_msg *msg, const void *peer) {
    ReportRequest request;
    Status status = read_request(*msg, &request);
    say_each({"[REPORT] Received: seq={}", "[REPORT] 收到: seq={}"}, request.header.sequence);

    rte_mp_msg reply = make_message(msg->name);
    UniqueFd fd; /* open until the reply is sent: the kernel gives the client a copy */
    std::uint64_t size = 0;
    if (status == Status::ok) {
        g_handlers.note_received(); /* so that the report counts this request too */
        const std::string text = report_text(g_facts);
        fd = seal_text("report", text);
        if (fd) {
            size = text.size();
            reply.fds[0] = fd.get();
            reply.num_fds = 1;
        } else {
            error({"cannot make the memfd of a report: {}", "无法创建 report 的 memfd：{}"},
                  std::strerror(errno));
            status = Status::failed;
            g_handlers.current->refused++;
        }
    }
    fill(reply, ReportReply{reply_header(request.header, status), size});
    return rte_mp_reply(&reply, static_cast<const char *>(peer));
}

/* ---- the client: on its main thread --------------------------------------------------------- */

namespace report {

inline void send_one() {
    Turn turn(*g_run.requests);
    if (!g_run.going_on())
        return;
    const ReportRequest asked{g_run.next()};
    rte_mp_msg request = make_message(kMsgReport);
    fill(request, asked);

    struct rte_mp_reply reply = {}; /* rte_mp_reply names a function as well */
    const int result = turn ? rte_mp_request_sync(&request, &reply, turn.timeout()) : -1;
    ReplyMessages messages(reply);
    ReportReply answer;
    Ended ended = turn.ended(result, messages, asked.header, &answer);
    std::optional<std::string> text;
    if (ended.outcome == Outcome::answered) {
        if (const UniqueFd fd = messages.take_fd(0))
            text = read_sealed_text(fd.get(), answer.size, &ended.detail);
        else
            ended.detail = in_words({"no descriptor came with the reply", "回复没有附带描述符"});
        if (!text)
            ended.outcome = Outcome::refused;
    }

    if (!g_run.close("REPORT", "seq=" + std::to_string(asked.header.sequence), ended))
        return;
    std::istringstream lines(*text);
    for (std::string line; std::getline(lines, line);)
        say_each({"[REPORT] {}", "[REPORT] {}"}, line);
}

inline void run() {
    while (g_run.going_on() && g_run.sync.sent < g_run.options.count.value_or(1))
        send_one();
}

}  // namespace report

inline const Exercise kReport = {
    .command = {.name = "report",
                .help = {"a long answer, as a file descriptor", "以文件描述符返回的长回复"},
                .run = report::run,
                .needs = 1,
                .descriptors = DescriptorsIn::replies},
    .at_server = action<on_report>(kMsgReport),
};

}  // namespace mp_ipc
