/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Asks the server for its heap by the telemetry socket, before a client attaches: to find that
 * there is no room the library takes locks in shared memory.
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

/* The answer of the primary in this runtime directory. nullopt if there is none within `limit` (for
 * each step): the primary has no telemetry, is another program, or is stopped. Any thread.
 */
std::optional<HeapAnswer> ask_for_heap(
    const std::string &dir, std::chrono::milliseconds limit = std::chrono::milliseconds(200));

/* Reads the answer to /mp_ipc/heap; nullopt: it has no "clients_fit". */
std::optional<HeapAnswer> read_heap_answer(const std::string &json);

}  // namespace mp_ipc
