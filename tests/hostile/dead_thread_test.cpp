/* SPDX-License-Identifier: BSD-3-Clause
 *
 * One malformed datagram ends the EAL's IPC thread, without a word to the application. The pair has
 * the kernel drop such datagrams; and where one came through (here: with that filter taken away by
 * --fault unfiltered), each program must know within a second, say so and exit 1, wherever its main
 * thread stands. What the library survives must not end it.
 */
#include <gtest/gtest.h>

#include <fcntl.h>

#include <array>
#include <chrono>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <tuple>
#include <vector>

#include "support/eal/runtime_dir.h"
#include "tests/harness/datagram.h"
#include "tests/harness/pair.h"

namespace mp_ipc::test {
namespace {

class DeadThreadInStart : public Hugepages {};

constexpr const char *kSaid = "the EAL's IPC thread has ended";
constexpr auto kWithin = std::chrono::milliseconds(1000);

struct Malformed {
    const char *name;
    std::size_t size = kWireSize;
    std::int32_t num_fds = 0;
    std::int32_t len_param = 0;
    std::size_t with_fds = 0;
};

constexpr Malformed kMalformed[] = {
    {"Bytes0", 0},
    {"Bytes1", 1},
    {"OneByteLess", kWireSize - 1},
    {"OneByteMore", kWireSize + 1},
    {"Bytes4096", 4096},
    {"NumFdsMinus1", kWireSize, -1},
    {"NumFdsOneTooMany", kWireSize, RTE_MP_MAX_FD_NUM + 1},
    {"NumFdsIntMax", kWireSize, INT_MAX},
    {"NumFdsIntMin", kWireSize, INT_MIN},
    {"LenParamMinus1", kWireSize, 0, -1},
    {"LenParam257", kWireSize, 0, 257},
    {"LenParamIntMax", kWireSize, 0, INT_MAX},
    {"LenParamIntMin", kWireSize, 0, INT_MIN},
#if RTE_MP_MAX_FD_NUM < 253 /* since 24.11 as many as the kernel takes for one message */
    /* More than fit the library's control buffer: MSG_CTRUNC. */
    {"BringsOneFdTooMany", kWireSize, RTE_MP_MAX_FD_NUM, 0, RTE_MP_MAX_FD_NUM + 1},
#endif
};

/* The message goes to `to`; errno. */
int send_malformed(const std::string &to, const Malformed &what) {
    WireMessage message = wire_message(kWireMessage, "hello_request");
    message.num_fds = what.num_fds;
    message.len_param = what.len_param;
    std::vector<char> bytes(std::max(what.size, sizeof(message)));
    std::memcpy(bytes.data(), &message, sizeof(message));
    return RawSocket().send(to, bytes.data(), what.size, std::vector<int>(what.with_fds, 0));
}

/* How the end of the thread is seen: by a pidfd, or (Linux before 6.9) by looking every 500 ms. */
enum class Seen { by_pidfd, by_tick };

/* As they stand in the name of a test. */
void PrintTo(const Malformed &what, std::ostream *out) {
    *out << what.name;
}
void PrintTo(Seen seen, std::ostream *out) {
    *out << (seen == Seen::by_tick ? "ByTick" : "ByPidfd");
}

using Parameter = std::tuple<Malformed, Seen>;

std::string name_of(const ::testing::TestParamInfo<Parameter> &info) {
    return ::testing::PrintToString(std::get<0>(info.param)) +
           ::testing::PrintToString(std::get<1>(info.param));
}

class DeadThread : public Hugepages, public ::testing::WithParamInterface<Parameter> {
  protected:
    static const Malformed &what() { return std::get<0>(GetParam()); }
    static ProcessOptions options() {
        ProcessOptions options;
        options.no_pidfd_thread = std::get<1>(GetParam()) == Seen::by_tick;
        return options;
    }
};

int pidfds(const Process &process) {
    int count = 0;
    for (const std::string &link : open_files(process.pid()))
        count += link.find("pidfd") != std::string::npos ? 1 : 0;
    return count;
}

std::string client_socket(const Prefix &prefix) {
    const auto sockets = client_sockets(prefix.dir());
    return sockets.empty() ? "" : sockets[0].path;
}

void expect_end_within_a_second(Process &process, std::chrono::steady_clock::time_point sent) {
    EXPECT_TRUE(process.wait_for_err(kSaid)) << process.describe();
    const auto took = std::chrono::steady_clock::now() - sent;
    EXPECT_LE(took, kWithin) << process.describe();
    EXPECT_EQ(process.wait(std::chrono::seconds(5)), 1) << process.describe();
    EXPECT_EQ(count_of(own_lines(process.err()), kSaid), 1) << process.describe();
    ::testing::Test::RecordProperty(
        "ms",
        static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(took).count()));
}

TEST_P(DeadThread, EndsTheServer) {
    const Prefix prefix;
    Process process(server(prefix, {"--stats-interval", "0", "--fault", "unfiltered"}), options());
    ASSERT_TRUE(process.wait_for_out(kServerReady)) << process.describe();
    if (std::get<1>(GetParam()) == Seen::by_tick) {
        ASSERT_EQ(pidfds(process), 0);
    }
    ASSERT_EQ(send_malformed(prefix.dir() + "/mp_socket", what()), 0);
    expect_end_within_a_second(process, std::chrono::steady_clock::now());
}

TEST_P(DeadThread, EndsAnIdleClient) {
    const Prefix prefix;
    Process server_process(server(prefix));
    ASSERT_TRUE(server_process.wait_for_out(kServerReady)) << server_process.describe();
    Process process(
        client(prefix, {"--sync-interval", "0", "--async-interval", "0", "--fault", "unfiltered"}),
        options());
    ASSERT_TRUE(process.wait_for_out("Attached")) << process.describe();
    if (std::get<1>(GetParam()) == Seen::by_tick) {
        ASSERT_EQ(pidfds(process), 1); /* of the primary */
    }
    ASSERT_EQ(send_malformed(client_socket(prefix), what()), 0);
    expect_end_within_a_second(process, std::chrono::steady_clock::now());
    EXPECT_TRUE(server_process.running());
}

INSTANTIATE_TEST_SUITE_P(Malformed, DeadThread,
                         ::testing::Combine(::testing::ValuesIn(kMalformed),
                                            ::testing::Values(Seen::by_pidfd, Seen::by_tick)),
                         name_of);

class DeadThreadBusy : public Hugepages, public ::testing::WithParamInterface<Seen> {
  protected:
    static ProcessOptions options() {
        ProcessOptions options;
        options.no_pidfd_thread = GetParam() == Seen::by_tick;
        return options;
    }
};

/* Its main thread is inside rte_mp_request_sync(), which would wait 30 s more. */
TEST_P(DeadThreadBusy, EndsAClientInASynchronousRequest) {
    const Prefix prefix;
    Process server_process(server(prefix, {"--fault", "silent"}));
    ASSERT_TRUE(server_process.wait_for_out(kServerReady)) << server_process.describe();
    Process process(client(prefix, {"--timeout", "30", "--fault", "unfiltered", "ping"}),
                    options());
    ASSERT_TRUE(server_process.wait_for_out("[PING] Received")) << server_process.describe();
    ASSERT_EQ(send_malformed(client_socket(prefix), kMalformed[0]), 0);
    expect_end_within_a_second(process, std::chrono::steady_clock::now());
}

TEST_P(DeadThreadBusy, EndsAClientWithAnAsynchronousRequestPending) {
    const Prefix prefix;
    Process server_process(server(prefix, {"--fault", "silent"}));
    ASSERT_TRUE(server_process.wait_for_out(kServerReady)) << server_process.describe();
    Process process(
        client(prefix, {"--timeout", "30", "--sync-interval", "0", "--fault", "unfiltered"}),
        options());
    ASSERT_TRUE(process.wait_for_out("[ASYNC] Request sent")) << process.describe();
    ASSERT_EQ(send_malformed(client_socket(prefix), kMalformed[0]), 0);
    expect_end_within_a_second(process, std::chrono::steady_clock::now());
}

/* A message is waiting for the handler when the thread dies; clients ask on. */
TEST_P(DeadThreadBusy, EndsAServerUnderLoad) {
    const Prefix prefix;
    Process process(server(prefix, {"--quiet", "--stats-interval", "0.1", "--fault", "unfiltered"}),
                    options());
    ASSERT_TRUE(process.wait_for_out(kServerReady)) << process.describe();
    Process load(client(prefix, {"--quiet", "ping", "--flood"}));
    ASSERT_TRUE(process.wait_for_out("Processed sync", 2)) << process.describe();
    ASSERT_EQ(send_malformed(prefix.dir() + "/mp_socket", kMalformed[1]), 0);
    expect_end_within_a_second(process, std::chrono::steady_clock::now());
    EXPECT_EQ(load.wait(), 3) << load.describe(); /* its server went away */
}

INSTANTIATE_TEST_SUITE_P(Busy, DeadThreadBusy, ::testing::Values(Seen::by_pidfd, Seen::by_tick),
                         ::testing::PrintToStringParamName());

/* A server and a client that asks it all the time, the kernel's filter in place. */
class Filter : public Hugepages {
  protected:
    void start() {
        server_.emplace(server(prefix_, {"--stats-interval", "0"}));
        ASSERT_TRUE(server_->wait_for_out(kServerReady)) << server_->describe();
        client_.emplace(client(prefix_, {"--sync-interval", "0.05", "--async-interval", "0.05"}));
        ASSERT_TRUE(client_->wait_for_out("[ASYNC] Reply")) << client_->describe();
        sockets_ = {prefix_.dir() + "/mp_socket", client_socket(prefix_)};
    }
    void expect_still_served() {
        const int replies = count_of(client_->out(), "] Reply");
        EXPECT_TRUE(client_->wait_for_out("] Reply", replies + 10)) << client_->describe();
    }

