/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Shared by the roles of mp_bench_peer: the samples that they pass to mp_bench, and the orders that
 * they take. Taking a sample is inline: a call would be part of every round trip.
 */
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <functional>
#include <map>
#include <sstream>
#include <string>

#include "bench/wire.h"

namespace mp_ipc::bench {

[[noreturn]] inline void fail(const std::string &what, int error) {
    throw Failure(what + ": " + std::strerror(error));
}

inline std::int64_t now_ns() {
    timespec now = {};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

/* Times of single requests, read by mp_bench when the order has been answered. */
inline std::uint32_t *g_samples = nullptr;
inline std::atomic<std::size_t> g_sample_count{0};

inline void note_sample(std::int64_t ns) {
    const std::size_t at = g_sample_count++;
    if (at < kMostSamples)
        g_samples[at] = static_cast<std::uint32_t>(std::min<std::int64_t>(ns, UINT32_MAX));
}

/* Calls `once` count times; each call is a sample, all of them together the elapsed time. */
template <typename Once>
std::int64_t time_each(unsigned long count, const Once &once) {
    const std::int64_t begin = now_ns();
    std::int64_t last = begin;
    for (unsigned long i = 0; i < count; i++) {
        once();
        const std::int64_t now = now_ns();
        note_sample(now - last);
        last = now;
    }
    return last - begin;
}

/* An order takes its words and returns the elapsed nanoseconds. */
using Order = std::function<std::int64_t(std::istringstream &words)>;
using Orders = std::map<std::string, Order>;

template <typename T>
T next(std::istringstream &words) {
    T value{};
    if (!(words >> value))
        throw Failure("an order lacks a word");
    return value;
}

/* peer_plain.cpp, without EAL. run_echo() ends only with the process. */
void run_echo(const std::string &path);
std::int64_t drive_echo(std::istringstream &words);
std::int64_t drive_telemetry(std::istringstream &words);

/* peer_zmq.cpp, if libzmq is installed */
void run_zmq_echo(const std::string &endpoint);
std::int64_t drive_zmq(std::istringstream &words);

/* peer_primary.cpp, after rte_eal_init */
void prepare_primary();
std::int64_t broadcast_sync(std::istringstream &words);
std::int64_t broadcast_async(std::istringstream &words);

/* peer_driver.cpp, after rte_eal_init */
std::int64_t drive_sync(std::istringstream &words);
std::int64_t drive_until(std::istringstream &words);
std::int64_t drive_async(std::istringstream &words);
std::int64_t take_ipc_core(std::istringstream &words); /* as --ipc-core of the real programs */

/* peer_ring.cpp: both sides of the ring, the primary first. */
void create_rings();
std::int64_t echo_ring(std::istringstream &words);
std::int64_t drive_ring(std::istringstream &words);

}  // namespace mp_ipc::bench
