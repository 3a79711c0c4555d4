/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What mp_bench and mp_bench_peer agree on.
 */
#pragma once

#include <cstddef>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include <rte_eal.h>

namespace mp_ipc::bench {

/* What either program throws; of a peer it is the WHY in its answer to an order. */
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

/* Single times that a peer can hand over for one order. */
inline constexpr std::size_t kMostSamples = 1U << 18;

/* What every text request carries: a greeting as mp_client sends it. */
inline constexpr const char *kText = "SYNC Hello 1000 from Client";

inline constexpr const char *kTelemetryEcho = "/bench/echo";

/* The actions of the bare primary: all the same, since one request of a name can be pending. */
inline constexpr int kEchoNames = 8;
inline std::string echo_name(int i) {
    return "bench_echo_" + std::to_string(i);
}
inline int echo_index(const char *name) {
    return std::atoi(name + sizeof("bench_echo_") - 1) % kEchoNames;
}

}  // namespace mp_ipc::bench
