/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/stats/server_facts.h"

#include <unistd.h>

#include <chrono>
#include <random>

#include <rte_version.h>

#include "support/console/console.h"
#include "support/eal/heap.h"
#include "support/eal/ipc_core.h"

namespace mp_ipc {

std::uint64_t new_boot_id() {
    std::random_device random;
    std::uint64_t id = 0;
    while (id == 0)
        id = std::uint64_t{random()} << 32 | random();
    return id;
}

std::string report_text(const ServerFacts &facts) {
    const auto up = std::chrono::duration<double>(Clock::now() - facts.started).count();
    std::string text = program().name + std::string(" " MP_IPC_VERSION "\n");
    text += std::string("dpdk: ") + rte_version() + "\n";
    text += "pid: " + std::to_string(getpid()) + "\n";
    text += "boot_id: " + std::to_string(g_handlers.boot_id) + "\n";
    text += "uptime_s: " + fixed(up, 1) + "\n";
    text += "ipc_thread_cores: " + ipc_thread_cores() + "\n";
    for (const Action &action : facts.actions) {
        const ActionCounts &counts = *action.counts;
        text += "action " + std::string(action.name) + ": received " +
                std::to_string(counts.received) + ", replied " + std::to_string(counts.replied) +
                ", refused " + std::to_string(counts.refused) + "\n";
    }
    const auto heap = look_at_heap();
    text += "heap: " + (heap ? heap_text(*heap) : "not known: its lock is held") + "\n";
    const auto clients = g_handlers.clients.list();
    text += "clients: " + std::to_string(clients.size()) + "\n";
    for (const ClientRecord &client : clients) {
        text += "client pid " + std::to_string(client.pid) +
                (client.name.empty() ? "" : " " + client.name) + ": messages " +
                std::to_string(client.requests) + "\n";
    }
    return text;
}

}  // namespace mp_ipc
