/* SPDX-License-Identifier: BSD-3-Clause */
#include "exercises/run_status.h"

#include "support/base/exit_status.h"
#include "support/console/console.h"

namespace mp_ipc {

int run_status(const ClientOptions &options, const Books &sync, const Books &async, bool notified,
               bool by_signal) {
    using Command = ClientOptions::Command;
    const auto complete = [&](const Books &books, std::uint64_t wanted) {
        return books.answered == books.sent && (by_signal || books.answered >= wanted);
    };
    bool good = true;
    switch (options.command) {
        case Command::hello:
            if (options.count && !by_signal)
                good = (options.sync_interval_s <= 0 || complete(sync, *options.count)) &&
                       (options.async_interval_s <= 0 || complete(async, *options.count));
            break;
        case Command::ping:
            good = complete(sync, options.count.value_or(0));
            break;
        case Command::notify:
            good = notified;
            break;
        case Command::report:
            good = complete(sync, options.count.value_or(1)) && sync.answered > 0;
            break;
        case Command::doctor:
            break;
    }
    return good ? kExitOk : kExitUnanswered;
}

int conclude(Watch::Reason reason, bool server_shut_down, int status, int status_if_stuck) {
    using Reason = Watch::Reason;
    if (server_shut_down && (reason == Reason::primary_gone || reason == Reason::none)) {
        say({"[Client] The server has shut down", "[Client] Server 已退出"});
    } else if (reason == Reason::primary_gone) {
        error("the server went away without shutting down; start it again, then mp_client");
        return kExitNoPrimary;
    } else if (reason == Reason::ipc_thread_gone) {
        error(kIpcThreadGone);
        return kExitFailure;
    } else if (reason == Reason::stuck) {
        diagnose(
            Severity::warning,
            "a call of the DPDK library did not return in time: the server is stopped, or a lock "
            "is lost, the library's own in this program or one in shared memory that a killed "
            "process held; start this program again, and the server where that does not help");
        return status_if_stuck;
    }
    return console_failed() ? kExitFailure : status;
}

}  // namespace mp_ipc
