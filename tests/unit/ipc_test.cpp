/* SPDX-License-Identifier: BSD-3-Clause
 *
 * support/ipc: the gate of handlers, the table of clients, the end of a request, the messages of a
 * reply.
 */
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

#include "support/base/request_counts.h"
#include "support/ipc/client_table.h"
#include "support/ipc/gate.h"
#include "support/ipc/reply_messages.h"
#include "support/ipc/requests.h"
#include "tests/harness/pair.h"

namespace mp_ipc {
namespace {

TEST(HandlerGate, ClosesWhenTheLastHandlerHasLeft) {
    HandlerGate gate;
    std::atomic<bool> inside{false};
    std::atomic<bool> may_leave{false};
    std::atomic<bool> left{false};
    std::thread handler([&] {
        const HandlerGate::Pass pass(gate);
        ASSERT_TRUE(pass.open());
        inside = true;
        while (!may_leave)
            std::this_thread::yield();
        left = true;
    });
    while (!inside)
        std::this_thread::yield();
    std::thread end([&] {
        gate.close();
        EXPECT_TRUE(left);
    });
    /* as soon as close() has begun */
    EXPECT_TRUE(test::eventually([&] { return !HandlerGate::Pass(gate).open(); }));
    may_leave = true;
    end.join();
    handler.join();
    EXPECT_FALSE(HandlerGate::Pass(gate).open());
}

TEST(HandlerGate, AHandlerThatWaitsDoesNotHoldUpTheEnd) {
    HandlerGate gate;
    std::atomic<bool> inside{false};
    std::thread handler([&] {
        const HandlerGate::Pass pass(gate);
        inside = true;
        gate.wait_for(std::chrono::hours(1));
    });
    while (!inside)
        std::this_thread::yield();
    gate.close();
    handler.join();
}

TEST(ClientTable, KnowsWhoSentWhat) {
    ClientTable table;
    table.note_message("/run/mp_socket_12_ab");
    table.note_message("/run/mp_socket_12_ab");
    table.note_message("/run/mp_socket_34_cd");
    table.note(12, "Alice", ReportedCounts{5, 3, 2});
    table.note(12, "Alice"); /* as in an event, which reports no counts */
    auto clients = table.list();
    ASSERT_EQ(clients.size(), 2U);
    EXPECT_EQ(clients[0].pid, 12);
    EXPECT_EQ(clients[0].requests, 2U);
    EXPECT_EQ(clients[0].name, "Alice");
    EXPECT_EQ(clients[0].reported.value_or(ReportedCounts()).sent, 5U);
    EXPECT_FALSE(clients[1].reported);
    EXPECT_EQ(table.late(), 2U);
    table.keep_only({"/run/mp_socket_34_cd"});
    clients = table.list();
    ASSERT_EQ(clients.size(), 1U);
    EXPECT_EQ(clients[0].pid, 34);
    EXPECT_EQ(table.late(), 2U) << "a counter must not fall";
}

TEST(ClientTable, IsBounded) {
    ClientTable table;
    for (int i = 0; i < 10000; i++)
        table.note_message("/run/mp_socket_" + std::to_string(i) + "_0");
    EXPECT_EQ(table.list().size(), 4096U);
}

struct Question {
    Header header;
};
struct Answer {
    Header header;
    std::uint64_t value = 0;
};

/* How a request with this header ends when this answer comes. Needs no EAL: nothing is sent. */
class RequestEnd : public ::testing::Test {
  protected:
    Ended answered(const Header &asked, const Answer &with) {
        struct rte_mp_reply reply = {};
        reply.nb_sent = reply.nb_received = 1;
        reply.msgs = static_cast<rte_mp_msg *>(std::calloc(1, sizeof(rte_mp_msg)));
        fill(reply.msgs[0], with);
        std::memcpy(reply.msgs[0].param, &with.header, sizeof(with.header)); /* its version too */
        const ReplyMessages messages(reply);
        Turn turn(requests_);
        EXPECT_TRUE(turn);
        Answer got;
        return turn.ended(0, messages, asked, &got);
    }
    Watch watch_{[](Watch::Reason) { std::abort(); }};
    Requests requests_{watch_, std::chrono::seconds(1)};
    RequestCounts counts_;
};

TEST_F(RequestEnd, ItsOwnReplyAnswersIt) {
    const Header asked = counts_.next();
    EXPECT_EQ(answered(asked, {asked, 1}).outcome, Outcome::answered);
}

TEST_F(RequestEnd, AReplyToTheRequestBeforeIsLate) {
    const Header before = counts_.next();
    const Ended ended = answered(counts_.next(), {before, 1});
    EXPECT_EQ(ended.outcome, Outcome::late);
    EXPECT_EQ(ended.detail, "seq=1");
}

TEST_F(RequestEnd, ARequestWithoutANumberIsRefusedWhateverItsReply) {
    const Ended ended = answered(Header(), {});
    EXPECT_EQ(ended.outcome, Outcome::refused);
    EXPECT_TRUE(test::has(ended.detail, "RequestCounts::next()")) << ended.detail;
}

TEST_F(RequestEnd, AReplyWithAnErrorIsARefusalThatSaysIt) {
    Header asked = counts_.next();
    Header refused = asked;
    refused.status = Status::other_boot;
    EXPECT_EQ(answered(asked, {refused, 1}).detail, status_text(Status::other_boot));
    refused = asked;
    refused.version++;
    EXPECT_EQ(answered(asked, {refused, 1}).detail, status_text(Status::bad_version));
}

TEST(ReplyMessages, DescriptorsThatNobodyTakesAreClosed) {
    struct rte_mp_reply reply = {};
    reply.nb_received = 1;
    reply.msgs = static_cast<rte_mp_msg *>(std::calloc(1, sizeof(rte_mp_msg)));
    reply.msgs->num_fds = 1;
    const int fd = reply.msgs->fds[0] = memfd_create("received", MFD_CLOEXEC);
    EXPECT_NE(fcntl(fd, F_GETFD), -1);
    { const ReplyMessages messages(reply); }
    EXPECT_EQ(fcntl(fd, F_GETFD), -1);
}

TEST(ReplyMessages, ExactlyOneDescriptorIsTaken) {
    struct rte_mp_reply reply = {};
    reply.nb_received = 2;
    reply.msgs = static_cast<rte_mp_msg *>(std::calloc(2, sizeof(rte_mp_msg)));
    rte_mp_msg &one = reply.msgs[0];
    rte_mp_msg &two = reply.msgs[1];
    one.num_fds = 1;
    two.num_fds = 2;
    for (int *fd : {&one.fds[0], &two.fds[0], &two.fds[1]})
        *fd = memfd_create("received", MFD_CLOEXEC);
    const std::vector<int> fds = {one.fds[0], two.fds[0], two.fds[1]};
    {
        ReplyMessages messages(reply);
        const UniqueFd taken = messages.take_fd(0);
        EXPECT_EQ(taken.get(), fds[0]);
        EXPECT_FALSE(messages.take_fd(0));
        EXPECT_FALSE(messages.take_fd(1));
        EXPECT_NE(fcntl(fds[0], F_GETFD), -1); /* the caller's now */
        EXPECT_EQ(fcntl(fds[1], F_GETFD), -1);
        EXPECT_EQ(fcntl(fds[2], F_GETFD), -1);
    }
    EXPECT_EQ(fcntl(fds[0], F_GETFD), -1);
}

}  // namespace
}  // namespace mp_ipc
