/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The primary's heap of shared memory, on each NUMA node: how large it is, how many secondaries may
 * still attach, and that it does not grow. To grow it for a secondary is a round of requests to all
 * others; where one does not answer, the library takes back memory that may be in use already, and
 * the primary dies (docs/faults.md).
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

    /* How many secondaries can be within their rte_eal_init() at one moment. A client that starts
     * by start_secondary() gives it all back when it has attached; another secondary keeps it as
     * long as it lives.
     */
    std::uint64_t clients_fit(const NodeHeap &node) const;
    std::uint64_t clients_fit() const; /* on all nodes */
};

/* "node 0: 0.2 of 16.0 MiB in use, room for 104 clients; node 1: …" */
std::string heap_text(const HeapFacts &facts);
/* In no language, and short: "node 0: 0.2/16.0 MiB, node 1: …" */
std::string heap_sizes(const HeapFacts &facts);
/* The option with which the primary would have enough on every node: "--socket-mem 16,16". */
std::string heap_advice(const HeapFacts &facts);

/* In a primary, right after its rte_eal_init(): how much that took is measured then, since a
 * secondary's takes the same.
 */
void measure_attach_bytes();

/* From now on the heap does not grow any more: who asks for more than there is gets ENOMEM at once,
 * and a warning says so. In a primary, when all its own memory is reserved.
 */
void stop_heap_growth();

/* In a primary, or a secondary (where attach_bytes stays 0). Any thread. Nothing where the heap's
 * lock is not to be had within a second: a process that was killed may have taken it with it.
 */
std::optional<HeapFacts> look_at_heap();

}  // namespace mp_ipc
