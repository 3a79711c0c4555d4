/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What no row of docs/api.md shows (scripts/tour_rows.sh has those).
 */
#include <gtest/gtest.h>

#include <csignal>
#include <regex>

#include "tests/harness/datagram.h"
#include "tests/harness/pair.h"

namespace mp_ipc::test {
namespace {

class Api : public Hugepages {};

TEST_F(Api, PingShowsThatTheHandlerIsSlow) {
    RunningServer server_process(prefix_, {"--quiet", "--fault", "slow=50"});
    const Finished ping = run(client(prefix_, {"ping", "--count", "1"}));
    std::smatch legs;
    ASSERT_TRUE(std::regex_search(
        ping.out, legs,
        std::regex(R"(seq=1 time=([\d.]+) ms: there ([\d.]+), handler ([\d.]+), back ([\d.]+)\n)")))
        << ping.out;
    const auto ms = [&](std::size_t i) { return std::stod(legs[i].str()); };
    EXPECT_GE(ms(3), 50) << ping.out;
    EXPECT_NEAR(ms(1), ms(2) + ms(3) + ms(4), 0.002) << "each is rounded";
}

TEST_F(Api, SixteenClientsAtOnceAddUp) {
    RunningServer server_process(prefix_);
    std::vector<std::unique_ptr<Process>> clients;
    for (int i = 0; i < 16; i++)
        clients.push_back(std::make_unique<Process>(
            client(prefix_, {"--name", "Client" + std::to_string(i), "--sync-interval", "0.02",
                             "--async-interval", "0.03", "--count", "10"})));
    for (const auto &process : clients) {
        EXPECT_EQ(process->wait(), 0) << process->describe();
        EXPECT_TRUE(has(process->out(), "Sync: sent 10, answered 10"));
        EXPECT_TRUE(has(process->out(), "Async: sent 10, answered 10"));
    }
    expect_end(server_process);
    const std::string console = server_process.out();
    EXPECT_TRUE(
        has(console, "[Server] Processed sync requests: 160, async requests: 160\n[Server] Ended"));
    EXPECT_TRUE(has(console, "SYNC Hello 10 from Client15"));
}

TEST_F(Api, AnEventsTextIsShownWithoutControlCharacters) {
    RunningServer server_process(prefix_);
    const Finished notify = run(client(prefix_, {"--name", "Alice", "notify", "link up \x1b[31m"}));
    EXPECT_EQ(notify.status, 0) << notify.err;
    EXPECT_TRUE(has(notify.out, "[EVENT] Sent: link up \\x1b[31m"));
    expect_out(server_process, "[EVENT] From Alice (pid ");
    expect_out(server_process, "): link up \\x1b[31m");
}

TEST_F(Api, NotifyToAStoppedServerDoesNotHang) {
    RunningServer server_process(prefix_);
    RunningClient first(prefix_, {"--sync-interval", "0", "--async-interval", "0"});
    server_process.signal(SIGSTOP);
    /* The kernel takes it, and 0 means no more than that. */
    Process notify(client(prefix_, {"notify", "text", "--timeout", "1"}));
    EXPECT_TRUE(notify.wait()) << notify.describe();
    server_process.signal(SIGCONT);
}

/* A reply comes half a second after its timeout, and so while a later request waits. On a loaded
 * machine one may miss its later request as well; not all of them.
 */
TEST_F(Api, ALateStructIsNotTakenForTheNextAnswer) {
    RunningServer server_process(prefix_, {"--fault", "slow=1500"});
    const Finished ping =
        run(client(prefix_, {"ping", "--timeout", "1", "--interval", "0.01", "--count", "4"}));
    EXPECT_EQ(ping.status, 4);
    EXPECT_TRUE(has(ping.out, "[PING] No reply to seq=1 within 1.000 s\n"));
    EXPECT_TRUE(has(ping.out, "[PING] Late reply to an earlier request, while waiting for seq="));
    EXPECT_TRUE(has(ping.out, "[PING] 4 sent, 0 answered, "));
}

TEST_F(Api, ANullTimeoutIsNoDefault) {
    RunningServer server_process(prefix_);
    const Finished asked = run(helper("null-timeout", prefix_));
    EXPECT_EQ(asked.status, 128 + SIGSEGV) << asked.out;
    EXPECT_EQ(asked.out, "asking\n");
}

TEST_F(Api, AFaultEndsAfterFaultFor) {
    RunningServer server_process(prefix_, {"--fault", "silent", "--fault-for", "4"});
    Process hello(
        client(prefix_, {"--timeout", "0.2", "--sync-interval", "0.2", "--async-interval", "0"}));
    expect_out(hello, "[SYNC] No reply to 'SYNC Hello 1 from Client'");
    expect_out(hello, "[SYNC] Reply: Server SYNC reply: Got 'SYNC Hello ");
}

TEST_F(Api, AsyncEndsByItsTimeoutWithTheCountsSaid) {
    RunningServer server_process(prefix_, {"--fault", "silent"});
    Process hello(
        client(prefix_, {"--timeout", "0.1", "--sync-interval", "0", "--async-interval", "3600"}));
    expect_out(hello, "[ASYNC] No reply to 'ASYNC Hello 1 from Client' within 0.100 s");
    expect_out(hello,
               "[ASYNC] Callback called\n"
               "[ASYNC] Request 'ASYNC Hello 1 from Client': sent 1, received 0\n");
}

/* A struct of another length or version is never read as one of ours. */
TEST_F(Api, AReplyOfAnotherBuildIsRefused) {
    Process primary(helper("odd-replies", prefix_));
    expect_out(primary, "ready");
    const Finished ping = run(client(prefix_, {"--count", "5", "--interval", "0.01", "ping"}));
    EXPECT_EQ(ping.status, 4) << ping.out << ping.err;
    for (const char *line : {"[PING] Reply: seq=1 time=",
                             "[PING] Not answered: seq=2: the struct has another length\n",
                             "[PING] Not answered: seq=3: the struct has another length\n",
                             "[PING] Not answered: seq=4: the struct has another version: ",
                             "[PING] Not answered: seq=5: the struct has another version: ",
                             "[PING] 5 sent, 1 answered, 4 lost, 0 late\n",
                             "[PING] there/handler/back are not known: "}) /* it sets no times */
        EXPECT_TRUE(has(ping.out, line)) << line << "\n" << ping.out;
}

TEST_F(Api, TenThousandReportsLeakNoDescriptor) {
    RunningServer server_process(prefix_, {"--quiet"});
    RunningClient reports(prefix_, {"report", "--quiet", "--count", "1000000"});
    const auto received = [&] { return received_by_server(prefix_, "report_request"); };
    ASSERT_TRUE(eventually([&] { return received() > 100; }));
    const auto open_now = [](const Process &process) {
        return static_cast<double>(open_files(process.pid()).size());
    };
    const double client_before = open_now(reports);
    const double server_before = open_now(server_process);
    const long begin = received();
    ASSERT_TRUE(eventually([&] { return received() >= begin + 10000; }, std::chrono::seconds(60)));
    /* One report may be on its way at either moment. */
    EXPECT_NEAR(open_now(reports), client_before, 2);
    EXPECT_NEAR(open_now(server_process), server_before, 2);
    reports.signal(SIGINT);
    EXPECT_TRUE(reports.wait());
}

}  // namespace
}  // namespace mp_ipc::test
