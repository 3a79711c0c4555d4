/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The primary's heap of shared memory on each NUMA node: its size, how many secondaries may still
 * attach, and a stop to its growth. To grow it for a secondary, the library sends a request to all
 * others. If one does not answer, the library frees memory that may be in use already, and the
 * primary dies (docs/faults.md).
 */
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mp_ipc {

/* Bytes. */
struct NodeHeap {
    unsigned node = 0;
    std::uint64_t size = 0;
    std::uint64_t in_use = 0;
    std::uint64_t largest_free = 0; /* the largest block */
};

struct HeapFacts {
    std::vector<NodeHeap> nodes;    /* as EAL knows them, sorted */
    std::uint64_t attach_bytes = 0; /* what rte_eal_init() of one secondary takes at most */

    /* How many secondaries can be inside rte_eal_init() at one moment. A client that starts by
     * start_secondary() frees its part when it has attached; another secondary keeps it for as long
     * as it lives.
     */
    std::uint64_t clients_fit(const NodeHeap &node) const;
    std::uint64_t clients_fit() const; /* on all nodes */
};

/* "node 0: 0.2 of 16.0 MiB in use, room for 104 clients; node 1: …" */
std::string heap_text(const HeapFacts &facts);
/* Shorter, and the same in all languages: "node 0: 0.2/16.0 MiB, node 1: …" */
std::string heap_sizes(const HeapFacts &facts);
/* The option with which the primary would have enough on every node: "--socket-mem 16,16". */
std::string heap_advice(const HeapFacts &facts);

/* In a primary, right after its rte_eal_init(): measures what that took, for attach_bytes, since
 * that of a secondary takes the same.
 */
void measure_attach_bytes();

/* From now on the heap does not grow: an allocation that does not fit fails with ENOMEM at once,
 * and a warning reports it. In a primary, after it has reserved all its own memory.
 */
void stop_heap_growth();

/* In a primary, or a secondary (where attach_bytes stays 0). Any thread. nullopt if the heap's lock
 * is not free within a second: a killed process may have held it.
 */
std::optional<HeapFacts> look_at_heap();

}  // namespace mp_ipc
