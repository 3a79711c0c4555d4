/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The server's numbers as DPDK's own dpdk-telemetry.py reads them, and the histogram behind them.
 */
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <regex>
#include <thread>

#include "support/base/live_histogram.h"
#include "support/stats/telemetry.h"
#include "tests/tools/neighbour.h"

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

bool has(const std::string &text, const std::string &pattern) {
    return std::regex_search(text, std::regex(pattern));
}

TEST_F(Telemetry, IsListedWithHelp) {
    const Prefix prefix;
    Process server_process(server(prefix));
    ASSERT_TRUE(server_process.wait_for_out(kServerReady)) << server_process.describe();
    const std::string listed = ask(prefix, {"/"});
    for (const char *command :
         {"/mp_ipc/info", "/mp_ipc/stats", "/mp_ipc/latency", "/mp_ipc/clients"}) {
        EXPECT_NE(listed.find('"' + std::string(command) + '"'), std::string::npos) << listed;
        const std::string help = ask(prefix, {std::string("/help,") + command});
        EXPECT_NE(help.find('"' + std::string(command) + "\": \"mp_server: "), std::string::npos)
            << help;
    }
}

TEST_F(Telemetry, InfoNamesTheRunningServer) {
    const Prefix prefix;
    Process server_process(server(prefix, {"--broadcast=sync", "--fault", "slow=1"}));
    ASSERT_TRUE(server_process.wait_for_out(kServerReady));
    const std::string info = ask(prefix, {"/mp_ipc/info"});
    EXPECT_TRUE(has(info, "\"version\": \"" MP_IPC_VERSION "\", \"dpdk\": \"DPDK [0-9.]+\""))
        << info;
    EXPECT_TRUE(has(info, "\"pid\": " + std::to_string(server_process.pid()) + ",")) << info;
    EXPECT_TRUE(has(info, "\"file_prefix\": \"" + prefix.name() + "\"")) << info;
    EXPECT_TRUE(has(info, "\"ipc_thread_cores\": \"[0-9,-]+\"")) << info;
    EXPECT_TRUE(has(info, "\"broadcast\": \"sync\", \"fault\": \"on\"")) << info;
}

TEST_F(Telemetry, StatsCountWhatTheClientsSent) {
    const Prefix prefix;
    /* unfiltered: one of the odd requests brings descriptors */
    Process server_process(server(prefix, {"--quiet", "--fault", "unfiltered"}));
    ASSERT_TRUE(server_process.wait_for_out(kServerReady));
    ASSERT_EQ(
        run(client(prefix, {"--count", "3", "--sync-interval", "0.01", "--async-interval", "0.01"}))
            .status,
        0);
    ASSERT_EQ(run(client(prefix, {"ping", "--flood", "--count", "500"})).status, 0);
    ASSERT_EQ(run(client(prefix, {"notify", "hello"})).status, 0);
    ASSERT_EQ(run(client(prefix, {"report"})).status, 0);
    ASSERT_EQ(run(helper("odd-requests", prefix)).status, 0); /* 7 refused */
    const std::string stats = ask(prefix, {"/mp_ipc/stats"});
    EXPECT_TRUE(has(stats, "\"received\": 524, \"replied\": 523, \"refused\": 7, \"late\": 0, "))
        << stats;
    const auto action = [&](const std::string &name, int received, int replied, int refused) {
        EXPECT_TRUE(has(stats, "\"" + name + "\": \\{\"received\": " + std::to_string(received) +
                                   ", \"replied\": " + std::to_string(replied) +
                                   ", \"refused\": " + std::to_string(refused) + "\\}"))
            << stats;
    };
    action("hello_request", 11, 11, 0); /* 3, and 8 odd ones */
    action("hello_async_req", 3, 3, 0);
    action("ping_request", 507, 507, 6);
    action("report_request", 2, 2, 1);
    action("notify_event", 1, 0, 0);

    const std::string latency = ask(prefix, {"/mp_ipc/latency,ping_request"});
    std::smatch times;
    ASSERT_TRUE(std::regex_search(
        latency, times,
        std::regex("\"ping_request\": \\{\"count\": 507, \"min_ns\": ([0-9]+), \"p50_ns\": "
                   "([0-9]+), \"p90_ns\": ([0-9]+), \"p99_ns\": ([0-9]+), \"p999_ns\": ([0-9]+), "
                   "\"max_ns\": ([0-9]+), \"up_to_ns\": \\{\"1023\": [0-9]+, .*"
                   "\"1073741823\": 507\\}\\}")))
        << latency;
    for (std::size_t i = 2; i < times.size(); i++)
        EXPECT_LE(std::stoull(times[i - 1]), std::stoull(times[i])) << latency;
    EXPECT_GT(std::stoull(times[1]), 0U);
    EXPECT_EQ(latency.find("hello_request"), std::string::npos);
}

