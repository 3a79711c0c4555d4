/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The facts that a server reports of itself: the counts of each action, its clients, its options.
 * The report (a file descriptor to a client) and telemetry (a socket for other tools) show the same
 * facts.
 */
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "support/base/schedule.h"
#include "support/ipc/handler.h"

namespace mp_ipc {

/* Written before the first message; afterwards read by any thread. */
struct ServerFacts {
    std::vector<Action> actions; /* their counts live as long as the process */
    std::string file_prefix;
    Clock::time_point started;
    /* Name and value; names of letters, digits and '_'. */
    std::vector<std::pair<std::string, std::string>> options;
};
inline ServerFacts g_facts; /* one in a process */

/* A random number other than 0, which means "unknown". */
std::uint64_t new_boot_id();

/* The text of a report, one fact a line: some hundred bytes, or some hundred KiB with many clients.
 * Any thread.
 */
std::string report_text(const ServerFacts &facts);

}  // namespace mp_ipc
