/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Faults in the field, on the server's side: clients that are killed, stopped or slow.
 */
#include <gtest/gtest.h>

#include <csignal>
#include <random>

#include "support/eal/runtime_dir.h"
#include "tests/harness/datagram.h"
#include "tests/harness/pair.h"

namespace mp_ipc::test {
namespace {

using std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;

class ServerFault : public Hugepages {};

/* Clients under load are killed and stopped at random moments for some seconds; meanwhile and
 * afterwards the server answers the others.
 */
TEST_F(ServerFault, ClientsThatDieOrStopDoNotHoldTheOthersUp) {
    RunningServer server_process(prefix_, {"--quiet", "--stats-interval", "0.2", "--broadcast"});
    std::mt19937 random(std::random_device{}());
    const auto start_victim = [&] {
        return std::make_unique<RunningClient>(prefix_, Words{"ping", "--flood", "--quiet"});
    };
    std::vector<std::unique_ptr<RunningClient>> victims;
    for (int i = 0; i < 3; i++)
        victims.push_back(start_victim());
    /* Every request of this one must be answered within two seconds, whatever happens around it. */
    RunningClient witness(prefix_, {"ping", "--quiet", "--interval", "0.02", "--timeout", "2"});

    const auto end = Steady::now() + std::chrono::seconds(8);
    while (Steady::now() < end) {
        auto &victim = victims[random() % victims.size()];
        if (random() % 2 == 0) {
            victim->signal(SIGKILL);
            ASSERT_TRUE(victim->wait());
            victim = start_victim();
        } else {
            victim->signal(SIGSTOP);
            std::this_thread::sleep_for(milliseconds(random() % 800));
            victim->signal(SIGCONT);
        }
        std::this_thread::sleep_for(milliseconds(random() % 50));
    }
    expect_end(witness);
    EXPECT_TRUE(has(witness.out(), " 0 lost, 0 late"));
    for (const auto &victim : victims) {
        victim->signal(SIGKILL);
        EXPECT_TRUE(victim->wait());
    }
    /* The sockets of killed clients are removed. */
    EXPECT_TRUE(eventually([&] { return client_sockets(prefix_.dir()).empty(); }))
        << client_sockets(prefix_.dir()).size();
    expect_end(server_process);
}

TEST_F(ServerFault, AClientThatStaysStoppedIsNotWaitedForAtTheEnd) {
    RunningServer server_process(prefix_, {"--broadcast", "--stats-interval", "0.1"});
    Process stopped(client(prefix_));
    expect_out(stopped, "[ASYNC] Reply");
    expect_out(server_process, "1 answered");
    stopped.signal(SIGSTOP);
    expect_out(server_process, "Not asked: a client does not read");
    server_process.signal(SIGINT);
    EXPECT_EQ(server_process.wait(milliseconds(10000)), 0) << server_process.describe();
    stopped.signal(SIGCONT);
    EXPECT_EQ(stopped.wait(), 0) << stopped.describe();
}

/* As after an answer that raced with the library's timeout: the callback never comes. */
TEST_F(ServerFault, ABroadcastThatIsNeverCalledBackEndsTheServer) {
    RunningServer server_process(prefix_, {"--broadcast", "--stats-interval", "0.1"},
                                 faulty("lost-callback"));
    Process idle(client(prefix_, {"--sync-interval", "0", "--async-interval", "0"}));
    EXPECT_EQ(server_process.wait(), 1) << server_process.describe();
    EXPECT_TRUE(has(server_process.err(), "the DPDK library has lost a broadcast"));
    EXPECT_EQ(count_of(server_process.err(), "a request was lost"), 1) << "asked a second time";
    EXPECT_EQ(idle.wait(), 3) << idle.describe();
}

TEST_F(ServerFault, ABroadcastThatDoesNotReturnEndsTheServer) {
    RunningServer server_process(prefix_, {"--broadcast", "--stats-interval", "0.1"},
                                 faulty("lost-lock"));
    Process idle(client(prefix_, {"--sync-interval", "0", "--async-interval", "0"}));
    EXPECT_EQ(server_process.wait(), 1) << server_process.describe();
    EXPECT_TRUE(has(server_process.err(), "a call of the DPDK library does not return"));
}

/* Without the async fixes the library never frees an asynchronous request to no client. */
TEST_F(ServerFault, NobodyIsAskedWhereNoClientLives) {
    RunningServer server_process(prefix_, {"--broadcast", "--stats-interval", "0.05"},
                                 faulty("lost-callback"));
    expect_out(server_process, "[Server] Processed", 10);
    EXPECT_EQ(count_of(server_process.err(), "a request was lost"), 0) << server_process.describe();
}

TEST_F(ServerFault, AnExitedClientsSocketIsNotAskedEither) {
    RunningServer server_process(prefix_, {"--broadcast", "--stats-interval", "0.05"},
                                 faulty("lost-callback"));
    server_process.signal(SIGSTOP);
    { const RawSocket bound(prefix_.dir() + "/mp_socket_1_1", RawSocket::File::stays); }
    ASSERT_EQ(client_sockets(prefix_.dir()).size(), 1U);
    server_process.signal(SIGCONT);
    EXPECT_TRUE(eventually([&] { return client_sockets(prefix_.dir()).empty(); }));
    expect_out(server_process, "[Server] Processed",
               count_of(server_process.out(), "[Server] Processed") + 3);
    EXPECT_EQ(count_of(server_process.err(), "a request was lost"), 0) << server_process.describe();
}

TEST_F(ServerFault, AnExitedClientsSocketIsRemovedHoweverLongTheStatsInterval) {
    RunningServer server_process(prefix_, {"--stats-interval", "3600"});
    { const RawSocket bound(prefix_.dir() + "/mp_socket_1_1", RawSocket::File::stays); }
    ASSERT_EQ(client_sockets(prefix_.dir()).size(), 1U);
    EXPECT_TRUE(eventually([&] { return client_sockets(prefix_.dir()).empty(); }));
}

}  // namespace
}  // namespace mp_ipc::test