    const Prefix prefix_;
    std::optional<Process> server_;
    std::optional<Process> client_;
    std::array<std::string, 2> sockets_; /* the server's, the client's */
};

/* One that brings more descriptors than the library has room for is another matter: a filter does
 * not see them (Sender.CannotFill…).
 */
TEST_F(Filter, NothingMalformedReachesEither) {
    ASSERT_NO_FATAL_FAILURE(start());
    for (const std::string &to : sockets_) {
        for (const Malformed &what : kMalformed) {
            if (what.with_fds == 0) {
                EXPECT_EQ(send_malformed(to, what), 0) << what.name;
            }
        }
    }
    expect_still_served();
    for (Process *process : {&*client_, &*server_}) {
        process->signal(SIGINT);
        EXPECT_EQ(process->wait(), 0) << process->describe();
    }
}

/* The number of one of these (open_files()) that is a socket, or -1. */
int a_socket(const std::vector<std::string> &files) {
    for (const std::string &link : files) {
        if (link.find("socket:") != std::string::npos)
            return std::atoi(link.c_str());
    }
    return -1;
}

/* What is open once the EAL's interrupt thread has its epoll: it closes it and makes another
 * whenever a source is added, as the first alarm is.
 */
std::vector<std::string> settled_files(pid_t pid) {
    std::vector<std::string> files;
    EXPECT_TRUE(eventually([&] {
        files = open_files(pid);
        return std::any_of(files.begin(), files.end(), [](const std::string &file) {
            return file.find("[eventpoll]") != std::string::npos;
        });
    }));
    return files;
}

/* A message of an unknown name that names descriptors and brings none makes the library close what
 * its buffer holds, 0 at first; since 25.11 what its sender wrote: here the receiver's IPC socket.
 */
TEST_F(Filter, NoDescriptorIsLostToAClaim) {
    ASSERT_NO_FATAL_FAILURE(start());
    const auto of_server = settled_files(server_->pid());
    const auto of_client = settled_files(client_->pid());
    for (const std::int32_t num_fds : {1, 2, RTE_MP_MAX_FD_NUM}) {
        for (const std::int32_t type : {kWireMessage, kWireRequest, kWireReply, kWireIgnore}) {
            WireMessage message = wire_message(type, "nobody");
            message.num_fds = num_fds;
            for (const std::string &to : sockets_) {
                message.fds[0] = a_socket(to == sockets_[0] ? of_server : of_client);
                EXPECT_EQ(RawSocket().send(to, message), 0);
            }
        }
    }
    expect_still_served();
    EXPECT_EQ(settled_files(server_->pid()), of_server);
    EXPECT_EQ(settled_files(client_->pid()), of_client);
}

/* It takes descriptors, but with replies only. */
TEST_F(Filter, AReportingClientTakesClaimsInRepliesOnly) {
    Process server_process(server(prefix_, {"--quiet"}));
    ASSERT_TRUE(server_process.wait_for_out(kServerReady)) << server_process.describe();
    Process process(client(prefix_, {"--quiet", "report", "--count", "10000"}));
    ASSERT_TRUE(process.wait_for_out("Attached")) << process.describe();
    const std::string to = client_socket(prefix_);
    for (const std::int32_t type : {kWireMessage, kWireRequest, kWireIgnore}) {
        WireMessage message = wire_message(type, "nobody");
        message.num_fds = 1;
        EXPECT_EQ(RawSocket().send(to, message), 0);
    }
    EXPECT_EQ(RawSocket().send(to, wire_message(kWireMessage, "somebody")), 0); /* gets through */
    EXPECT_TRUE(process.wait_for_err("Cannot find action: somebody")) << process.describe();
    EXPECT_EQ(count_of(process.err(), "Cannot find action: nobody"), 0) << process.describe();
    EXPECT_EQ(process.wait(), 0) << "all answered\n" << process.describe();
}

class InRange : public Hugepages {};

/* What the library passes on or drops must not end anybody. */
TEST_F(InRange, UnknownNamesAreSurvived) {
    const Prefix prefix;
    Process server_process(server(prefix, {"--stats-interval", "0"}));
    ASSERT_TRUE(server_process.wait_for_out(kServerReady)) << server_process.describe();
    Process client_process(client(prefix, {"--sync-interval", "0", "--async-interval", "0"}));
    ASSERT_TRUE(client_process.wait_for_out("Attached")) << client_process.describe();

    const std::string clients = client_socket(prefix); /* before there is the stranger's as well */
    const RawSocket stranger(prefix.dir() + "/mp_socket_1_f00d");
    for (const std::string &to : {prefix.dir() + "/mp_socket", clients}) {
        for (const std::int32_t type : {0, 1, 2, 3, 4, -1, INT_MAX, INT_MIN}) {
            for (const std::string &name :
                 {std::string(), std::string("no such name"), std::string(64, 'n')}) {
                WireMessage message = wire_message(type, name, std::string(256, '\xff'));
                ASSERT_EQ(stranger.send(to, message), 0);
            }
        }
    }
    EXPECT_TRUE(server_process.wait_for_err("Cannot find action", 18)) << server_process.describe();
    EXPECT_TRUE(client_process.wait_for_err("Cannot find action", 18)) << client_process.describe();
    EXPECT_EQ(run(client(prefix, {"--count", "1"})).status, 0);
    for (Process *process : {&client_process, &server_process}) {
        process->signal(SIGINT);
        EXPECT_EQ(process->wait(), 0) << process->describe();
    }
}

/* It arrives while the server is in rte_eal_init(), after its socket is bound and before the filter
 * is set: the thread is gone before anybody could follow it.
 */
TEST_F(DeadThreadInStart, EndsTheServer) {
    const Prefix prefix;
    Process process(server(prefix));
    const RawSocket sender;
    EXPECT_TRUE(eventually([&] { return sender.send(prefix.dir() + "/mp_socket", "x", 1) == 0; }))
        << process.describe();
    EXPECT_EQ(process.wait(), 1) << process.describe();
    EXPECT_NE(process.err().find("the EAL's IPC thread"), std::string::npos) << process.describe();
    EXPECT_EQ(process.out().find(kServerReady), std::string::npos) << process.describe();
}

}  // namespace
}  // namespace mp_ipc::test
