/* SPDX-License-Identifier: BSD-3-Clause
 *
 * How requests ended. Every request that was sent ends with exactly one of the four outcomes.
 */
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <numeric>

#include "support/base/message.h"

namespace mp_ipc {

enum class Outcome {
    answered,  /* by its own reply, in time */
    late,      /* the reply of an earlier request took its place; its own will come late too */
    timed_out, /* no reply in time */
    refused,   /* not sent, ignored by a peer that is not ready, or answered with an error */
};

/* How many requests were sent, and how many ended with each outcome. Any thread, except next(). */
struct RequestCounts {
    std::atomic<std::uint64_t> sent{0};
    std::array<std::atomic<std::uint64_t>, 4> ended{}; /* by Outcome */

    /* Counts one more as sent; returns the header of its struct, whose sequence (1, 2, ...) the
     * reply carries back. One thread.
     */
    Header next(std::uint64_t boot_id = 0) { return {kVersion, Status::ok, ++sent, boot_id}; }

    void close(Outcome outcome) { ended[static_cast<std::size_t>(outcome)]++; }
    std::uint64_t count(Outcome outcome) const { return ended[static_cast<std::size_t>(outcome)]; }
    std::uint64_t closed() const {
        return std::accumulate(ended.begin(), ended.end(), std::uint64_t{0});
    }

    /* At the end of a run: closes the one request that may still be open as refused. Only one, so
     * that a request that was never closed shows in the sums.
     */
    void abandon_open() {
        if (sent > closed())
            close(Outcome::refused);
    }

    /* Sent, and those of each outcome; also to go on counting in another run of the program. */
    std::array<std::uint64_t, 5> numbers() const {
        std::array<std::uint64_t, 5> numbers{sent};
        std::copy(ended.begin(), ended.end(), numbers.begin() + 1);
        return numbers;
    }
    void go_on_from(const std::array<std::uint64_t, 5> &numbers) {
        sent = numbers[0];
        std::copy(numbers.begin() + 1, numbers.end(), ended.begin());
    }
};

}  // namespace mp_ipc
