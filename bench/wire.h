/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The definitions that mp_bench and mp_bench_peer share.
 */
#pragma once

#include <cstddef>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include <rte_eal.h>

namespace mp_ipc::bench {

/* Thrown in either program; in a peer its text is the WHY of its answer to an order. */
class Failure : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

/* Bytes of a datagram of the library: a type, then a message without its descriptors. 332, and 340
 * since DPDK 25.11.
 */
struct Frame {
    int type;
    rte_mp_msg message;
};
inline constexpr std::size_t kFrame = sizeof(Frame) - sizeof(rte_mp_msg::fds);

/* The most single times that a peer can pass on for one order. */
inline constexpr std::size_t kMostSamples = 1U << 18;

/* The text of every request: a greeting as mp_client sends it. */
inline constexpr const char *kText = "SYNC Hello 1000 from Client";

inline constexpr const char *kTelemetryEcho = "/bench/echo";

/* The number of actions of the bare primary, with equal handlers: only one request of a name can be
 * pending.
 */
inline constexpr int kEchoNames = 8;
inline std::string echo_name(int i) {
    return "bench_echo_" + std::to_string(i);
}
inline int echo_index(const char *name) {
    return std::atoi(name + sizeof("bench_echo_") - 1) % kEchoNames;
}

}  // namespace mp_ipc::bench
