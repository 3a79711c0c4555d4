/* SPDX-License-Identifier: BSD-3-Clause
 *
 * How requests ended. Every request that was sent ends with exactly one of the four outcomes.
 */
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

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
    std::atomic<std::uint64_t> answered{0};
    std::atomic<std::uint64_t> late{0};
    std::atomic<std::uint64_t> timed_out{0};
    std::atomic<std::uint64_t> refused{0};

    /* Counts one more as sent; returns the header of its struct, whose sequence (1, 2, ...) the
     * reply carries back. One thread.
     */
    Header next(std::uint64_t boot_id = 0) { return {kVersion, Status::ok, ++sent, boot_id}; }

    void close(Outcome outcome) {
        switch (outcome) {
            case Outcome::answered:
                answered++;
                break;
            case Outcome::late:
                late++;
                break;
            case Outcome::timed_out:
                timed_out++;
                break;
            case Outcome::refused:
                refused++;
                break;
        }
    }
    std::uint64_t closed() const { return answered + late + timed_out + refused; }

    /* At the end of a run: closes the one request that may still be open as refused. Only one, so
     * that a request that was never closed shows in the sums.
     */
    void abandon_open() {
        if (sent > closed())
            close(Outcome::refused);
    }

    /* In the order above; also to go on counting in another run of the program. */
    std::array<std::uint64_t, 5> numbers() const {
        return {sent, answered, late, timed_out, refused};
    }
    void go_on_from(const std::array<std::uint64_t, 5> &numbers) {
        sent = numbers[0];
        answered = numbers[1];
        late = numbers[2];
        timed_out = numbers[3];
        refused = numbers[4];
    }
};

}  // namespace mp_ipc
