/* SPDX-License-Identifier: BSD-3-Clause
 *
 * One malformed datagram ends the EAL's IPC thread, and the application is not informed. The pair
 * has the kernel drop such datagrams: none reaches either program, and no descriptor is lost by
 * one. Datagrams that the library survives must not end it.
 */
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstdlib>
#include <optional>
#include <vector>

#include "tests/harness/datagram.h"
#include "tests/harness/pair.h"

namespace mp_ipc::test {
namespace {

/* A server and a client that asks it all the time, with the kernel's filter. */
class Filter : public Hugepages {
  protected:
    void start() {
        server_.emplace(server(prefix_, {"--stats-interval", "0"}));
        expect_out(*server_, kServerReady);
        client_.emplace(client(prefix_, {"--sync-interval", "0.05", "--async-interval", "0.05"}));
        expect_out(*client_, "[ASYNC] Reply");
        sockets_ = {prefix_.dir() + "/mp_socket", client_socket(prefix_)};
    }
    void expect_still_served() {
        const int replies = count_of(client_->out(), "] Reply");
        expect_out(*client_, "] Reply", replies + 10);
    }

    std::optional<Process> server_;
    std::optional<Process> client_;
    std::array<std::string, 2> sockets_; /* the server's, the client's */
};

TEST_F(Filter, NothingMalformedReachesEither) {
    ASSERT_NO_FATAL_FAILURE(start());
    for (const std::string &to : sockets_) {
        for (const Malformed &what : kMalformed)
            EXPECT_EQ(send_malformed(to, what), 0) << what.name;
    }
    expect_still_served();
    expect_end(*client_);
    expect_end(*server_);
}

/* The number of one of these (open_files()) that is a socket, or -1. */
int a_socket(const std::vector<std::string> &files) {
    for (const std::string &link : files) {
        if (link.find("socket:") != std::string::npos)
            return std::atoi(link.c_str());
    }
    return -1;
}

/* The open files once the EAL's interrupt thread has its epoll descriptor: it replaces that
 * whenever a source is added, as by the first alarm.
 */
std::vector<std::string> stable_files(pid_t pid) {
    std::vector<std::string> files;
    EXPECT_TRUE(eventually([&] {
        files = open_files(pid);
        return std::any_of(files.begin(), files.end(), [](const std::string &file) {
            return file.find("[eventpoll]") != std::string::npos;
        });
    }));
    return files;
}

/* A message of an unknown name with a num_fds but no descriptors makes the library close the
 * numbers in its buffer: 0 at first; since 25.11 those that the sender wrote: here the receiver's
 * IPC socket.
 */
TEST_F(Filter, NoDescriptorIsLostToAClaim) {
    ASSERT_NO_FATAL_FAILURE(start());
    const auto of_server = stable_files(server_->pid());
    const auto of_client = stable_files(client_->pid());
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
    EXPECT_EQ(stable_files(server_->pid()), of_server);
    EXPECT_EQ(stable_files(client_->pid()), of_client);
}

/* It takes descriptors, but only with replies. */
TEST_F(Filter, AReportingClientTakesClaimsInRepliesOnly) {
    RunningServer server_process(prefix_, {"--quiet"});
    RunningClient process(prefix_, {"--quiet", "report", "--count", "10000"});
    const std::string to = client_socket(prefix_);
    for (const std::int32_t type : {kWireMessage, kWireRequest, kWireIgnore}) {
        WireMessage message = wire_message(type, "nobody");
        message.num_fds = 1;
        EXPECT_EQ(RawSocket().send(to, message), 0);
    }
    EXPECT_EQ(RawSocket().send(to, wire_message(kWireMessage, "somebody")), 0); /* gets through */
    expect_err(process, "Cannot find action: somebody");
    EXPECT_EQ(count_of(process.err(), "Cannot find action: nobody"), 0) << process.describe();
    EXPECT_EQ(process.wait(), 0) << "all answered\n" << process.describe();
}

class InRange : public Hugepages {};

/* Datagrams that the library passes on or drops must not end either program. */
TEST_F(InRange, UnknownNamesAreSurvived) {
    RunningServer server_process(prefix_, {"--stats-interval", "0"});
    RunningClient client_process(prefix_, {"--sync-interval", "0", "--async-interval", "0"});

    const std::string clients = client_socket(prefix_); /* before the test's own socket is there */
    const RawSocket stranger(prefix_.dir() + "/mp_socket_1_f00d");
    for (const std::string &to : {prefix_.dir() + "/mp_socket", clients}) {
        for (const std::int32_t type : {0, 1, 2, 3, 4, -1, INT_MAX, INT_MIN}) {
            for (const std::string &name :
                 {std::string(), std::string("no such name"), std::string(64, 'n')}) {
                WireMessage message = wire_message(type, name, std::string(256, '\xff'));
                ASSERT_EQ(stranger.send(to, message), 0);
            }
        }
    }
    expect_err(server_process, "Cannot find action", 18);
    expect_err(client_process, "Cannot find action", 18);
    EXPECT_EQ(run(client(prefix_, {"--count", "1"})).status, 0);
    expect_end(client_process);
    expect_end(server_process);
}

}  // namespace
}  // namespace mp_ipc::test
