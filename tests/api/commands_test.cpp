/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Every call and message type of the API, run as a reader would run it: one line of mp_server, one
 * of mp_client, and what both consoles then say.
 */
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <regex>

#include "support/eal/runtime_dir.h"
#include "tests/harness/pair.h"

namespace mp_ipc::test {
namespace {

using std::chrono::milliseconds;

/* A running server of its own prefix, and what is asked of it. */
class Api : public Hugepages {
  protected:
    Process &start_server(const Words &options = {}) {
        server_.emplace(server(prefix_, options));
        EXPECT_TRUE(server_->wait_for_out(kServerReady)) << server_->describe();
        return *server_;
    }
    Finished run_client(const Words &options) { return run(client(prefix_, options)); }
    /* Ends it and returns its whole console. */
    std::string end_server() {
        server_->signal(SIGINT);
        EXPECT_EQ(server_->wait(), 0) << server_->describe();
        return server_->out();
    }
    const Prefix prefix_;
    std::optional<Process> server_;
};

bool has(const std::string &text, const std::string &part) {
    return text.find(part) != std::string::npos;
}

int descriptors(pid_t pid) {
    int count = 0;
    for ([[maybe_unused]] const auto &fd :
         std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd"))
        count++;
    return count;
}

/* ---- exercises 1 and 2: a message type more, and structs ---- */

TEST_F(Api, PingSendsAStructAndSumsUp) {
    start_server();
    const Finished ping = run_client({"ping", "--count", "3", "--interval", "0.01"});
    EXPECT_EQ(ping.status, 0) << ping.out;
    EXPECT_TRUE(std::regex_search(
        ping.out,
        std::regex(
            R"(\[PING\] Reply: seq=1 time=\d+\.\d{3} ms: there [\d.]+, handler [\d.]+, back [\d.]+\n)"
            R"(\[PING\] Reply: seq=2 time=.*\n\[PING\] Reply: seq=3 time=.*\n)"
            R"(\[PING\] 3 sent, 3 answered, 0 lost, 0 late\n)"
            R"(\[PING\] time min/median/p99/max = [\d.]+/[\d.]+/[\d.]+/[\d.]+ ms\n)"
            R"(\[PING\] median there/handler/back = [\d.]+/[\d.]+/[\d.]+ ms\n)")))
        << ping.out;
    EXPECT_TRUE(has(end_server(), "[PING] Received: seq=3"));
}

TEST_F(Api, PingShowsThatTheHandlerIsSlow) {
    start_server({"--quiet", "--fault", "slow=50"});
    const Finished ping = run_client({"ping", "--count", "1"});
    std::smatch legs;
    ASSERT_TRUE(std::regex_search(
        ping.out, legs,
        std::regex(R"(seq=1 time=([\d.]+) ms: there ([\d.]+), handler ([\d.]+), back ([\d.]+)\n)")))
        << ping.out;
    const auto ms = [&](std::size_t i) { return std::stod(legs[i].str()); };
    EXPECT_GE(ms(3), 50) << ping.out;
    EXPECT_NEAR(ms(1), ms(2) + ms(3) + ms(4), 0.002) << "each is rounded";
}

TEST_F(Api, PingFloodIsSumOnly) {
    start_server({"--quiet"});
    const Finished ping = run_client({"ping", "--flood", "--count", "5000"});
    EXPECT_EQ(ping.status, 0);
    EXPECT_FALSE(has(ping.out, "seq="));
    EXPECT_TRUE(has(ping.out, "[PING] 5000 sent, 5000 answered, 0 lost, 0 late")) << ping.out;
}

TEST_F(Api, CtrlCGivesPingsSummary) {
    start_server();
    Process ping(client(prefix_, {"ping", "--interval", "0.1"}));
    ASSERT_TRUE(ping.wait_for_out("seq=5 "));
    ping.signal(SIGINT);
    EXPECT_EQ(ping.wait(), 0) << ping.describe();
    EXPECT_TRUE(has(ping.out(), " lost, 0 late"));
    EXPECT_TRUE(has(ping.out(), "min/median/p99/max"));
}

TEST_F(Api, PingWithoutAnswersExits4) {
    start_server({"--fault", "silent"});
    const Finished ping =
        run_client({"ping", "--count", "2", "--interval", "0.01", "--timeout", "0.05"});
    EXPECT_EQ(ping.status, 4);
    EXPECT_TRUE(has(ping.out, "[PING] No reply to seq=1 within 0.050 s")) << ping.out;
    EXPECT_TRUE(has(ping.out, "[PING] 2 sent, 0 answered, 2 lost, 0 late")) << ping.out;
}

/* ---- exercise 3: several clients ---- */

TEST_F(Api, SixteenClientsAtOnceAddUp) {
    start_server();
    std::vector<std::unique_ptr<Process>> clients;
    for (int i = 0; i < 16; i++)
        clients.push_back(std::make_unique<Process>(
            client(prefix_, {"--name", "Client" + std::to_string(i), "--sync-interval", "0.02",
                             "--async-interval", "0.03", "--count", "10"})));
    for (const auto &process : clients) {
        EXPECT_EQ(process->wait(), 0) << process->describe();
        EXPECT_TRUE(has(process->out(), "Sync: sent 10, answered 10")) << process->describe();
        EXPECT_TRUE(has(process->out(), "Async: sent 10, answered 10")) << process->describe();
    }
    const std::string console = end_server();
    EXPECT_TRUE(
        has(console, "[Server] Processed sync requests: 160, async requests: 160\n[Server] Ended"))
        << console;
    EXPECT_TRUE(has(console, "SYNC Hello 10 from Client15"));
}

/* ---- exercise 4: rte_mp_sendmsg, MP_MSG ---- */

TEST_F(Api, NotifyIsOneWay) {
    Process &server_process = start_server();
    const Finished notify = run_client({"--name", "Alice", "notify", "link up \x1b[31m"});
    EXPECT_EQ(notify.status, 0) << notify.err;
    EXPECT_TRUE(has(notify.out, "[EVENT] Sent: link up \\x1b[31m")) << notify.out;
    EXPECT_TRUE(server_process.wait_for_out("[EVENT] From Alice (pid "))
        << server_process.describe();
    EXPECT_TRUE(server_process.wait_for_out("): link up \\x1b[31m"));
}

TEST_F(Api, NotifyToAStoppedServerDoesNotHang) {
    Process &server_process = start_server();
    Process first(client(prefix_, {"--sync-interval", "0", "--async-interval", "0"}));
    ASSERT_TRUE(first.wait_for_out("Attached"));
    server_process.signal(SIGSTOP);
    /* The kernel takes it: that is all that 0 says. */
    Process notify(client(prefix_, {"notify", "text", "--timeout", "1"}));
    EXPECT_TRUE(notify.wait()) << notify.describe();
    server_process.signal(SIGCONT);
}

TEST_F(Api, ABroadcastingServerTellsOfItsShutdown) {
    start_server({"--broadcast"});
    Process client_process(client(prefix_));
    ASSERT_TRUE(client_process.wait_for_out("[ASYNC] Reply"));
    end_server();
    EXPECT_EQ(client_process.wait(), 0) << client_process.describe();
    EXPECT_TRUE(has(client_process.out(), "[EVENT] The server is shutting down\n"))
        << client_process.describe();
    EXPECT_TRUE(has(client_process.out(), "[Client] The server has shut down\n"));
}

/* ---- exercise 5: timeouts, and the pitfalls on demand ---- */

/* The reply comes half a second after its timeout, half a second before the next one's. */
TEST_F(Api, ALateReplyIsNotTakenForTheNextAnswer) {
    start_server({"--fault", "slow=1500"});
    const Finished hello = run_client(
        {"--timeout", "1", "--async-interval", "0", "--sync-interval", "0.01", "--count", "4"});
    EXPECT_EQ(hello.status, 4);
    EXPECT_TRUE(has(hello.out,
                    "[SYNC] No reply to 'SYNC Hello 1 from Client' within 1.000 s\n"
                    "[SYNC] Late reply, not to 'SYNC Hello 2 from Client': Server SYNC "
                    "reply: Got 'SYNC Hello 1 from Client'\n"))
        << hello.out;
    EXPECT_FALSE(has(hello.out, "[SYNC] Reply:")) << hello.out;
    EXPECT_TRUE(has(hello.out, "Sync: sent 4, answered 0, late ")) << hello.out;
}

TEST_F(Api, ALateStructIsNotTakenForTheNextAnswer) {
    start_server({"--fault", "slow=1500"});
    const Finished ping =
        run_client({"ping", "--timeout", "1", "--interval", "0.01", "--count", "2"});
    EXPECT_EQ(ping.status, 4);
    EXPECT_TRUE(has(ping.out,
                    "[PING] No reply to seq=1 within 1.000 s\n"
                    "[PING] Late reply, not to seq=2: seq=1\n"
                    "[PING] 2 sent, 0 answered, 1 lost, 1 late\n"))
        << ping.out;
}

TEST_F(Api, AReplyUnderAnotherNameIsDroppedByTheLibrary) {
    start_server({"--fault", "wrong-name"});
    Process hello(client(prefix_, {"--timeout", "1", "--async-interval", "0", "--count", "1"}));
    EXPECT_EQ(hello.wait(), 4) << hello.describe();
    EXPECT_TRUE(has(hello.err(), "Drop mp reply: other_name")) << hello.describe();
    EXPECT_TRUE(has(hello.out(), "[SYNC] No reply to 'SYNC Hello 1 from Client' within 1.000 s"));
}

TEST_F(Api, ANullTimeoutIsNoDefault) {
    start_server();
    const Finished asked = run(helper("null-timeout", prefix_));
    EXPECT_EQ(asked.status, 128 + SIGSEGV) << asked.out;
    EXPECT_EQ(asked.out, "asking\n");
}

TEST_F(Api, TimeoutsOfAMillisecondWork) {
    start_server({"--fault", "silent"});
    const Finished ping =
        run_client({"ping", "--timeout", "0.001", "--interval", "0.001", "--count", "5"});
    EXPECT_EQ(ping.status, 4);
    EXPECT_TRUE(has(ping.out, "No reply to seq=5 within 0.001 s")) << ping.out;
}

TEST_F(Api, AFaultEndsWhenItIsToldTo) {
    start_server({"--fault", "silent", "--fault-for", "4"});
    Process hello(
        client(prefix_, {"--timeout", "0.2", "--sync-interval", "0.2", "--async-interval", "0"}));
    EXPECT_TRUE(hello.wait_for_out("[SYNC] No reply to 'SYNC Hello 1 from Client'"))
        << hello.describe();
    EXPECT_TRUE(hello.wait_for_out("[SYNC] Reply: Server SYNC reply: Got 'SYNC Hello "))
        << hello.describe();
}

/* ---- exercise 6: errors on the asynchronous side ---- */

TEST_F(Api, AsyncEndsByItsTimeoutWithTheCountsSaid) {
    start_server({"--fault", "silent"});
    Process hello(
        client(prefix_, {"--timeout", "0.1", "--sync-interval", "0", "--async-interval", "3600"}));
    EXPECT_TRUE(
        hello.wait_for_out("[ASYNC] No reply to 'ASYNC Hello 1 from Client' within 0.100 s"))
        << hello.describe();
    EXPECT_TRUE(
        hello.wait_for_out("[ASYNC] Callback called\n"
                           "[ASYNC] Request 'ASYNC Hello 1 from Client': sent 1, received 0\n"))
        << hello.describe();
}

TEST_F(Api, ARequestPendingWhenTheServerDiesEndsByItsTimeout) {
    Process &server_process = start_server({"--fault", "silent"});
    Process pending(helper("pending-at-death", prefix_));
    ASSERT_TRUE(pending.wait_for_out("async rc 0")) << pending.describe();
    server_process.signal(SIGKILL);
    EXPECT_EQ(pending.wait(), 0) << pending.describe();
    EXPECT_TRUE(has(pending.out(),
                    "callback rc 0 sent 1 received 0\n"
                    "async after death rc -1 errno Connection refused\n"))
        << pending.out();
}

/* ---- broadcast, nb_sent and nb_received ---- */

TEST_F(Api, BroadcastAsksEveryClient) {
    Process &server_process = start_server({"--broadcast", "--stats-interval", "0.3"});
    Process alice(client(prefix_, {"--name", "Alice"}));
    Process bob(client(prefix_, {"--name", "Bob"}));
    ASSERT_TRUE(alice.wait_for_out("[ASYNC] Reply"));
    ASSERT_TRUE(bob.wait_for_out("[ASYNC] Reply"));
    EXPECT_TRUE(server_process.wait_for_out("[STATUS] Asked 2 clients, 2 answered"))
        << server_process.describe();
    EXPECT_TRUE(server_process.wait_for_out("[STATUS] Alice (pid " + std::to_string(alice.pid()) +
                                            "): sent 2, answered 2, late 0"))
        << server_process.describe();
    EXPECT_TRUE(
        server_process.wait_for_out("[STATUS] Bob (pid " + std::to_string(bob.pid()) + ")"));
}

TEST_F(Api, AStoppedClientCostsAnAsyncBroadcastOnlyItsOwnAnswer) {
    Process &server_process = start_server({"--broadcast", "--stats-interval", "0.3"});
    std::vector<std::unique_ptr<Process>> clients;
    for (const char *name : {"A", "B", "C"})
        clients.push_back(std::make_unique<Process>(
            client(prefix_, {"--name", name, "--sync-interval", "0", "--async-interval", "0"})));
    ASSERT_TRUE(server_process.wait_for_out("[STATUS] Asked 3 clients, 3 answered"))
        << server_process.describe();
    clients[2]->signal(SIGSTOP);
    EXPECT_TRUE(server_process.wait_for_out("[STATUS] Asked 3 clients, 2 answered"))
        << server_process.describe();
    /* It is not asked until its queue is full: the server would block on that. */
    EXPECT_TRUE(server_process.wait_for_out("[STATUS] Not asked: a client does not read"))
        << server_process.describe();
    EXPECT_EQ(run_client({"ping", "--count", "1"}).status, 0);
    clients[2]->signal(SIGCONT);
    EXPECT_TRUE(server_process.wait_for_out(
        "[STATUS] Asked 3 clients, 3 answered",
        count_of(server_process.out(), "[STATUS] Asked 3 clients, 3 answered") + 1))
        << server_process.describe();
}

TEST_F(Api, AStoppedClientCostsASyncBroadcastEverything) {
    Process &server_process = start_server({"--broadcast=sync", "--stats-interval", "0.3"});
    std::vector<std::unique_ptr<Process>> clients;
    for (const char *name : {"A", "B", "C"})
        clients.push_back(std::make_unique<Process>(
            client(prefix_, {"--name", name, "--sync-interval", "0", "--async-interval", "0"})));
    ASSERT_TRUE(server_process.wait_for_out("[STATUS] Asked 3 clients, 3 answered"))
        << server_process.describe();
    clients[1]->signal(SIGSTOP);
    EXPECT_TRUE(
        server_process.wait_for_out("one did not answer: no answers (Connection timed out)"))
        << server_process.describe();
    clients[1]->signal(SIGCONT);
}

/* A struct of another length or version is never read as one of ours. */
TEST_F(Api, AReplyOfAnotherBuildIsRefused) {
    Process primary(helper("odd-replies", prefix_));
    ASSERT_TRUE(primary.wait_for_out("ready")) << primary.describe();
    const Finished ping = run_client({"--count", "5", "--interval", "0.01", "ping"});
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

/* ---- file descriptors ---- */

TEST_F(Api, ReportComesInADescriptor) {
    start_server();
    const Finished report = run_client({"report"});
    EXPECT_EQ(report.status, 0) << report.err;
    for (const char *line : {"[REPORT] mp_server 1.", "[REPORT] dpdk: DPDK ", "[REPORT] boot_id: ",
                             "[REPORT] uptime_s: ", "[REPORT] action report_request: received 1",
                             "[REPORT] clients: 1\n"})
        EXPECT_TRUE(has(report.out, line)) << line << "\n" << report.out;
    EXPECT_GT(report.out.size(), 256U);
}

TEST_F(Api, TenThousandReportsLeakNoDescriptor) {
    Process &server_process = start_server({"--quiet"});
    Process reports(client(prefix_, {"report", "--quiet", "--count", "1000000"}));
    ASSERT_TRUE(reports.wait_for_out("Attached"));
    const auto received = [&] { return received_by_server(prefix_, "report_request"); };
    ASSERT_TRUE(eventually([&] { return received() > 100; }));
    const int client_before = descriptors(reports.pid());
    const int server_before = descriptors(server_process.pid());
    const long begin = received();
    ASSERT_TRUE(eventually([&] { return received() >= begin + 10000; }, std::chrono::seconds(60)));
    /* One report may be on its way at either moment. */
    EXPECT_NEAR(descriptors(reports.pid()), client_before, 2);
    EXPECT_NEAR(descriptors(server_process.pid()), server_before, 2);
    reports.signal(SIGINT);
    EXPECT_TRUE(reports.wait());
}

TEST_F(Api, DescriptorsNobodyAskedForAreClosed) {
    /* unfiltered: else the kernel drops the message, and nothing is there to be closed */
    Process &server_process = start_server({"--fault", "unfiltered"});
    ASSERT_EQ(run(helper("odd-requests", prefix_)).status, 0);
    const int before = descriptors(server_process.pid());
    ASSERT_EQ(run(helper("odd-requests", prefix_)).status,
              0); /* three descriptors with one message */
    EXPECT_EQ(descriptors(server_process.pid()), before);
}

/* ---- rte_mp_disable ---- */

TEST_F(Api, NoSecondariesKeepsClientsOut) {
    Process &server_process = start_server({"--no-secondaries"});
    ASSERT_TRUE(server_process.wait_for_out("rte_mp_disable(): no client can attach from now on"));
    const Finished refused = run_client({});
    EXPECT_EQ(refused.status, 1) << refused.err;
    EXPECT_TRUE(has(refused.err,
                    "error: the primary takes no secondaries: it has called "
                    "rte_mp_disable()"))
        << refused.err;
}

TEST_F(Api, NoSecondariesIsRefusedOnceAClientHasAttached) {
    Process &server_process = start_server({"--no-secondaries=3"});
    Process client_process(client(prefix_));
    ASSERT_TRUE(client_process.wait_for_out("[SYNC] Reply")) << client_process.describe();
    EXPECT_TRUE(
        server_process.wait_for_out("rte_mp_disable() refused: a client has attached already"))
        << server_process.describe();
    EXPECT_EQ(run_client({"ping", "--count", "1"}).status, 0);
}

/* ---- MP_IGN ---- */

TEST_F(Api, ASecondaryInItsInitAsksToBeIgnored) {
    Process primary(helper("ask-all", prefix_, {"client_status", "1"}));
    ASSERT_TRUE(primary.wait_for_out("ready")) << primary.describe();
    Process held(helper("held-secondary", prefix_));
    ASSERT_TRUE(held.wait_for_out("held")) << held.describe();
    EXPECT_EQ(primary.wait(), 0) << primary.describe();
    /* Sent once, counted back, nothing received, and no error. */
    EXPECT_TRUE(has(primary.out(), "sync rc 0 sent 0 received 0\n")) << primary.out();
    EXPECT_TRUE(has(primary.out(), "async rc 0\nasync callback rc 0 sent 0 received 0\n") ||
                has(primary.out(), "async callback rc 0 sent 0 received 0\nasync rc 0\n"))
        << primary.out();
    EXPECT_FALSE(has(held.out(), "init complete"));
}

/* ---- EEXIST ---- */

TEST_F(Api, ASecondRequestOfOneNameFailsWhileOneIsPending) {
    start_server({"--fault", "slow=300"});
    const Finished twice = run(helper("pending-twice", prefix_));
    EXPECT_EQ(twice.status, 0) << twice.err;
    EXPECT_TRUE(has(twice.out,
                    "async rc 0\n"
                    "second async rc -1 errno File exists\n"
                    "second sync rc -1 errno File exists\n"))
        << twice.out;
    EXPECT_TRUE(has(twice.out, "other name rc 0")) << twice.out;
    EXPECT_TRUE(has(twice.out, "callback rc 0 sent 1 received 1")) << twice.out;
}

TEST_F(Api, AnAsyncIntervalShorterThanTheRoundTripIsHandled) {
    start_server({"--fault", "slow=300"});
    const Finished hello =
        run_client({"--sync-interval", "0", "--async-interval", "0.1", "--count", "3"});
    EXPECT_EQ(hello.status, 0) << hello.out;
    EXPECT_TRUE(has(hello.out, "[ASYNC] Not sent: the request before it is still pending"))
        << hello.out;
    EXPECT_TRUE(has(hello.out, "Got 'ASYNC Hello 3 from Client'")) << hello.out;
    EXPECT_TRUE(has(hello.out, "Async: sent 3, answered 3, late 0, timed out 0, refused 0"))
        << hello.out;
}

/* ---- rte_mp_action_register ---- */

TEST_F(Api, BadNamesAreRefusedWithTheirErrno) {
    const Finished names = run(helper("register-names", prefix_));
    EXPECT_EQ(names.status, 0) << names.err;
    EXPECT_EQ(names.out,
              "first: rc 0 errno none\n"
              "twice: rc -1 errno File exists\n"
              "again after unregister: rc 0 errno none\n"
              "empty: rc -1 errno Invalid argument\n"
              "63 characters: rc 0 errno none\n"
              "64 characters: rc -1 errno Argument list too long\n");
}

}  // namespace
}  // namespace mp_ipc::test
