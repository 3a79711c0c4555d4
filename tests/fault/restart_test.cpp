/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A server that is killed and started again, and clients that wait for it.
 */
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <deque>
#include <optional>
#include <random>

#include "support/eal/runtime_dir.h"
#include "tests/harness/pair.h"

namespace mp_ipc::test {
namespace {

using std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;

class Restart : public Hugepages {};

TEST_F(Restart, AClientThatLostItsServerInTheMidstOfARequestGoesOnForLong) {
    std::optional<RunningServer> server_process;
    server_process.emplace(prefix_, Words{"--fault", "silent"});
    Process waiting(client(prefix_, {"--wait", "--sync-interval", "0.1", "--async-interval", "0"}));
    expect_out(*server_process, "[SYNC] Received");
    server_process->signal(SIGKILL); /* the client's main thread is inside its request */
    ASSERT_TRUE(server_process->wait());
    server_process.emplace(prefix_);
    /* For five seconds: the limit for the end of the first run must not end the second. */
    expect_out(waiting, "[SYNC] Reply", 50);
    EXPECT_EQ(process_name(waiting.pid()), "mp_client");
    expect_end(waiting);
}

TEST_F(Restart, WaitingHasALimitWhereOneIsGiven) {
    const auto begin = Steady::now();
    const Finished finished = run(client(prefix_, {"--wait=0.5"}));
    EXPECT_EQ(finished.status, 3);
    EXPECT_GE(Steady::now() - begin, milliseconds(500));
    Process waiting(client(prefix_, {"--wait"}));
    expect_out(waiting, "Waiting");
    waiting.signal(SIGTERM);
    EXPECT_EQ(waiting.wait(), 0) << waiting.describe();
}

TEST_F(Restart, AServerKilledFiftyTimesIsFoundAgainEachTime) {
    std::mt19937 random(std::random_device{}());
    std::uniform_int_distribution<int> life(0, 300);
    std::deque<Process> clients;
    for (int i = 0; i < 4; i++)
        clients.emplace_back(
            client(prefix_, {"--wait", "--name", "C" + std::to_string(i), "--sync-interval", "0.05",
                             "--async-interval", "0.05"}));
    std::vector<Steady::duration> served_after;
    for (int round = 0; round < 50; round++) {
        RunningServer server_process(prefix_);
        const auto ready = Steady::now();
        for (int i = 0; i < 4; i++)
            ASSERT_TRUE(server_process.wait_for_out("from C" + std::to_string(i)))
                << "round " << round << "\n"
                << server_process.describe() << clients[static_cast<std::size_t>(i)].describe();
        served_after.push_back(Steady::now() - ready);
        std::this_thread::sleep_for(milliseconds(life(random)));
        server_process.signal(SIGKILL);
        ASSERT_TRUE(server_process.wait());
    }
    /* The median, so that one late round on a busy machine does not fail the test. */
    std::sort(served_after.begin(), served_after.end());
    EXPECT_LE(served_after[25], std::chrono::seconds(2));
    std::printf("all four served after a new start: median %ld ms, longest %ld ms\n",
                static_cast<long>(served_after[25] / milliseconds(1)),
                static_cast<long>(served_after.back() / milliseconds(1)));
    for (Process &process : clients) {
        expect_end(process);
        EXPECT_TRUE(sums_of(process.out(), "Sync").balance());
        EXPECT_TRUE(sums_of(process.out(), "Async").balance());
    }
}

TEST_F(Restart, AServerWaitsForALeftOverSecondaryAndNamesIt) {
    RunningServer first(prefix_);
    /* A secondary that does not watch its primary: it stays when that dies. */
    Process left_over(helper("stay", prefix_));
    expect_out(left_over, "attached");
    first.signal(SIGKILL);
    ASSERT_TRUE(first.wait());
    const std::string name = "pid " + std::to_string(left_over.pid()) + ", mp_ipc_helper";
    const Finished refused = run(server(prefix_, {"--leftover-wait", "0.2"}));
    EXPECT_EQ(refused.status, 1) << refused.err;
    EXPECT_TRUE(
        has(refused.err, "still hold the files of file prefix '" + prefix_.name() + "': " + name))
        << refused.err;
    Process second(server(prefix_, {"--leftover-wait", "60"}));
    expect_err(second, "waiting for processes that hold the files");
    left_over.signal(SIGKILL);
    expect_out(second, kServerReady);
}

}  // namespace
}  // namespace mp_ipc::test
