/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a server can tell about itself: what became of the messages of each action, its clients,
 * its options. The report (a file descriptor to a client) and telemetry (a socket to anybody's
 * tools) show the same facts.
 */
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "support/base/schedule.h"
#include "support/ipc/handler.h"

namespace mp_ipc {

/* Written before the first message. */
struct ServerFacts {
    std::vector<Action> actions; /* the counts outlive whoever shows them */
    std::string file_prefix;
    Clock::time_point started;
    /* Name and value; names of letters, digits and '_'. */
    std::vector<std::pair<std::string, std::string>> options;
};
inline ServerFacts g_facts; /* one in a process */

/* A random number other than 0, which would mean "unknown". */
std::uint64_t new_boot_id();

/* The text of a report: a line each, some hundred bytes to some hundred KiB (many clients). */
std::string report_text(const ServerFacts &facts);

}  // namespace mp_ipc