TEST_F(Telemetry, ClientsTellTheirBooksWithBroadcast) {
    const Prefix prefix;
    /* Slower than the client's timeout: replies come late. */
    Process server_process(server(
        prefix, {"--quiet", "--broadcast", "--stats-interval", "0.2", "--fault", "slow=60"}));
    ASSERT_TRUE(server_process.wait_for_out(kServerReady));
    Process client_process(client(prefix, {"--name", "a\"b\\c 中", "--sync-interval", "0.02",
                                           "--async-interval", "0", "--timeout", "0.05"}));
    const std::string pid = std::to_string(client_process.pid());
    std::string clients;
    EXPECT_TRUE(eventually([&] {
        clients = ask(prefix, {"/mp_ipc/clients"});
        return has(clients, "\"" + pid +
                                "\": \\{\"name\": \"a\\\\\"b\\\\\\\\c \\\\\\\\xe4\\\\\\\\xb8\\\\"
                                "\\\\xad\", \"messages\": [0-9]+, \"sent\": [0-9]+, "
                                "\"answered\": [0-9]+, \"late\": [1-9]");
    })) << clients
        << client_process.describe();
    EXPECT_EQ(ask(prefix, {"/mp_ipc/clients,1"}), "{\"/mp_ipc/clients\": {}}\n");
    EXPECT_TRUE(has(ask(prefix, {"/mp_ipc/clients," + pid}), "\"" + pid + "\": "));
    client_process.signal(SIGINT);
    ASSERT_EQ(client_process.wait(), 0) << client_process.describe();
    /* It is gone, but what was late stays counted. */
    std::string both;
    EXPECT_TRUE(eventually([&] {
        both = ask(prefix, {"/mp_ipc/clients", "/mp_ipc/stats"});
        return has(both, "\"/mp_ipc/clients\": \\{\\}\\}") && has(both, "\"late\": [1-9]") &&
               has(both, "\"clients\": 0");
    })) << both;
}

/* One connection to the telemetry socket; each command gets its answer. */
class Connection {
  public:
    explicit Connection(const Prefix &prefix)
        : fd_(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)) {
        sockaddr_un address = {};
        address.sun_family = AF_UNIX;
        (prefix.dir() + "/dpdk_telemetry.v2").copy(address.sun_path, sizeof(address.sun_path) - 1);
        if (connect(fd_.get(), reinterpret_cast<sockaddr *>(&address), sizeof(address)) == 0)
            receive();
    }
    /* Empty when the server is gone. */
    std::string ask(const std::string &command) {
        if (::send(fd_.get(), command.data(), command.size(), MSG_NOSIGNAL) < 0)
            return {};
        return receive();
    }

  private:
    std::string receive() {
        std::string text(std::size_t{64} * 1024, '\0');
        const ssize_t got = recv(fd_.get(), text.data(), text.size(), 0);
        text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
        return text;
    }
    UniqueFd fd_;
};

