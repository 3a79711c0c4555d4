/* SPDX-License-Identifier: BSD-3-Clause
 *
 * If a malformed datagram reaches the EAL's IPC thread and ends it (here: without the kernel's
 * filter, by --fault unfiltered), each program must notice within a second, report it and exit with
 * 1, whatever its main thread does.
 */
#include <gtest/gtest.h>

#include <chrono>
#include <vector>

#include "tests/harness/datagram.h"
#include "tests/harness/pair.h"

namespace mp_ipc::test {
namespace {

constexpr const char *kSaid = "the EAL's IPC thread has ended";
constexpr auto kWithin = std::chrono::milliseconds(1000);

void expect_end_within_a_second(Process &process, std::chrono::steady_clock::time_point sent) {
    expect_err(process, kSaid);
    const auto took = std::chrono::steady_clock::now() - sent;
    EXPECT_LE(took, kWithin) << process.describe();
    EXPECT_EQ(process.wait(std::chrono::seconds(5)), 1) << process.describe();
    EXPECT_EQ(count_of(own_lines(process.err()), kSaid), 1) << process.describe();
    ::testing::Test::RecordProperty(
        "ms",
        static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(took).count()));
}

class DeadThread : public Hugepages, public ::testing::WithParamInterface<Malformed> {};

TEST_P(DeadThread, EndsTheServer) {
    RunningServer process(prefix_, {"--stats-interval", "0", "--fault", "unfiltered"});
    ASSERT_EQ(send_malformed(prefix_.dir() + "/mp_socket", GetParam()), 0);
    expect_end_within_a_second(process, std::chrono::steady_clock::now());
}

INSTANTIATE_TEST_SUITE_P(Malformed, DeadThread, ::testing::ValuesIn(kMalformed),
                         ::testing::PrintToStringParamName());

/* How the end of the thread is seen: by a pidfd, or (Linux before 6.9) by looking every 500 ms. */
class DeadThreadSeen : public Hugepages, public ::testing::WithParamInterface<bool> {
  protected:
    static ProcessOptions options() { return {.no_pidfd = GetParam()}; }
    static void expect_seen_so(const Process &process) {
        for (const std::string &link : open_files(process.pid()))
            EXPECT_FALSE(GetParam() && link.find("pidfd") != std::string::npos) << link;
    }
};

TEST_P(DeadThreadSeen, EndsAnIdleClient) {
    RunningServer server_process(prefix_);
    RunningClient process(
        prefix_, {"--sync-interval", "0", "--async-interval", "0", "--fault", "unfiltered"},
        options());
    expect_seen_so(process);
    ASSERT_EQ(send_malformed(client_socket(prefix_), kMalformed[0]), 0);
    expect_end_within_a_second(process, std::chrono::steady_clock::now());
    EXPECT_TRUE(server_process.running());
}

/* Its main thread is inside rte_mp_request_sync(), which would wait 30 s more. */
TEST_P(DeadThreadSeen, EndsAClientInASynchronousRequest) {
    RunningServer server_process(prefix_, {"--fault", "silent"});
    Process process(client(prefix_, {"--timeout", "30", "--fault", "unfiltered", "ping"}),
                    options());
    expect_out(server_process, "[PING] Received");
    ASSERT_EQ(send_malformed(client_socket(prefix_), kMalformed[0]), 0);
    expect_end_within_a_second(process, std::chrono::steady_clock::now());
}

TEST_P(DeadThreadSeen, EndsAClientWithAnAsynchronousRequestPending) {
    RunningServer server_process(prefix_, {"--fault", "silent"});
    Process process(
        client(prefix_, {"--timeout", "30", "--sync-interval", "0", "--fault", "unfiltered"}),
        options());
    expect_out(process, "[ASYNC] Request sent");
    ASSERT_EQ(send_malformed(client_socket(prefix_), kMalformed[0]), 0);
    expect_end_within_a_second(process, std::chrono::steady_clock::now());
}

/* A message is waiting for the handler when the thread ends; clients go on asking. */
TEST_P(DeadThreadSeen, EndsAServerUnderLoad) {
    RunningServer process(prefix_, {"--quiet", "--stats-interval", "0.1", "--fault", "unfiltered"},
                          options());
    expect_seen_so(process);
    Process load(client(prefix_, {"--quiet", "ping", "--flood"}));
    expect_out(process, "Processed sync", 2);
    ASSERT_EQ(send_malformed(prefix_.dir() + "/mp_socket", kMalformed[1]), 0);
    expect_end_within_a_second(process, std::chrono::steady_clock::now());
    EXPECT_EQ(load.wait(), 3) << load.describe(); /* its server went away */
}

INSTANTIATE_TEST_SUITE_P(Seen, DeadThreadSeen, ::testing::Bool(),
                         [](const ::testing::TestParamInfo<bool> &seen) {
                             return std::string(seen.param ? "ByTick" : "ByPidfd");
                         });

class DeadThreadInStart : public Hugepages {};

/* The datagram arrives during rte_eal_init(), after the socket is bound and before the filter is
 * set: the thread has ended before the watch can follow it.
 */
TEST_F(DeadThreadInStart, EndsTheServer) {
    Process process(server(prefix_));
    const RawSocket sender;
    EXPECT_TRUE(eventually([&] { return sender.send(prefix_.dir() + "/mp_socket", "x", 1) == 0; }))
        << process.describe();
    EXPECT_EQ(process.wait(), 1) << process.describe();
    EXPECT_TRUE(has(process.err(), "the EAL's IPC thread"));
    EXPECT_FALSE(has(process.out(), kServerReady));
}

}  // namespace
}  // namespace mp_ipc::test
