/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A Histogram that one thread writes while others read. An addition is a few plain loads and
 * stores, no locked instruction: with one writer, relaxed atomics lose nothing.
 */
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "support/base/histogram.h"

namespace mp_ipc {

class LiveHistogram {
  public:
    /* One thread, always the same. */
    void add(std::uint64_t ns) {
        bump(counts_[Histogram::index(ns)]);
        if (ns < min_.load(std::memory_order_relaxed))
            min_.store(ns, std::memory_order_relaxed);
        if (ns > max_.load(std::memory_order_relaxed))
            max_.store(ns, std::memory_order_relaxed);
    }

    /* Any thread. A time that is added meanwhile may be missing; the count is that of the buckets.
     */
    Histogram snapshot() const {
        Histogram copy;
        for (std::size_t i = 0; i < counts_.size(); i++) {
            copy.counts_[i] = counts_[i].load(std::memory_order_relaxed);
            copy.count_ += copy.counts_[i];
        }
        copy.min_ = min_.load(std::memory_order_relaxed);
        copy.max_ = std::max(copy.min_, max_.load(std::memory_order_relaxed));
        if (copy.count_ == 0)
            copy = Histogram();
        return copy;
    }

  private:
    static void bump(std::atomic<std::uint64_t> &count) {
        count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    }

    std::array<std::atomic<std::uint64_t>, Histogram::kBuckets> counts_{};
    std::atomic<std::uint64_t> min_{std::numeric_limits<std::uint64_t>::max()};
    std::atomic<std::uint64_t> max_{0};
};

}  // namespace mp_ipc
