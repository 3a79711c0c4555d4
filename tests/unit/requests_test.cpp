/* SPDX-License-Identifier: BSD-3-Clause */
#include <gtest/gtest.h>

#include <cstdlib>

#include "support/base/books.h"
#include "support/ipc/requests.h"

namespace mp_ipc::test {
namespace {

struct Question {
    Header header;
};
struct Answer {
    Header header;
    std::uint64_t value = 0;
};

/* How a request with this header ends that gets this answer. No EAL: nothing is sent. */
class RequestEnd : public ::testing::Test {
  protected:
    Ended answered(const Header &asked, const Answer &with) {
        struct rte_mp_reply reply = {};
        reply.nb_sent = reply.nb_received = 1;
        reply.msgs = static_cast<rte_mp_msg *>(std::calloc(1, sizeof(rte_mp_msg)));
        fill(reply.msgs[0], with);
        const ReplyMessages messages(reply);
        Turn turn(requests_);
        EXPECT_TRUE(turn);
        Answer got;
        return turn.ended(0, messages, asked, &got);
    }
    Watch watch_{[](Watch::Reason) { std::abort(); }};
    Requests requests_{watch_, std::chrono::seconds(1)};
    Books books_;
};

TEST_F(RequestEnd, ItsOwnReplyAnswersIt) {
    const Header asked = books_.next();
    EXPECT_EQ(answered(asked, {asked, 1}).outcome, Outcome::answered);
}

TEST_F(RequestEnd, AReplyToTheRequestBeforeIsLate) {
    const Header before = books_.next();
    const Ended ended = answered(books_.next(), {before, 1});
    EXPECT_EQ(ended.outcome, Outcome::late);
    EXPECT_EQ(ended.detail, "seq=1");
}

TEST_F(RequestEnd, ARequestWithoutANumberIsRefusedWhateverItsReply) {
    const Ended ended = answered(Header(), {});
    EXPECT_EQ(ended.outcome, Outcome::refused);
    EXPECT_NE(ended.detail.find("Books::next()"), std::string::npos) << ended.detail;
}

TEST_F(RequestEnd, AReplyWithAnErrorIsARefusalThatSaysIt) {
    Header asked = books_.next();
    Header refused = asked;
    refused.status = Status::other_boot;
    EXPECT_EQ(answered(asked, {refused, 1}).detail, status_text(Status::other_boot));
    refused = asked;
    refused.version++;
    EXPECT_EQ(answered(asked, {refused, 1}).detail, status_text(Status::bad_version));
}

}  // namespace
}  // namespace mp_ipc::test
