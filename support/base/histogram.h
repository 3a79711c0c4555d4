/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Times in a fixed amount of memory, however many there are: 64 buckets for each power of two. A
 * quantile is interpolated within its bucket: its error is at most 1.6 %, and mostly much less.
 *
 * One thread adds, any thread reads: with one writer, plain loads and stores of atomics lose
 * nothing, and no instruction is locked. A time that is added meanwhile may be missing.
 */
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <limits>

namespace mp_ipc {

class Histogram {
  public:
    void add(std::uint64_t ns) {
        if (ns < min_.load(std::memory_order_relaxed))
            min_.store(ns, std::memory_order_relaxed);
        if (ns > max_.load(std::memory_order_relaxed))
            max_.store(ns, std::memory_order_relaxed);
        /* Last: who sees the count also sees the least and the greatest. */
        std::atomic<std::uint64_t> &count = counts_[index(ns)];
        count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    }
    std::uint64_t count() const {
        std::uint64_t sum = 0;
        for (std::size_t i = 0; i < counts_.size(); i++)
            sum += in_bucket(i);
        return sum;
    }
    std::uint64_t min() const { return count() > 0 ? min_.load(std::memory_order_relaxed) : 0; }
    std::uint64_t max() const { return max_.load(std::memory_order_relaxed); }

    /* ns: the least time that at least `part` (0 to 1) of all do not exceed; 0 if there are none.
     */
    std::uint64_t quantile(double part) const {
        const auto wanted = std::max<std::uint64_t>(
            static_cast<std::uint64_t>(part * static_cast<double>(count()) + 0.999999), 1);
        std::uint64_t before = 0;
        for (std::size_t i = 0; i < counts_.size(); i++) {
            const std::uint64_t here = in_bucket(i);
            if (before + here < wanted) {
                before += here;
                continue;
            }
            const std::uint64_t low = i == 0 ? 0 : upper(i - 1) + 1;
            const std::uint64_t width = upper(i) - low;
            const auto inside = static_cast<std::uint64_t>(static_cast<double>(width) *
                                                           static_cast<double>(wanted - before) /
                                                           static_cast<double>(here));
            const std::uint64_t least = min_.load(std::memory_order_relaxed);
            return std::max(least, std::min(low + std::min(inside, width), max()));
        }
        return max();
    }

    /* How many of the times are at most `ns`: those in the bucket of `ns` count only if all of the
     * bucket does. */
    std::uint64_t count_up_to(std::uint64_t ns) const {
        std::uint64_t seen = 0;
        for (std::size_t i = 0; i < counts_.size() && upper(i) <= ns; i++)
            seen += in_bucket(i);
        return seen;
    }

  private:
    static constexpr unsigned kBits = 6; /* 2^kBits buckets for each power of two */
    static constexpr std::uint64_t kSplit = 1U << kBits;
    static constexpr std::size_t kBuckets = (64 - kBits + 1) * kSplit;

    static std::size_t index(std::uint64_t ns) {
        if (ns < kSplit)
            return ns;
        const unsigned shift = static_cast<unsigned>(std::bit_width(ns)) - 1 - kBits;
        return (static_cast<std::size_t>(shift) << kBits) + (ns >> shift);
    }
    static std::uint64_t upper(std::size_t i) {
        if (i < 2 * kSplit)
            return i;
        const std::uint64_t shift = (i >> kBits) - 1;
        return (((i & (kSplit - 1)) + kSplit + 1) << shift) - 1;
    }

    std::uint64_t in_bucket(std::size_t i) const {
        return counts_[i].load(std::memory_order_acquire);
    }

    std::array<std::atomic<std::uint64_t>, kBuckets> counts_{};
    std::atomic<std::uint64_t> min_{std::numeric_limits<std::uint64_t>::max()};
    std::atomic<std::uint64_t> max_{0};
};

}  // namespace mp_ipc
