/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What goes wrong in the field, on the server's side: clients that die, stop or crawl.
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
class ServerFaults : public Hugepages, public ::testing::WithParamInterface<const char *> {};

/* Clients under load are killed and stopped at random moments for some seconds; meanwhile and
 * afterwards the server answers the others.
 */
TEST_P(ServerFaults, ClientsThatDieOrStopDoNotHoldTheOthersUp) {
    const Prefix prefix;
    Words options = {"--quiet", "--stats-interval", "0.2"};
    if (*GetParam() != '\0')
        options.emplace_back(GetParam());
    Process server_process(server(prefix, options));
    ASSERT_TRUE(server_process.wait_for_out(kServerReady));
    std::mt19937 random(std::random_device{}());
    const auto start_victim = [&] {
        auto victim = std::make_unique<Process>(client(prefix, {"ping", "--flood", "--quiet"}));
        EXPECT_TRUE(victim->wait_for_out("Attached")) << victim->describe();
        return victim;
    };
    std::vector<std::unique_ptr<Process>> victims;
    for (int i = 0; i < 3; i++)
        victims.push_back(start_victim());
    /* Every request of this one must be answered within two seconds, whatever happens around it. */
    Process witness(client(prefix, {"ping", "--quiet", "--interval", "0.02", "--timeout", "2"}));
    ASSERT_TRUE(witness.wait_for_out("Attached")) << witness.describe();

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
    witness.signal(SIGINT);
    EXPECT_EQ(witness.wait(), 0) << witness.describe();
    EXPECT_NE(witness.out().find(" 0 lost, 0 late"), std::string::npos) << witness.describe();
    for (const auto &victim : victims) {
        victim->signal(SIGKILL);
        EXPECT_TRUE(victim->wait());
    }
    /* The sockets that the dead left are taken away. */
    EXPECT_TRUE(eventually([&] { return client_sockets(prefix.dir()).empty(); }))
        << client_sockets(prefix.dir()).size();
    server_process.signal(SIGINT);
    EXPECT_EQ(server_process.wait(), 0) << server_process.describe();
}

INSTANTIATE_TEST_SUITE_P(Broadcast, ServerFaults, ::testing::Values("", "--broadcast"));

TEST_F(ServerFault, AClientThatStaysStoppedIsNotWaitedForAtTheEnd) {
    const Prefix prefix;
    Process server_process(server(prefix, {"--broadcast", "--stats-interval", "0.1"}));
    ASSERT_TRUE(server_process.wait_for_out(kServerReady));
    Process stopped(client(prefix));
    ASSERT_TRUE(stopped.wait_for_out("[ASYNC] Reply"));
    ASSERT_TRUE(server_process.wait_for_out("1 answered"));
    stopped.signal(SIGSTOP);
    ASSERT_TRUE(server_process.wait_for_out("Not asked: a client does not read"))
        << server_process.describe();
    server_process.signal(SIGINT);
    EXPECT_EQ(server_process.wait(milliseconds(10000)), 0) << server_process.describe();
    stopped.signal(SIGCONT);
    EXPECT_EQ(stopped.wait(), 0) << stopped.describe();
}

/* As after an answer that met the library's timeout: its callback never comes. */
TEST_F(ServerFault, ABroadcastThatIsNeverCalledBackEndsTheServer) {
    const Prefix prefix;
    Process server_process(server(prefix, {"--broadcast", "--stats-interval", "0.1"}),
                           preload(LOST_CALLBACK));
    ASSERT_TRUE(server_process.wait_for_out(kServerReady));
    Process idle(client(prefix, {"--sync-interval", "0", "--async-interval", "0"}));
    EXPECT_EQ(server_process.wait(), 1) << server_process.describe();
    EXPECT_NE(server_process.err().find("the DPDK library has lost a broadcast"), std::string::npos)
        << server_process.describe();
    EXPECT_EQ(count_of(server_process.err(), "a request was lost"), 1) << "asked a second time";
    EXPECT_EQ(idle.wait(), 3) << idle.describe();
}

TEST_F(ServerFault, ABroadcastThatDoesNotReturnEndsTheServer) {
    const Prefix prefix;
    Process server_process(server(prefix, {"--broadcast", "--stats-interval", "0.1"}),
                           preload(LOST_LOCK));
    ASSERT_TRUE(server_process.wait_for_out(kServerReady));
    Process idle(client(prefix, {"--sync-interval", "0", "--async-interval", "0"}));
    EXPECT_EQ(server_process.wait(), 1) << server_process.describe();
    EXPECT_NE(server_process.err().find("a call of the DPDK library does not return"),
              std::string::npos)
        << server_process.describe();
}

/* Without the async fixes the library never frees an asynchronous request to nobody. */
TEST_F(ServerFault, NobodyIsAskedWhereNoClientLives) {
    const Prefix prefix;
    Process server_process(server(prefix, {"--broadcast", "--stats-interval", "0.05"}),
                           preload(LOST_CALLBACK));
    ASSERT_TRUE(server_process.wait_for_out(kServerReady));
    EXPECT_TRUE(server_process.wait_for_out("[Server] Processed", 10)) << server_process.describe();
    EXPECT_EQ(count_of(server_process.err(), "a request was lost"), 0) << server_process.describe();
}

TEST_F(ServerFault, AnExitedClientsSocketIsNotAskedEither) {
    const Prefix prefix;
    Process server_process(server(prefix, {"--broadcast", "--stats-interval", "0.05"}),
                           preload(LOST_CALLBACK));
    ASSERT_TRUE(server_process.wait_for_out(kServerReady));
    server_process.signal(SIGSTOP);
    { const RawSocket bound(prefix.dir() + "/mp_socket_1_1", RawSocket::File::stays); }
    ASSERT_EQ(client_sockets(prefix.dir()).size(), 1U);
    server_process.signal(SIGCONT);
    EXPECT_TRUE(eventually([&] { return client_sockets(prefix.dir()).empty(); }));
    EXPECT_TRUE(server_process.wait_for_out(
        "[Server] Processed", count_of(server_process.out(), "[Server] Processed") + 3));
    EXPECT_EQ(count_of(server_process.err(), "a request was lost"), 0) << server_process.describe();
}

TEST_F(ServerFault, AnExitedClientsSocketIsRemovedHoweverLongTheStatsInterval) {
    const Prefix prefix;
    Process server_process(server(prefix, {"--stats-interval", "3600"}));
    ASSERT_TRUE(server_process.wait_for_out(kServerReady));
    { const RawSocket bound(prefix.dir() + "/mp_socket_1_1", RawSocket::File::stays); }
    ASSERT_EQ(client_sockets(prefix.dir()).size(), 1U);
    EXPECT_TRUE(eventually([&] { return client_sockets(prefix.dir()).empty(); }));
}

}  // namespace
}  // namespace mp_ipc::test
