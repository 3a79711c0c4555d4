/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A server that is shut down and started again, as `systemctl restart` does, under clients that
 * wait; one that is killed, in one round.
 */
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <deque>
#include <optional>
#include <string>

#include "support/eal/runtime_dir.h"
#include "tests/harness/pair.h"

namespace mp_ipc::test {
namespace {

class PlannedRestart : public Hugepages {
  protected:
    void start_server() { server_.emplace(prefix_); }
    void shut_server_down() {
        server_->signal(SIGTERM);
        ASSERT_EQ(server_->wait(), 0) << server_->describe();
    }
    std::optional<RunningServer> server_;
};

TEST_F(PlannedRestart, WaitingClientsAreServedByTheNextServer) {
    start_server();
    std::deque<Process> clients;
    for (const Words &command : std::vector<Words>{
             {"--sync-interval", "0.1", "--async-interval", "0.1"},
             {"ping", "--interval", "0.1"},
             {"ping", "--flood", "--quiet"},
             {"--sync-interval", "0.1", "--async-interval", "0.1", "--lang", "zh"}}) {
        Words words = command;
        words.emplace_back("--wait");
        clients.emplace_back(client(prefix_, words));
    }
    Process &hello = clients[0], &ping = clients[1], &flood = clients[2], &zh = clients[3];
    expect_out(hello, "[ASYNC] Reply", 2);
    expect_out(ping, "[PING] Reply", 2);
    expect_out(flood, "Attached");
    expect_out(zh, "[ASYNC] 回复", 2);
    const char *const ended[][2] = {{"[Client] The server has shut down", "[Client] Server 已退出"},
                                    {"[Client] The server went away", "[Client] Server 已断开"}};
    for (int round = 1; round <= 2; round++) {
        server_->signal(round == 1 ? SIGTERM : SIGKILL);
        ASSERT_EQ(server_->wait(), round == 1 ? 0 : 128 + SIGKILL) << server_->describe();
        for (Process &process : clients) {
            const bool chinese = &process == &zh;
            expect_out(process, ended[round - 1][chinese ? 1 : 0]);
            expect_out(process, chinese ? "[Client] 等待 Server" : "[Client] Waiting for a server",
                       round);
        }
        EXPECT_TRUE(lock_holders(prefix_.dir()).empty()) << "they keep the next server out";
        start_server();
        EXPECT_EQ(own_lines(server_->err()), "") << "it had to wait for files that are held";
        for (Process &process : clients)
            expect_out(
                process,
                &process == &zh ? "[Client] 已连接新的 Server" : "Attached to the new server",
                round);
        expect_out(hello, "[ASYNC] Reply", count_of(hello.out(), "[ASYNC] Reply") + 2);
        expect_out(ping, "[PING] Reply", count_of(ping.out(), "[PING] Reply") + 2);
    }
    for (Process &process : clients) {
        process.signal(SIGINT);
        const auto status = process.wait();
        /* A request that was under way when a server ended is lost. */
        EXPECT_TRUE(status == 0 || (status == 4 && (&process == &ping || &process == &flood)))
            << process.describe();
        EXPECT_EQ(own_lines(process.err()), "") << process.describe();
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
    expect_out(limited, "[PING] Reply");
    expect_out(interrupted, "[SYNC] Reply");
    shut_server_down();
    EXPECT_EQ(limited.wait(), 3) << limited.describe();
    EXPECT_TRUE(has(limited.err(), "no primary runs under file prefix")) << limited.describe();
    expect_out(interrupted, "[Client] Waiting for a server");
    expect_end(interrupted);
    /* The sums include what they did before. */
    EXPECT_FALSE(has(limited.out(), "[PING] 0 sent")) << limited.describe();
    EXPECT_EQ(count_of(limited.out(), " answered, "), 1) << limited.describe();
    EXPECT_GT(sums_of(interrupted.out(), "Sync").answered, 0) << interrupted.describe();
}

TEST_F(PlannedRestart, ACountedRunGoesOnToItsEnd) {
    start_server();
    Process counted(client(prefix_, {"ping", "--wait", "--count", "40", "--interval", "0.1"}));
    expect_out(counted, "[PING] Reply", 3);
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
    expect_out(quitting, "ready");
    const Words words = {"--timeout", "0.2", "--sync-interval", "0.1", "--async-interval", "0"};
    const auto with = [&](const char *wait) {
        Words all = words;
        all.emplace_back(wait);
        return client(prefix_, all);
    };
    Process waiting(with("--wait"));
    Process limited(with("--wait=1"));
    for (Process *process : {&waiting, &limited})
        expect_out(*process, "[SYNC] No");
    quitting.signal(SIGUSR1);
    for (Process *process : {&waiting, &limited})
        expect_out(*process, "[Client] The server has shut down");
    EXPECT_EQ(limited.wait(), 3) << limited.describe();
    EXPECT_TRUE(has(limited.err(), "still runs after the time of --wait")) << limited.describe();
    EXPECT_EQ(count_of(waiting.out(), "Attached"), 1) << waiting.describe();
    quitting.signal(SIGKILL);
    ASSERT_TRUE(quitting.wait());
    expect_out(waiting, "[Client] Waiting for a server");
    start_server();
    expect_out(waiting, "[SYNC] Reply");
    EXPECT_EQ(count_of(waiting.out(), "[Client] The server has shut down"), 1)
        << waiting.describe();
    expect_end(waiting);
}

/* Clients start, attach and go on at any moment of a server's life. */
TEST_F(PlannedRestart, TenRestartsUnderClientsThatStartMeanwhile) {
    std::deque<Process> clients;
    for (int round = 0; round < 10; round++) {
        start_server();
        for (int i = 0; i < 2; i++)
            clients.emplace_back(
                client(prefix_, {"--wait", "--sync-interval", "0.2", "--async-interval", "0.2"}));
        expect_out(clients.front(), "[SYNC] Reply", round + 1);
        shut_server_down(); /* while the newest attach */
    }
    start_server();
    for (Process &process : clients) {
        expect_out(process, "[SYNC] Reply", count_of(process.out(), "[SYNC] Reply") + 1);
        process.signal(SIGINT);
    }
    for (Process &process : clients) {
        EXPECT_EQ(process.wait(), 0) << process.describe();
        EXPECT_TRUE(sums_of(process.out(), "Sync").balance()) << process.describe();
    }
}

}  // namespace
}  // namespace mp_ipc::test
