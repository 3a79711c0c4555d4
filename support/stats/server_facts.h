/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What mp_server can tell about itself: what became of the messages of each action, its clients,
 * its options. The report (a file descriptor to a client) and telemetry (a socket to anybody's
 * tools) show the same facts.
 */
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "support/base/live_histogram.h"
#include "support/base/schedule.h"
#include "support/ipc/client_table.h"

namespace mp_ipc {

/* What became of the messages of one action. Written by the IPC thread, read by any. */
struct ActionTotals {
    const char *name;
    std::atomic<std::uint64_t> received{0};
    std::atomic<std::uint64_t> replied{0};
    std::atomic<std::uint64_t> refused{0}; /* answered with a status other than ok */
    LiveHistogram handling{};              /* ns from the handler's start to its end */
};

/* What is pointed to outlives whoever shows it. The rest is written before the first message. */
struct ServerFacts {
    std::vector<const ActionTotals *> actions;
    const ClientTable *clients = nullptr;
    std::string file_prefix;
    std::uint64_t boot_id = 0; /* as in SharedInfo */
    Clock::time_point started;
    /* Name and value; names of letters, digits and '_'. */
    std::vector<std::pair<std::string, std::string>> options;
};

/* A random number other than 0, which would mean "unknown". */
std::uint64_t new_boot_id();

/* The text of a report: a line each, some hundred bytes to some hundred KiB (many clients). */
std::string report_text(const ServerFacts &facts);

}  // namespace mp_ipc
