/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A server that is shut down and started again, as `systemctl restart` does, under clients that
 * wait and clients that do not.
 */
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/eal/runtime_dir.h"
#include "tests/fault/client_fault.h"

namespace mp_ipc::test {
namespace {

class PlannedRestart : public Hugepages {
  protected:
    void start_server() { server_.emplace(prefix_); }
    void shut_server_down() {
        server_->signal(SIGTERM);
        ASSERT_EQ(server_->wait(), 0) << server_->describe();
    }
    const Prefix prefix_;
    std::optional<RunningServer> server_;
};

TEST_F(PlannedRestart, WaitingClientsAreServedByTheNextServer) {
    start_server();
    std::vector<std::unique_ptr<Process>> clients;
    for (const Words &command : std::vector<Words>{
             {"--sync-interval", "0.1", "--async-interval", "0.1"},
             {"ping", "--interval", "0.1"},
             {"ping", "--flood", "--quiet"},
             {"--sync-interval", "0.1", "--async-interval", "0.1", "--lang", "zh"}}) {
        Words words = command;
        words.emplace_back("--wait");
        clients.push_back(std::make_unique<Process>(client(prefix_, words)));
    }
    Process &hello = *clients[0], &ping = *clients[1], &flood = *clients[2], &zh = *clients[3];
    ASSERT_TRUE(hello.wait_for_out("[ASYNC] Reply", 2)) << hello.describe();
    ASSERT_TRUE(ping.wait_for_out("[PING] Reply", 2)) << ping.describe();
    ASSERT_TRUE(flood.wait_for_out("Attached")) << flood.describe();
    ASSERT_TRUE(zh.wait_for_out("[ASYNC] 回复", 2)) << zh.describe();
    for (int round = 1; round <= 2; round++) {
        shut_server_down();
        for (const auto &process : clients) {
            const bool chinese = process == clients[3];
            EXPECT_TRUE(process->wait_for_out(
                chinese ? "[Client] Server 已退出" : "[Client] The server has shut down", round))
                << process->describe();
            EXPECT_TRUE(process->wait_for_out(
                chinese ? "[Client] 等待 Server" : "[Client] Waiting for a server", round))
                << process->describe();
        }
        EXPECT_TRUE(lock_holders(prefix_.dir()).empty()) << "they keep the next server out";
        start_server();
        EXPECT_EQ(own_lines(server_->err()), "") << "it had to wait for files that are held";
        for (const auto &process : clients)
            EXPECT_TRUE(process->wait_for_out(
                process == clients[3] ? "[Client] 已连接新的 Server" : "Attached to the new server",
                round))
                << process->describe();
        EXPECT_TRUE(hello.wait_for_out("[ASYNC] Reply", count_of(hello.out(), "[ASYNC] Reply") + 2))
            << hello.describe();
        EXPECT_TRUE(ping.wait_for_out("[PING] Reply", count_of(ping.out(), "[PING] Reply") + 2))
            << ping.describe();
    }
    for (const auto &process : clients) {
        process->signal(SIGINT);
        const auto status = process->wait();
        /* A request that was under way when a server ended is lost. */
        EXPECT_TRUE(status == 0 ||
                    (status == 4 && (process == clients[1] || process == clients[2])))
            << process->describe();
        EXPECT_EQ(own_lines(process->err()), "") << process->describe();
    }
    /* The numbers continue: each is used once, and the sums are of all runs together. */
    for (const std::string kind : {"Sync", "Async"}) {
        const Sums sums = sums_of(hello.out(), kind);
        EXPECT_TRUE(sums.balance()) << hello.describe();
        EXPECT_GE(sums.answered, 6);
    }
    for (long n = 1; n <= sums_of(hello.out(), "Sync").sent; n++)
        EXPECT_LE(count_of(hello.out(), "Got 'SYNC Hello " + std::to_string(n) + " from"), 1);
    EXPECT_EQ(count_of(ping.out(), "[PING] Reply: seq=1 "), 1) << ping.describe();
}

TEST_F(PlannedRestart, TheWaitForTheNextServerHasItsLimit) {
    start_server();
    Process limited(client(prefix_, {"ping", "--wait=1", "--interval", "0.1"}));
    Process interrupted(client(prefix_, {"--wait", "--sync-interval", "0.1"}));
    ASSERT_TRUE(limited.wait_for_out("[PING] Reply")) << limited.describe();
    ASSERT_TRUE(interrupted.wait_for_out("[SYNC] Reply")) << interrupted.describe();
    shut_server_down();
    EXPECT_EQ(limited.wait(), 3) << limited.describe();
    EXPECT_TRUE(has(limited.err(), "no primary runs under file prefix")) << limited.describe();
    ASSERT_TRUE(interrupted.wait_for_out("[Client] Waiting for a server"));
    interrupted.signal(SIGINT);
    EXPECT_EQ(interrupted.wait(), 0) << interrupted.describe();
    /* The sums include what they did before. */
    EXPECT_FALSE(has(limited.out(), "[PING] 0 sent")) << limited.describe();
    EXPECT_EQ(count_of(limited.out(), " answered, "), 1) << limited.describe();
    EXPECT_GT(sums_of(interrupted.out(), "Sync").answered, 0) << interrupted.describe();
}

TEST_F(PlannedRestart, ACountedRunGoesOnToItsEnd) {
    start_server();
    Process counted(client(prefix_, {"ping", "--wait", "--count", "40", "--interval", "0.1"}));
    ASSERT_TRUE(counted.wait_for_out("[PING] Reply", 3)) << counted.describe();
    shut_server_down();
    start_server();
    ASSERT_TRUE(counted.wait()) << counted.describe();
    EXPECT_TRUE(has(counted.out(), "[PING] 40 sent, 40 answered, 0 lost, 0 late") ||
                has(counted.out(), "[PING] 40 sent, 39 answered, 1 lost, 0 late"))
        << counted.describe(); /* one may have been under way when the server ended */
}

/* It still holds its prefix: a client that attached to it again would see it end again. */
TEST_F(PlannedRestart, AServerThatSaysThatItEndsIsNotTakenForTheNext) {
    Process quitting(helper("quitting-primary", prefix_));
    ASSERT_TRUE(quitting.wait_for_out("ready")) << quitting.describe();
    const Words words = {"--timeout", "0.2", "--sync-interval", "0.1", "--async-interval", "0"};
    const auto with = [&](const char *wait) {
        Words all = words;
        all.emplace_back(wait);
        return client(prefix_, all);
    };
    Process waiting(with("--wait"));
    Process limited(with("--wait=1"));
    for (Process *process : {&waiting, &limited})
        ASSERT_TRUE(process->wait_for_out("[SYNC] No")) << process->describe();
    quitting.signal(SIGUSR1);
    for (Process *process : {&waiting, &limited})
        EXPECT_TRUE(process->wait_for_out("[Client] The server has shut down"))
            << process->describe();
    EXPECT_EQ(limited.wait(), 3) << limited.describe();
    EXPECT_TRUE(has(limited.err(), "still runs after the time of --wait")) << limited.describe();
    EXPECT_EQ(count_of(waiting.out(), "Attached"), 1) << waiting.describe();
    quitting.signal(SIGKILL);
    ASSERT_TRUE(quitting.wait());
    EXPECT_TRUE(waiting.wait_for_out("[Client] Waiting for a server")) << waiting.describe();
    start_server();
    EXPECT_TRUE(waiting.wait_for_out("[SYNC] Reply")) << waiting.describe();
    EXPECT_EQ(count_of(waiting.out(), "[Client] The server has shut down"), 1)
        << waiting.describe();
    waiting.signal(SIGINT);
    EXPECT_EQ(waiting.wait(), 0) << waiting.describe();
}

/* Clients start, attach and go on at any moment of a server's life. */
TEST_F(PlannedRestart, TenRestartsUnderClientsThatStartMeanwhile) {
    std::vector<std::unique_ptr<Process>> clients;
    for (int round = 0; round < 10; round++) {
        start_server();
        for (int i = 0; i < 2; i++)
            clients.push_back(std::make_unique<Process>(
                client(prefix_, {"--wait", "--sync-interval", "0.2", "--async-interval", "0.2"})));
        ASSERT_TRUE(clients.front()->wait_for_out("[SYNC] Reply", round + 1));
        shut_server_down(); /* while the newest attach */
    }
    start_server();
    for (const auto &process : clients) {
        EXPECT_TRUE(
            process->wait_for_out("[SYNC] Reply", count_of(process->out(), "[SYNC] Reply") + 1))
            << process->describe();
        process->signal(SIGINT);
    }
    for (const auto &process : clients) {
        EXPECT_EQ(process->wait(), 0) << process->describe();
        EXPECT_TRUE(sums_of(process->out(), "Sync").balance()) << process->describe();
    }
}

}  // namespace
}  // namespace mp_ipc::test
