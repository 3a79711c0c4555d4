/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Both sides of the shared-memory alternative: rte_ring between the bare primary and the driver,
 * both polling.
 */
#include <cstdint>
#include <cstring>

#include <rte_common.h>
#include <rte_errno.h>
#include <rte_memzone.h>
#include <rte_pause.h>
#include <rte_ring.h>

#include "bench/peer.h"

namespace mp_ipc::bench {
namespace {

/* A frame for each direction. The rings only pass the turn, as they would pass the address of a
 * buffer; each side fills and reads the whole frame.
 */
struct Frames {
    alignas(RTE_CACHE_LINE_SIZE) char to_primary[kFrame];
    alignas(RTE_CACHE_LINE_SIZE) char to_secondary[kFrame];
};
constexpr const char *kFramesName = "bench_frames";
constexpr const char *kRingToPrimary = "bench_to_primary";
constexpr const char *kRingToSecondary = "bench_to_secondary";

Frames *g_frames = nullptr;
rte_ring *g_to_primary = nullptr;
rte_ring *g_to_secondary = nullptr;

void *dequeue(rte_ring *ring) {
    void *object = nullptr;
    for (std::uint64_t empty = 0; rte_ring_dequeue(ring, &object) != 0; empty++) {
        rte_pause();
        if (empty > 400'000'000) /* after some seconds: the other side has exited */
            throw Failure("nothing came through the ring");
    }
    return object;
}

}  // namespace

void create_rings() {
    const rte_memzone *frames =
        rte_memzone_reserve_aligned(kFramesName, sizeof(Frames), SOCKET_ID_ANY, 0, alignof(Frames));
    constexpr unsigned kSingle = RING_F_SP_ENQ | RING_F_SC_DEQ;
    g_to_primary = rte_ring_create(kRingToPrimary, 64, SOCKET_ID_ANY, kSingle);
    g_to_secondary = rte_ring_create(kRingToSecondary, 64, SOCKET_ID_ANY, kSingle);
    if (frames == nullptr || g_to_primary == nullptr || g_to_secondary == nullptr)
        fail("cannot reserve shared memory", rte_errno);
    g_frames = static_cast<Frames *>(frames->addr);
}

std::int64_t echo_ring(std::istringstream &words) {
    const auto count = next<unsigned long>(words);
    char copy[kFrame];
    const std::int64_t begin = now_ns();
    for (unsigned long i = 0; i < count; i++) {
        std::memcpy(copy, dequeue(g_to_primary), sizeof(copy));
        std::memcpy(g_frames->to_secondary, copy, sizeof(copy));
        rte_ring_enqueue(g_to_secondary, g_frames->to_secondary);
    }
    return now_ns() - begin;
}

std::int64_t drive_ring(std::istringstream &words) {
    const auto count = next<unsigned long>(words);
    const rte_memzone *frames = rte_memzone_lookup(kFramesName);
    g_to_primary = rte_ring_lookup(kRingToPrimary);
    g_to_secondary = rte_ring_lookup(kRingToSecondary);
    if (frames == nullptr || g_to_primary == nullptr || g_to_secondary == nullptr)
        throw Failure("the primary has no rings");
    g_frames = static_cast<Frames *>(frames->addr);
    char copy[kFrame] = {};
    return time_each(count, [&] {
        std::memcpy(g_frames->to_primary, copy, sizeof(copy));
        rte_ring_enqueue(g_to_primary, g_frames->to_primary);
        std::memcpy(copy, dequeue(g_to_secondary), sizeof(copy));
    });
}

}  // namespace mp_ipc::bench
