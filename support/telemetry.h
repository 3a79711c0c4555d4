/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The server's numbers for DPDK's telemetry, so that dpdk-telemetry.py, Telegraf's dpdk input and
 * every exporter that speaks its socket find them beside those of EAL: /mp_ipc/info, /mp_ipc/stats,
 * /mp_ipc/latency and /mp_ipc/clients. Only telemetry.cpp calls librte_telemetry.
 */
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "support/client_table.h"
#include "support/live_histogram.h"
#include "support/schedule.h"

namespace mp_ipc {

/* What the telemetry threads read. What is pointed to is written by the IPC thread meanwhile and
 * lives longer than the Telemetry that was made of it.
 */
struct TelemetrySource {
    struct Action {
        const char *name;
        const std::atomic<std::uint64_t> *received;
        const std::atomic<std::uint64_t> *replied;
        const std::atomic<std::uint64_t> *refused;
        const LiveHistogram *handling; /* ns from the handler's start to its end */
    };
    std::vector<Action> actions;
    const ClientTable *clients = nullptr;
    std::string file_prefix;
    std::uint64_t boot_id = 0;
    Clock::time_point started;
    /* Text for /mp_ipc/info: name and value, names of letters, digits and '_'. */
    std::vector<std::pair<std::string, std::string>> options;
};

/* Answers as long as it lives; afterwards the commands answer null, since the library has no way to
 * take a command back. At most one at a time. After rte_eal_init() of a primary.
 */
class Telemetry {
  public:
    explicit Telemetry(TelemetrySource source);
    ~Telemetry(); /* waits for an answer that is being made */
    Telemetry(const Telemetry &) = delete;
    Telemetry &operator=(const Telemetry &) = delete;
};

/* text as the library can pass it on: bytes that are not printable ASCII become \xNN (it looks
 * those over 0x7f up outside a table and drops them), and what exceeds `limit` bytes is cut.
 */
std::string telemetry_text(std::string_view text, std::size_t limit);

}  // namespace mp_ipc
