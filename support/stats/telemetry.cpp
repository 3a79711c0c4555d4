/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/stats/telemetry.h"

#include <unistd.h>

#include <chrono>
#include <memory>
#include <string_view>

#include <rte_errno.h>
#include <rte_telemetry.h>
#include <rte_version.h>

#include "support/console/console.h"
#include "support/eal/heap.h"
#include "support/eal/ipc_core.h"
#include "support/stats/server_facts.h"

namespace mp_ipc {
namespace {

/* More clients than these do not fit the library's 16 KiB for one answer. */
constexpr std::size_t kMostClients = 64;

using Data = rte_tel_data;

/* rte_tel_data_add_dict_u64() was renamed _uint and deprecated in 23.03, and removed in 25.11. */
void add(Data *dict, const char *name, std::uint64_t value) {
#if RTE_VERSION >= RTE_VERSION_NUM(23, 3, 0, 0)
    rte_tel_data_add_dict_uint(dict, name, value);
#else
    rte_tel_data_add_dict_u64(dict, name, value);
#endif
}

void add(Data *dict, const char *name, const std::string &text) {
    rte_tel_data_add_dict_string(dict, name,
                                 telemetry_text(text, RTE_TEL_MAX_STRING_LEN - 1).c_str());
}

struct FreeData {
    void operator()(Data *data) const { rte_tel_data_free(data); }
};

/* A dictionary within a dictionary. */
template <typename Fill>
void add_dict(Data *dict, const char *name, const Fill &fill) {
    std::unique_ptr<Data, FreeData> inner(rte_tel_data_alloc());
    if (!inner || rte_tel_data_start_dict(inner.get()) != 0)
        return;
    fill(inner.get());
    /* The library frees it (keep = 0) once it has taken it. */
    if (rte_tel_data_add_dict_container(dict, name, inner.get(), 0) == 0)
        static_cast<void>(inner.release());
}

std::uint64_t uptime_s() {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - g_facts.started).count());
}

/* As text: a JSON reader that keeps numbers as doubles would change it. */
void add_boot_id(Data *dict) {
    add(dict, "boot_id", std::to_string(g_handlers.boot_id));
}

void info(Data *data, std::string_view /*parameter*/) {
    add(data, "version", std::string(MP_IPC_VERSION));
    add(data, "dpdk", std::string(rte_version()));
    add(data, "dpdk_built_for", std::string(RTE_VER_PREFIX " " MP_IPC_DPDK_VERSION));
    add(data, "pid", static_cast<std::uint64_t>(getpid()));
    add(data, "file_prefix", g_facts.file_prefix);
    add_boot_id(data);
    add(data, "uptime_s", uptime_s());
    add(data, "ipc_thread_cores", ipc_thread_cores());
    for (const auto &[name, value] : g_facts.options)
        add(data, name.c_str(), value);
}

void stats(Data *data, std::string_view /*parameter*/) {
    add(data, "uptime_s", uptime_s());
    add_boot_id(data);
    std::uint64_t received = 0;
    std::uint64_t replied = 0;
    std::uint64_t refused = 0;
    for (const Action &action : g_facts.actions) {
        received += action.counts->received;
        replied += action.counts->replied;
        refused += action.counts->refused;
    }
    add(data, "received", received);
    add(data, "replied", replied);
    add(data, "refused", refused);
    /* Only the client knows that a reply came late: it reports that with --broadcast. */
    add(data, "late", g_handlers.clients.late());
    add(data, "clients", g_handlers.clients.list().size());
    for (const Action &action : g_facts.actions)
        add_dict(data, action.name, [&](Data *dict) {
            add(dict, "received", action.counts->received);
            add(dict, "replied", action.counts->replied);
            add(dict, "refused", action.counts->refused);
        });
}

