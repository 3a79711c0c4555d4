/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Senders that the library trusts too far: more descriptors than num_fds, an address that is no
 * secondary's, a queue that nobody reads, no address at all.
 */
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <regex>

#include "common.h"
#include "exercises/ping.h"
#include "exercises/report.h"
#include "exercises/status.h"
#include "support/base/message.h"
#include "support/eal/runtime_dir.h"
#include "tests/harness/datagram.h"
#include "tests/harness/pair.h"

namespace mp_ipc::test {
namespace {

class Sender : public Hugepages {};

/* rte_mp takes eight descriptors whatever num_fds is, and forgets those beyond it: 128 such
 * messages would fill a table of 1,024, and then the next one with a descriptor would end its IPC
 * thread. Messages with num_fds 0, with some, and replies to a client that takes some: each kind is
 * sent until it would have filled the table.
 */
TEST_F(Sender, CannotFillATableWithDescriptors) {
    RunningServer process(prefix_, {"--stats-interval", "0", "--quiet"});
    RunningClient hello(prefix_, {"--sync-interval", "0", "--async-interval", "0"});
    const std::string of_hello = client_sockets(prefix_.dir()).at(0).path;
    Process report(client(prefix_, {"report", "--quiet", "--count", "1000000"}));
    ASSERT_TRUE(eventually([&] { return client_sockets(prefix_.dir()).size() == 2; }));
    expect_out(report, "Attached");
    std::string of_report;
    for (const auto &socket : client_sockets(prefix_.dir()))
        of_report = socket.path != of_hello ? socket.path : of_report;
    Process *const programs[] = {&process, &hello, &report};
    for (Process *program : programs) {
        const rlimit few = {128, 128};
        ASSERT_EQ(prlimit(program->pid(), RLIMIT_NOFILE, &few, nullptr), 0);
    }
    const std::vector<std::string> before[] = {open_files(process.pid()), open_files(hello.pid())};

    const RawSocket socket;
    const UniqueFd file(open("/dev/null", O_RDONLY | O_CLOEXEC));
    /* Nine are more than rte_mp's buffer held before 24.11. */
    for (const std::size_t brought : {1U, 8U, 9U}) {
        const std::vector<int> fds(brought, file.get());
        for (const std::int32_t named : {0, 1, 8}) {
            for (const std::int32_t type : {kWireMessage, kWireRequest, kWireReply, kWireIgnore}) {
                WireMessage message =
                    wire_message(type, type == kWireRequest ? "nobody" : kMsgPing);
                message.num_fds = named;
                for (const std::string &to : {prefix_.dir() + "/mp_socket", of_hello, of_report}) {
                    for (int i = 0; i < 16; i++)
                        ASSERT_EQ(socket.send(to, message, fds), 0) << to;
                }
            }
        }
    }
    EXPECT_EQ(run(client(prefix_, {"--count", "1"})).status, 0);
    EXPECT_EQ(run(client(prefix_, {"report"})).status, 0); /* a client that asks still gets them */
    EXPECT_TRUE(eventually([&] { return open_files(process.pid()) == before[0]; }))
        << process.describe();
    EXPECT_EQ(open_files(hello.pid()), before[1]);
    EXPECT_LT(open_files(report.pid()).size(),
              before[1].size() + 3); /* those of the report under way */
    expect_end(report);
    expect_end(hello);
    expect_end(process);
}

/* A primary answers to the path that the sender was bound to. If nobody reads there any more, the
 * library removes "the stale socket": whatever file has that path by then, in the primary's mount
 * namespace. It must not be possible to use the server for that.
 */
TEST_F(Sender, CannotMakeTheServerRemoveAFile) {
    RunningServer process(prefix_, {"--stats-interval", "0"});
    for (const std::string &victim :
         {std::string("/tmp/") + prefix_.name() + "_victim", prefix_.dir() + "/victim",
          prefix_.dir() + "/../" + prefix_.name() + "_victim"}) {
        process.signal(SIGSTOP);
        {
            const RawSocket socket(victim);
            for (const char *name : {kMsgHelloSync, kMsgPing, kMsgReport})
                ASSERT_EQ(socket.send(prefix_.dir() + "/mp_socket",
                                      wire_message(kWireRequest, name, "hello")),
                          0);
        }
        std::ofstream(victim) << "precious\n";
        process.signal(SIGCONT);
        EXPECT_EQ(run(client(prefix_, {"--count", "1", "ping"})).status,
                  0); /* the server has handled them */
        EXPECT_EQ(read_file(victim), "precious\n") << process.describe();
        std::filesystem::remove(victim);
    }
    EXPECT_EQ(count_of(own_lines(process.err()), "which is no socket of a secondary"), 9);
    EXPECT_TRUE(process.running());
}

/* A peer that sends requests and reads no reply blocks the server's IPC thread once its queue is
 * full: its next reply for 500 ms, each further one for 20 ms, but not for ever.
 */
TEST_F(Sender, WhoNeverReadsCannotStopTheServer) {
    RunningServer process(prefix_, {"--stats-interval", "0", "--quiet"});
    const RawSocket deaf(prefix_.dir() + "/mp_socket_" + std::to_string(getpid()) + "_dead");
    PingRequest ping;
    const std::string_view bytes(reinterpret_cast<const char *>(&ping), sizeof(ping));
    constexpr int kSent = 40;
    for (int i = 0; i < kSent; i++)
        ASSERT_EQ(
            deaf.send(prefix_.dir() + "/mp_socket", wire_message(kWireRequest, kMsgPing, bytes)), 0)
            << "message " << i << process.describe();
    /* With 500 ms for each message before it, its first request would wait 5 s. */
    const Finished finished =
        run(client(prefix_, {"--count", "20", "--timeout", "1", "ping", "--flood"}));
    EXPECT_EQ(finished.status, 0) << finished.out << process.describe();
    expect_end(process);
    const std::string said = own_lines(process.err());
    const int lost = count_of(said, "a reply to ping_request was lost");
    EXPECT_GE(lost, kSent - 12);
    /* One has waited in vain; of the others it was asked first. */
    EXPECT_EQ(count_of(said, "its sender does not read its messages"), lost - 1) << said;
}

/* For a message without an address rte_mp takes the previous sender as its sender: that client gets
 * replies to requests that it never sent. They must not be taken for answers, and the counts must
 * balance. A real reply that a forged one has overtaken may come late, to the next request.
 */
TEST_F(Sender, WithoutAddressCannotForgeAnAnswer) {
    RunningServer process(prefix_, {"--stats-interval", "0", "--quiet"});
    RunningClient honest(prefix_, {"--quiet", "--count", "3000", "ping", "--flood"});
    const RawSocket nameless;
    PingRequest ping;
    ping.header.sequence = 999'999; /* the client never gets there */
    const std::string_view bytes(reinterpret_cast<const char *>(&ping), sizeof(ping));
    int sent = 0;
    while (honest.running()) {
        ASSERT_EQ(nameless.send(prefix_.dir() + "/mp_socket",
                                wire_message(kWireRequest, kMsgPing, bytes)),
                  0);
        sent++;
        usleep(200);
    }
    const std::string out = honest.out();
    const Sums sums = sums_of(out, "PING");
    EXPECT_EQ(sums.sent, 3000) << out;
    EXPECT_TRUE(sums.balance()) << out;
    const std::regex line(
        R"(\[PING\] Late reply to an earlier request, while waiting for seq=(\d+): seq=(\d+)\n)");
    long lines = 0;
    for (std::sregex_iterator it(out.begin(), out.end(), line), end; it != end; ++it, ++lines)
        EXPECT_TRUE((*it)[2] == "999999" || std::stol((*it)[2]) < std::stol((*it)[1])) << it->str();
    EXPECT_EQ(lines, sums.late);
    EXPECT_GT(count_of(out, ": seq=999999\n"), 0) << "nothing was forged";
    std::printf(
        "%d forged requests: of 3000 honest ones %ld were answered, %ld saw a reply not their "
        "own, %ld none\n",
        sent, sums.answered, sums.late, sums.timed_out);
}

/* The server's own broadcasts, to a client made by hand. */
class Broadcast : public Sender {
  protected:
    static WireMessage status_reply(std::uint64_t sequence) {
        StatusReply reply;
        reply.header.sequence = sequence;
        reply.pid = getpid();
        put_text(reply.name, "by hand");
        return wire_message(kWireReply, kMsgClientStatus,
                            {reinterpret_cast<const char *>(&reply), sizeof(reply)});
    }
};

/* The library takes the answer to an earlier round for one to the present round. */
TEST_F(Broadcast, ALateAnswerIsNoneToTheNextRound) {
    RunningServer process(prefix_, {"--stats-interval", "0.2", "--broadcast"});
    const RawSocket by_hand(prefix_.dir() + "/mp_socket_" + std::to_string(getpid()) + "_1");
    const std::string to = prefix_.dir() + "/mp_socket";
    const auto next_round = [&] {
        WireMessage message;
        EXPECT_TRUE(by_hand.receive(&message)) << process.describe();
        StatusRequest request;
        std::memcpy(&request, message.param, sizeof(request));
        return request.header.sequence;
    };
    const std::uint64_t first = next_round();
    const std::uint64_t second = next_round(); /* the first has timed out */
    ASSERT_EQ(second, first + 1);
    expect_out(process, "Asked 1 clients, 0 answered", 1);
    ASSERT_EQ(by_hand.send(to, status_reply(first)), 0);
    expect_out(process, "Asked 1 clients, 0 answered", 2);
    EXPECT_EQ(count_of(process.out(), "by hand"), 0) << process.out();
    ASSERT_EQ(by_hand.send(to, status_reply(next_round())), 0);
    expect_out(process, "Asked 1 clients, 1 answered");
    expect_out(process, "by hand");
}

/* SendWindow::kReserve: a client that stopped reading has at most two broadcasts in its queue. */
TEST_F(Broadcast, AClientThatDoesNotReadGetsTwo) {
    RunningServer process(prefix_, {"--stats-interval", "0.2", "--broadcast"});
    const RawSocket deaf(prefix_.dir() + "/mp_socket_" + std::to_string(getpid()) + "_1");
    expect_out(process, "Not asked", 3);
    expect_end(process);
    EXPECT_EQ(deaf.drain(), 2);
}
}  // namespace
}  // namespace mp_ipc::test