TEST_F(Telemetry, AnEndWhileItIsReadIsClean) {
    for (int round = 0; round < 5; round++) {
        const Prefix prefix;
        Process server_process(server(prefix));
        ASSERT_TRUE(server_process.wait_for_out(kServerReady));
        std::atomic<int> answers{0};
        std::thread reader([&] {
            Connection connection(prefix);
            while (!connection.ask("/mp_ipc/clients").empty() &&
                   !connection.ask("/mp_ipc/stats").empty())
                answers++;
        });
        EXPECT_TRUE(eventually([&] { return answers > 100; }));
        server_process.signal(SIGINT);
        EXPECT_EQ(server_process.wait(), 0) << server_process.describe();
        reader.join();
    }
}

TEST_F(Telemetry, AServerWithoutTelemetryRunsAsWell) {
    const Prefix prefix;
    Words argv = server(prefix);
    argv.emplace_back("--no-telemetry");
    Process server_process(argv);
    ASSERT_TRUE(server_process.wait_for_out(kServerReady));
    EXPECT_EQ(run(client(prefix, {"--count", "1"})).status, 0);
    server_process.signal(SIGINT);
    EXPECT_EQ(server_process.wait(), 0);
}

TEST(TelemetryText, IsPrintableAsciiAndFits) {
    EXPECT_EQ(telemetry_text("plain ~\"\\", 127), "plain ~\"\\");
    EXPECT_EQ(telemetry_text("\xe4\xb8\xad\x1b\x7f", 127), "\\xe4\\xb8\\xad\\x1b\\x7f");
    EXPECT_EQ(telemetry_text(std::string(200, 'x'), 127), std::string(127, 'x'));
    EXPECT_EQ(telemetry_text("abc\xff", 6), "abc"); /* an escape is not cut */
}

TEST(LiveHistogram, ASnapshotIsThePlainHistogram) {
    auto live = std::make_unique<LiveHistogram>();
    Histogram plain;
    EXPECT_EQ(live->snapshot().count(), 0U);
    EXPECT_EQ(live->snapshot().max(), 0U);
    for (std::uint64_t ns = 1; ns < 3'000'000'000; ns = ns * 17 / 16 + 1) {
        live->add(ns);
        plain.add(ns);
    }
    const Histogram copy = live->snapshot();
    EXPECT_EQ(copy.count(), plain.count());
    EXPECT_EQ(copy.min(), plain.min());
    EXPECT_EQ(copy.max(), plain.max());
    for (const double part : {0.0, 0.1, 0.5, 0.9, 0.99, 1.0})
        EXPECT_EQ(copy.quantile(part), plain.quantile(part));
}

TEST(LiveHistogram, CountsUpToABound) {
    Histogram times;
    for (const std::uint64_t ns : {5U, 1023U, 1024U, 2000U, 5000U})
        times.add(ns);
    EXPECT_EQ(times.count_up_to(4), 0U);
    EXPECT_EQ(times.count_up_to(5), 1U);
    EXPECT_EQ(times.count_up_to(1023), 2U); /* bounds of powers of two are exact */
    EXPECT_EQ(times.count_up_to(2047), 4U);
    EXPECT_EQ(times.count_up_to(8191), 5U);
    EXPECT_EQ(times.count_up_to(std::uint64_t{1} << 40), 5U);
}

TEST(LiveHistogram, IsReadWhileItIsWritten) {
    auto live = std::make_unique<LiveHistogram>();
    std::atomic<bool> done{false};
    constexpr std::uint64_t kTimes = 200'000;
    std::thread writer([&] {
        for (std::uint64_t i = 0; i < kTimes; i++)
            live->add(1000 + i % 1000);
        done = true;
    });
    std::uint64_t last = 0;
    while (!done) {
        const Histogram copy = live->snapshot();
        ASSERT_GE(copy.count(), last); /* it never falls */
        last = copy.count();
        if (last > 0) {
            ASSERT_GE(copy.quantile(0.5), 1000U);
            ASSERT_LE(copy.quantile(1.0), 2048U);
        }
    }
    writer.join();
    EXPECT_EQ(live->snapshot().count(), kTimes);
}

}  // namespace
}  // namespace mp_ipc::test
