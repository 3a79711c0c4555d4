/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Clients that flood a server: without a bound all queues fill and nothing moves any more; with the
 * pair's bounds a new client is always served.
 */
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <deque>
#include <string>
#include <thread>

#include "tests/harness/pair.h"

namespace mp_ipc::test {
namespace {

using std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;

class QueueDeadlock : public Hugepages {};

using Processes = std::deque<Process>;

/* Starts clients that flood a server, each in a process of its own. */
Processes flood(const Prefix &prefix, int count, const Words &more) {
    Processes clients;
    for (int i = 0; i < count; i++)
        clients.emplace_back(client(prefix, joined({"ping", "--flood", "--quiet"}, more)));
    return clients;
}

void expect_attached(Processes &clients) {
    for (Process &process : clients)
        expect_out(process, "Attached");
}

/* Whether a new client can attach and gets an answer, each within a second or so. */
bool newcomer_is_served(const Prefix &prefix) {
    return run(client(prefix, {"ping", "--count", "1", "--timeout", "1"}), {}, milliseconds(4000))
               .status == 0;
}

TEST_F(QueueDeadlock, ASlowServerFloodedByEightServesAllWhenItsFaultEnds) {
    RunningServer server_process(prefix_, {"--quiet", "--fault", "slow=50", "--fault-for", "20"});
    const auto fault_end = Steady::now() + milliseconds(20000);
    Processes clients = flood(prefix_, 8, {"--timeout", "0.001"});
    expect_attached(clients);
    std::this_thread::sleep_until(fault_end);
    EXPECT_TRUE(newcomer_is_served(prefix_)) << server_process.describe();
    std::this_thread::sleep_until(fault_end + milliseconds(1000));
    for (Process &process : clients) {
        process.signal(SIGINT);
        EXPECT_TRUE(process.wait()) << "Ctrl-C did not end a client";
        /* A slow server cannot have answered anything within 1 ms: these came after the fault. */
        EXPECT_GT(sums_of(process.out(), "PING").answered, 0) << process.describe();
    }
}

/* Timeouts of 60 us, about the round trip: the sender holds the lock almost all the time. */
TEST_F(QueueDeadlock, AFloodWithoutTheBoundsWedgesTheServer) {
    RunningServer server_process(prefix_, {"--quiet", "--fault", "unbounded"});
    /* The first may cause the deadlock before the second has attached. */
    Processes clients = flood(prefix_, 2, {"--timeout", "0.00006", "--fault", "unbounded"});
    EXPECT_TRUE(eventually([&] { return !newcomer_is_served(prefix_); }, std::chrono::seconds(60)))
        << "the deadlock that the bound prevents did not occur";
    /* It stays: nothing moves by itself. */
    EXPECT_FALSE(newcomer_is_served(prefix_));
    /* But Ctrl-C ends all of them, and then the server serves again. */
    for (Process &process : clients)
        process.signal(SIGINT);
    for (Process &process : clients)
        EXPECT_TRUE(process.wait()) << process.describe();
    EXPECT_TRUE(eventually([&] { return newcomer_is_served(prefix_); }))
        << server_process.describe();
}

TEST_F(QueueDeadlock, TheSameFloodWithTheBoundLeavesTheServerWorking) {
    RunningServer server_process(prefix_, {"--quiet"});
    Processes clients = flood(prefix_, 2, {"--timeout", "0.00006"});
    expect_attached(clients);
    const auto end = Steady::now() + std::chrono::seconds(10);
    while (Steady::now() < end)
        ASSERT_TRUE(newcomer_is_served(prefix_)) << server_process.describe();
    for (Process &process : clients) {
        process.signal(SIGINT);
        EXPECT_TRUE(process.wait()) << process.describe();
    }
}

}  // namespace
}  // namespace mp_ipc::test