void latency(Data *data, std::string_view wanted) {
    for (const Action &action : g_facts.actions) {
        if (!wanted.empty() && wanted != action.name)
            continue;
        const Histogram &times = action.counts->handling;
        add_dict(data, action.name, [&](Data *dict) {
            add(dict, "count", times.count());
            add(dict, "min_ns", times.min());
            add(dict, "p50_ns", times.quantile(0.5));
            add(dict, "p90_ns", times.quantile(0.9));
            add(dict, "p99_ns", times.quantile(0.99));
            add(dict, "p999_ns", times.quantile(0.999));
            add(dict, "max_ns", times.max());
            /* Cumulative, as Prometheus has its buckets: how many took at most so long. The last
             * is over a second. */
            add_dict(dict, "up_to_ns", [&](Data *buckets) {
                for (unsigned bits = 10; bits <= 30; bits++) {
                    const std::uint64_t bound = (std::uint64_t{1} << bits) - 1;
                    add(buckets, std::to_string(bound).c_str(), times.count_up_to(bound));
                }
            });
        });
    }
}

void clients(Data *data, std::string_view wanted) {
    const std::vector<ClientRecord> all = g_handlers.clients.list();
    std::size_t shown = 0;
    std::uint64_t left_out = 0;
    for (const ClientRecord &client : all) {
        const std::string pid = std::to_string(client.pid);
        if (!wanted.empty() && wanted != pid)
            continue;
        if (shown++ >= kMostClients) {
            left_out++;
            continue;
        }
        add_dict(data, pid.c_str(), [&](Data *dict) {
            add(dict, "name", client.name);
            add(dict, "messages", client.requests);
            if (client.reported) {
                add(dict, "sent", client.reported->sent);
                add(dict, "answered", client.reported->answered);
                add(dict, "late", client.reported->late);
            }
        });
    }
    if (left_out > 0)
        add(data, "left_out", left_out);
}

void heap(Data *data, std::string_view /*parameter*/) {
    const auto facts = look_at_heap();
    if (!facts)
        return; /* an empty answer: its lock is held */
    add(data, "clients_fit", facts->clients_fit());
    add(data, "attach_bytes", facts->attach_bytes);
    add(data, "heap", heap_sizes(*facts));
    add(data, "advice", heap_advice(*facts));
    for (const NodeHeap &node : facts->nodes)
        add_dict(data, ("node_" + std::to_string(node.node)).c_str(), [&](Data *dict) {
            add(dict, "size", node.size);
            add(dict, "in_use", node.in_use);
            add(dict, "largest_free", node.largest_free);
            add(dict, "clients_fit", facts->clients_fit(node));
        });
}

/* On a thread of the library's for each connection. A negative result makes the answer null. */
template <void (*Fill)(Data *dict, std::string_view parameter)>
int answer(const char * /*command*/, const char *params, Data *data) {
    const HandlerGate::Pass pass(g_handlers.gate);
    if (!pass.open() || rte_tel_data_start_dict(data) != 0)
        return -1;
    Fill(data, params != nullptr ? params : "");
    return 0;
}

constexpr struct {
    const char *name;
    telemetry_cb handler;
    const char *help; /* under RTE_TEL_MAX_STRING_LEN bytes */
} kCommands[] = {
    {"/mp_ipc/info", answer<info>,
     "versions, pid, file prefix, boot id, cores of its IPC thread, its options"},
    {"/mp_ipc/stats", answer<stats>,
     "uptime, messages received, replied, refused, late; in all and per action"},
    {"/mp_ipc/latency", answer<latency>,
     "time to handle a message, quantiles and cumulative buckets in ns. "
     "Parameters: [action]"},
    {"/mp_ipc/heap", answer<heap>,
     "its heap by NUMA node: size, in use, how many clients can attach at one moment"},
    {"/mp_ipc/clients", answer<clients>,
     "its clients by pid; their own counts with --broadcast. Parameters: [pid]"},
};

}  // namespace

void serve_telemetry() {
    for (const auto &command : kCommands) {
        /* The library copies the text. */
        const std::string help = std::string(program().name) + ": " + command.help;
        const int result = rte_telemetry_register_cmd(command.name, command.handler, help.c_str());
        if (result != 0)
            warn({"no telemetry command {}: {}", "无法提供 telemetry 命令 {}：{}"}, command.name,
                 rte_strerror(-result));
    }
}

std::string telemetry_text(std::string_view text, std::size_t limit) {
    static constexpr char kHex[] = "0123456789abcdef";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        std::string next(1, c);
        if (byte < 0x20 || byte > 0x7e)
            next = {'\\', 'x', kHex[byte >> 4], kHex[byte & 0xf]};
        if (out.size() + next.size() > limit)
            break;
        out += next;
    }
    return out;
}

}  // namespace mp_ipc
