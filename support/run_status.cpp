/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/run_status.h"

#include "common.h"

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

}  // namespace mp_ipc
