/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The server's counts for DPDK's telemetry, so that dpdk-telemetry.py, Telegraf's dpdk input and
 * every exporter that reads its socket find them beside those of EAL: /mp_ipc/info, /mp_ipc/stats,
 * /mp_ipc/latency, /mp_ipc/heap and /mp_ipc/clients. Only telemetry.cpp calls librte_telemetry.
 */
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace mp_ipc {

/* Registers the commands, which answer from g_facts until close_handlers(); afterwards they answer
 * null, since the library cannot unregister a command. In a primary, once g_facts is written; main
 * thread.
 */
void serve_telemetry();

/* text as the library can pass it on: bytes that are not printable ASCII become \xNN (it looks
 * those over 0x7f up outside a table and drops them), and what exceeds `limit` bytes is cut.
 */
std::string telemetry_text(std::string_view text, std::size_t limit);

}  // namespace mp_ipc
