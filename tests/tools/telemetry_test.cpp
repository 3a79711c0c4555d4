/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The server's counts, as DPDK's own dpdk-telemetry.py reads them.
 */
#include <gtest/gtest.h>

#include <atomic>
#include <regex>
#include <thread>

#include "exercises/ping.h"
#include "exercises/report.h"
#include "support/eal/heap_question.h"
#include "tests/harness/datagram.h"
#include "tests/harness/pair.h"

namespace mp_ipc::test {
namespace {

class Telemetry : public Hugepages {
  protected:
    void SetUp() override {
        MP_IPC_NEEDS_PROGRAM("dpdk-telemetry.py", "dpdk-dev");
        Hugepages::SetUp();
    }
};

/* What the script prints for these commands: a line of JSON each, which it has parsed. */
std::string ask(const Prefix &prefix, const Words &commands) {
    std::string script = "printf '%s\\n'";
    for (const std::string &command : commands)
        script += " '" + command + "'";
    script += " | dpdk-telemetry.py -f " + prefix.name();
    const Finished finished = run({"sh", "-c", script});
    EXPECT_EQ(finished.status, 0) << finished.err;
    return finished.out;
}

::testing::AssertionResult matches(const std::string &text, const std::string &pattern) {
    if (std::regex_search(text, std::regex(pattern)))
        return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << pattern << " does not match:\n" << text;
}

TEST_F(Telemetry, IsListedWithHelp) {
    RunningServer server_process(prefix_);
    const std::string listed = ask(prefix_, {"/"});
    for (const char *command :
         {"/mp_ipc/info", "/mp_ipc/stats", "/mp_ipc/latency", "/mp_ipc/clients"}) {
        EXPECT_NE(listed.find('"' + std::string(command) + '"'), std::string::npos) << listed;
        const std::string help = ask(prefix_, {std::string("/help,") + command});
        EXPECT_NE(help.find('"' + std::string(command) + "\": \"mp_server: "), std::string::npos)
            << help;
    }
}

TEST_F(Telemetry, InfoNamesTheRunningServer) {
    RunningServer server_process(prefix_, {"--broadcast=sync", "--fault", "slow=1"});
    const std::string info = ask(prefix_, {"/mp_ipc/info"});
    EXPECT_TRUE(matches(info, "\"version\": \"" MP_IPC_VERSION "\", \"dpdk\": \"DPDK [0-9.]+\""));
    EXPECT_TRUE(matches(info, "\"pid\": " + std::to_string(server_process.pid()) + ","));
    EXPECT_TRUE(matches(info, "\"file_prefix\": \"" + prefix_.name() + "\""));
    EXPECT_TRUE(matches(info, "\"ipc_thread_cores\": \"[0-9,-]+\""));
    EXPECT_TRUE(matches(info, "\"broadcast\": \"sync\", \"fault\": \"on\""));
}

TEST_F(Telemetry, StatsCountWhatTheClientsSent) {
    RunningServer server_process(prefix_, {"--quiet"});
    ASSERT_EQ(run(client(prefix_,
                         {"--count", "3", "--sync-interval", "0.01", "--async-interval", "0.01"}))
                  .status,
              0);
    ASSERT_EQ(run(client(prefix_, {"ping", "--flood", "--count", "500"})).status, 0);
    ASSERT_EQ(run(client(prefix_, {"notify", "hello"})).status, 0);
    ASSERT_EQ(run(client(prefix_, {"report"})).status, 0);
    const RawSocket by_hand(prefix_.dir() + "/mp_socket_1_f00d");
    for (const char *name : {kMsgPing, kMsgPing, kMsgReport}) {
        ASSERT_EQ(by_hand.send(prefix_.dir() + "/mp_socket", wire_message(kWireRequest, name, "x")),
                  0);
        WireMessage refusal;
        ASSERT_TRUE(by_hand.receive(&refusal));
    }
    const std::string stats = ask(prefix_, {"/mp_ipc/stats"});
    EXPECT_TRUE(
        matches(stats, "\"received\": 511, \"replied\": 510, \"refused\": 3, \"late\": 0, "));
    const auto action = [&](const std::string &name, int received, int replied, int refused) {
        EXPECT_TRUE(matches(stats, "\"" + name +
                                       "\": \\{\"received\": " + std::to_string(received) +
                                       ", \"replied\": " + std::to_string(replied) +
                                       ", \"refused\": " + std::to_string(refused) + "\\}"));
    };
    action("hello_request", 3, 3, 0);
    action("hello_async_req", 3, 3, 0);
    action("ping_request", 502, 502, 2);
    action("report_request", 2, 2, 1);
    action("notify_event", 1, 0, 0);

    const std::string latency = ask(prefix_, {"/mp_ipc/latency,ping_request"});
    std::smatch times;
    ASSERT_TRUE(std::regex_search(
        latency, times,
        std::regex("\"ping_request\": \\{\"count\": 502, \"min_ns\": ([0-9]+), \"p50_ns\": "
                   "([0-9]+), \"p90_ns\": ([0-9]+), \"p99_ns\": ([0-9]+), \"p999_ns\": ([0-9]+), "
                   "\"max_ns\": ([0-9]+), \"up_to_ns\": \\{\"1023\": [0-9]+, .*"
                   "\"1073741823\": 502\\}\\}")))
        << latency;
    for (std::size_t i = 2; i < times.size(); i++)
        EXPECT_LE(std::stoull(times[i - 1]), std::stoull(times[i])) << latency;
    EXPECT_GT(std::stoull(times[1]), 0U);
    EXPECT_FALSE(matches(latency, "hello_request"));
}

TEST_F(Telemetry, ClientsReportTheirCountsWithBroadcast) {
    /* Slower than the client's timeout: replies come late. */
    RunningServer server_process(
        prefix_, {"--quiet", "--broadcast", "--stats-interval", "0.2", "--fault", "slow=60"});
    Process client_process(client(prefix_, {"--name", "a\"b\\c 中", "--sync-interval", "0.02",
                                            "--async-interval", "0", "--timeout", "0.05"}));
    const std::string pid = std::to_string(client_process.pid());
    std::string clients;
    EXPECT_TRUE(eventually([&] {
        clients = ask(prefix_, {"/mp_ipc/clients"});
        return matches(clients,
                       "\"" + pid +
                           "\": \\{\"name\": \"a\\\\\"b\\\\\\\\c \\\\\\\\xe4\\\\\\\\xb8\\\\"
                           "\\\\xad\", \"messages\": [0-9]+, \"sent\": [0-9]+, "
                           "\"answered\": [0-9]+, \"late\": [1-9]");
    })) << clients
        << client_process.describe();
    EXPECT_EQ(ask(prefix_, {"/mp_ipc/clients,1"}), "{\"/mp_ipc/clients\": {}}\n");
    EXPECT_TRUE(matches(ask(prefix_, {"/mp_ipc/clients," + pid}), "\"" + pid + "\": "));
    expect_end(client_process);
    /* The client has exited, but its late replies stay counted. */
    std::string both;
    EXPECT_TRUE(eventually([&] {
        both = ask(prefix_, {"/mp_ipc/clients", "/mp_ipc/stats"});
        return matches(both, "\"/mp_ipc/clients\": \\{\\}\\}") &&
               matches(both, "\"late\": [1-9]") && matches(both, "\"clients\": 0");
    })) << both;
}

TEST_F(Telemetry, AnEndWhileItIsReadIsClean) {
    for (int round = 0; round < 5; round++) {
        const Prefix prefix;
        RunningServer server_process(prefix);
        std::atomic<int> answers{0};
        std::thread reader([&] {
            while (server_process.running())
                answers += ask_for_heap(prefix.dir()) ? 1 : 0;
        });
        EXPECT_TRUE(eventually([&] { return answers > 100; }));
        expect_end(server_process);
        reader.join();
    }
}

TEST_F(Telemetry, AServerWithoutTelemetryRunsAsWell) {
    RunningServer server_process(with_eal(server(prefix_), {"--no-telemetry"}));
    EXPECT_EQ(run(client(prefix_, {"--count", "1"})).status, 0);
    expect_end(server_process);
}
}  // namespace
}  // namespace mp_ipc::test
