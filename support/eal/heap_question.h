/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a client asks of the server's heap before it attaches, by the telemetry socket: after that
 * it is too late, since the library takes locks in shared memory to find that there is no room.
 */
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace mp_ipc {

struct HeapAnswer {
    std::uint64_t clients_fit = 0;
    std::string heap;   /* as heap_sizes() */
    std::string advice; /* as heap_advice() */
};

/* The answer of the primary in this runtime directory. Nothing where it does not give one within
 * `limit`: it has no telemetry, is another program, is stopped.
 */
std::optional<HeapAnswer> ask_for_heap(
    const std::string &dir, std::chrono::milliseconds limit = std::chrono::milliseconds(200));

/* Reads the answer to /mp_ipc/heap. */
std::optional<HeapAnswer> read_heap_answer(const std::string &json);

}  // namespace mp_ipc
