/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/eal/heap.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <system_error>
#include <thread>
#include <utility>

#include <rte_config.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_malloc.h>
#include <rte_memory.h>

#include "support/console/console.h"

namespace mp_ipc {
namespace {

constexpr double kMebibyte = 1024 * 1024;

std::atomic<std::uint64_t> g_attach_bytes{0};

std::vector<NodeHeap> heaps_of_nodes() {
    std::vector<NodeHeap> heaps;
    for (unsigned index = 0; index < rte_socket_count(); index++) {
        const int node = rte_socket_id_by_idx(index);
        rte_malloc_socket_stats stats = {};
        if (node < 0 || rte_malloc_get_socket_stats(node, &stats) != 0)
            continue;
        heaps.push_back({static_cast<unsigned>(node), stats.heap_totalsz_bytes,
                         stats.heap_allocsz_bytes, stats.greatest_free_size});
    }
    return heaps;
}

/* On the IPC thread, for the request of another process. Always refuses. */
int refuse_growth(int node, std::size_t /*limit*/, std::size_t size) {
    using Clock = std::chrono::steady_clock;
    constexpr auto kSilence = std::chrono::seconds(10);
    static std::atomic<Clock::rep> silent_until{0}; /* since the clock's epoch */
    const Clock::time_point now = Clock::now();
    if (now.time_since_epoch().count() >= silent_until.load()) {
        silent_until = (now + kSilence).time_since_epoch().count();
        warn(
            {"a process asked for more heap on node {} ({} MiB in all), and was refused: start the "
             "server with more --socket-mem",
             "有进程在 node {} 上请求更多的堆（共 {} MiB），已拒绝：请用 --socket-mem "
             "给 Server 更多内存后重新启动"},
            node, fixed(static_cast<double>(size) / kMebibyte, 1));
    }
    return -1;
}

}  // namespace

std::uint64_t HeapFacts::clients_fit(const NodeHeap &node) const {
    return attach_bytes > 0 ? node.largest_free / attach_bytes : 0;
}

std::uint64_t HeapFacts::clients_fit() const {
    std::uint64_t all = 0;
    for (const NodeHeap &node : nodes)
        all += clients_fit(node);
    return all;
}

std::string heap_text(const HeapFacts &facts) {
    std::string text;
    for (const NodeHeap &node : facts.nodes) {
        text += (text.empty() ? "node " : "; node ") + std::to_string(node.node) + ": ";
        text += fixed(static_cast<double>(node.in_use) / kMebibyte, 1) + " of " +
                fixed(static_cast<double>(node.size) / kMebibyte, 1) + " MiB in use";
        if (facts.attach_bytes > 0)
            text += ", room for " + std::to_string(facts.clients_fit(node)) + " clients";
    }
    return text;
}

std::string heap_sizes(const HeapFacts &facts) {
    std::string text;
    for (const NodeHeap &node : facts.nodes)
        text += (text.empty() ? "node " : ", node ") + std::to_string(node.node) + ": " +
                fixed(static_cast<double>(node.in_use) / kMebibyte, 1) + "/" +
                fixed(static_cast<double>(node.size) / kMebibyte, 1) + " MiB";
    return text;
}

std::string heap_advice(const HeapFacts &facts) {
    constexpr double kLeast = 16; /* MiB */
    std::string value;
    unsigned node = 0;
    for (const NodeHeap &heap : facts.nodes) {
        for (; node < heap.node; node++) /* numbers that no node has */
            value += "0,";
        const double used = static_cast<double>(heap.in_use) / kMebibyte;
        value += std::to_string(static_cast<unsigned long>(kLeast + used)) + ",";
        node++;
    }
    return "--socket-mem " + value.substr(0, value.size() - 1);
}

void measure_attach_bytes() {
    /* What services can take at most, by the limits of the library: the heap of a primary with
     * devices holds more than that. (22.11: 64 services of 128 bytes, 1,152 bytes a core.) */
    constexpr std::uint64_t kMostTaken = 64UL * 512 + std::uint64_t{RTE_MAX_LCORE} * 4096;
    /* At least this: if a start took nothing, the heap would seem to have room without limit. */
    constexpr std::uint64_t kLeast = 4096;
    std::uint64_t taken = 0;
    for (const NodeHeap &heap : heaps_of_nodes())
        taken += heap.in_use;
    g_attach_bytes = std::clamp(taken, kLeast, kMostTaken);
}

void stop_heap_growth() {
    for (unsigned index = 0; index < rte_socket_count(); index++) {
        const int node = rte_socket_id_by_idx(index);
        /* Limit 0: called for every allocation of pages, also after pages were freed. */
        if (node >= 0 &&
            rte_mem_alloc_validator_register("mp_ipc_no_growth", refuse_growth, node, 0) != 0 &&
            rte_errno != ENOTSUP && rte_errno != EEXIST) /* --legacy-mem: it never grows */
            warn({"the heap of node {} may still grow: {}", "node {} 的堆仍可能增长：{}"}, node,
                 rte_strerror(rte_errno));
    }
}

std::optional<HeapFacts> look_at_heap() {
    static std::atomic<bool> stuck{false};           /* a thread still waits for the heap's lock */
    constexpr auto kLimit = std::chrono::seconds(1); /* enough on a loaded machine */
    if (stuck)
        return std::nullopt;
    std::packaged_task<std::vector<NodeHeap>()> look(heaps_of_nodes);
    std::future<std::vector<NodeHeap>> heaps = look.get_future();
    try {
        std::thread([look = std::move(look)]() mutable {
            look();
            stuck = false;
        }).detach();
    } catch (const std::system_error &) { /* the limit of processes is reached */
        return std::nullopt;
    }
    const auto ready_within = [&](std::chrono::seconds limit) {
        return heaps.wait_for(limit) == std::future_status::ready;
    };
    if (!ready_within(kLimit)) {
        stuck = true;
        if (!ready_within(std::chrono::seconds(0)))
            return std::nullopt;
        stuck = false; /* the thread may have ended before it was set */
    }
    return HeapFacts{heaps.get(), g_attach_bytes};
}

}  // namespace mp_ipc
