/* SPDX-License-Identifier: BSD-3-Clause */
#include "common.h"
#include "exercises/notify.h"
#include "exercises/ping.h"
#include "support/base/message.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

namespace mp_ipc {
namespace {

TEST(MakeMessage, IsZeroButForItsName) {
    const rte_mp_msg msg = make_message(kMsgHelloSync);
    EXPECT_STREQ(msg.name, "hello_request");
    EXPECT_EQ(msg.len_param, 0);
    EXPECT_EQ(msg.num_fds, 0);
    for (const auto byte : msg.param)
        EXPECT_EQ(byte, 0);
}

TEST(MakeMessage, CutsANameThatIsTooLong) {
    const rte_mp_msg msg = make_message(std::string(100, 'n').c_str());
    EXPECT_EQ(std::strlen(msg.name), static_cast<std::size_t>(RTE_MP_MAX_NAME_LEN - 1));
}

TEST(FillText, CountsTheNul) {
    rte_mp_msg msg = make_message("m");
    fill_text(msg, "abc");
    EXPECT_EQ(msg.len_param, 4);
    EXPECT_EQ(msg.param[3], 0);
    EXPECT_EQ(text_of(msg), "abc");
}

TEST(FillText, CutsWhatDoesNotFitBetweenCharacters) {
    rte_mp_msg msg = make_message("m");
    std::string text(254, 'x');
    text += "\xe4\xb8\xad";
    fill_text(msg, text);
    EXPECT_EQ(msg.len_param, 255);
    EXPECT_EQ(text_of(msg), std::string(254, 'x'));
    EXPECT_EQ(msg.fds[0], 0); /* what lies behind param is untouched */
}

TEST(TextOf, BelievesNothing) {
    rte_mp_msg msg = make_message("m");
    std::memset(msg.param, 'x', sizeof(msg.param));
    msg.len_param = 256;
    EXPECT_EQ(text_of(msg), std::string(256, 'x'));
    msg.len_param = 3;
    EXPECT_EQ(text_of(msg), "xxx");
    msg.len_param = 100000;
    EXPECT_EQ(text_of(msg).size(), 256U);
    msg.len_param = -5;
    EXPECT_EQ(text_of(msg), "");
    msg.len_param = 0;
    EXPECT_EQ(text_of(msg), "");
    msg.param[1] = 0;
    msg.len_param = 256;
    EXPECT_EQ(text_of(msg), "x");
}

TEST(HelloReply, IsTheTutorialsText) {
    EXPECT_EQ(hello_text(HelloKind::sync, 1, "Client"), "SYNC Hello 1 from Client");
    EXPECT_EQ(hello_reply_text(HelloKind::sync, "SYNC Hello 1 from Client"),
              "Server SYNC reply: Got 'SYNC Hello 1 from Client'");
    EXPECT_EQ(hello_reply_text(HelloKind::async, "x"), "Server ASYNC reply: Got 'x'");
}

TEST(HelloReply, AlwaysFitsWithItsNul) {
    for (std::size_t size = 0; size <= 256; size++) {
        for (const char *unit : {"x", "\xe4\xb8\xad"}) {
            std::string text;
            while (text.size() + std::strlen(unit) <= size)
                text += unit;
            const std::string reply = hello_reply_text(HelloKind::async, text);
            ASSERT_LE(reply.size(), kMaxText);
            ASSERT_EQ(reply.back(), '\'');
            ASSERT_EQ(printable(reply), reply) << "a character was split";
        }
    }
}

TEST(HelloReply, QuotesEveryGreetingOfAClientWhole) {
    const std::string name(kMaxName, 'n');
    const std::string text = hello_text(HelloKind::async, UINT64_MAX, name);
    EXPECT_TRUE(quotes(hello_reply_text(HelloKind::async, text), text));
}

TEST(Quotes, TellsAReplyToAnotherRequest) {
    const std::string reply = hello_reply_text(HelloKind::sync, "SYNC Hello 11 from Client");
    EXPECT_TRUE(quotes(reply, "SYNC Hello 11 from Client"));
    EXPECT_FALSE(quotes(reply, "SYNC Hello 1 from Client"));
    EXPECT_FALSE(quotes(reply, "SYNC Hello 12 from Client"));
    EXPECT_FALSE(quotes("", "SYNC Hello 1 from Client"));
}

TEST(Structs, TravelThroughParam) {
    rte_mp_msg msg = make_message(kMsgPing);
    fill(msg, PingRequest{{kVersion, Status::ok, 42, 7}, 123});
    EXPECT_EQ(msg.len_param, static_cast<int>(sizeof(PingRequest)));
    PingRequest got;
    ASSERT_EQ(read_struct(msg, &got), Status::ok);
    EXPECT_EQ(got.header.sequence, 42U);
    EXPECT_EQ(got.header.boot_id, 7U);
    EXPECT_EQ(got.sent_ns, 123U);
}

TEST(Structs, OfAnotherLengthAreRefusedWithTheirSequence) {
    rte_mp_msg msg = make_message(kMsgPing);
    fill(msg, PingRequest{{kVersion, Status::ok, 42, 7}, 123});
    PingRequest got;
    for (int length = -1; length <= 256; length++) {
        if (length == static_cast<int>(sizeof(PingRequest)))
            continue;
        msg.len_param = length;
        ASSERT_EQ(read_struct(msg, &got), Status::bad_length) << length;
        ASSERT_EQ(got.header.sequence, length >= static_cast<int>(sizeof(Header)) ? 42U : 0U);
        ASSERT_EQ(got.sent_ns, 0U);
    }
}

TEST(Structs, OfAnotherVersionAreRefused) {
    rte_mp_msg msg = make_message(kMsgPing);
    fill(msg, PingRequest{{kVersion, Status::ok, 42, 7}, 123});
    for (const std::uint32_t version :
         {0U, version_of<PingRequest>() - 1, version_of<PingRequest>() + 1, 0xffffffffU}) {
        std::memcpy(msg.param, &version, sizeof(version));
        for (const auto length : {sizeof(Header), sizeof(PingRequest), sizeof(PingReply)}) {
            msg.len_param = static_cast<int>(length); /* whatever its length: it is said first */
            PingRequest got;
            EXPECT_EQ(read_struct(msg, &got), Status::bad_version) << version;
            EXPECT_EQ(got.header.sequence, 42U);
            EXPECT_EQ(got.sent_ns, 0U);
        }
    }
}

TEST(Structs, CarryTheVersionOfTheirType) {
    struct First {
        Header header;
    };
    static_assert(version_of<First>() == kVersion && version_of<PingReply>() == 2);
    rte_mp_msg msg = make_message(kMsgPing);
    fill(msg, PingReply{{kVersion, Status::ok, 42, 7}, 1, 2, 3});
    PingReply got;
    ASSERT_EQ(read_struct(msg, &got), Status::ok);
    EXPECT_EQ(got.header.version, 2U);
    fill(msg, First{{7, Status::ok, 42, 7}});
    First first;
    EXPECT_EQ(read_struct(msg, &first), Status::ok);
}

TEST(PingLegs, AddUpToTheWholeTime) {
    const auto legs = legs_of(100, PingReply{{}, 100, 140, 145}, 200);
    ASSERT_TRUE(legs);
    EXPECT_EQ(legs->there, 40U);
    EXPECT_EQ(legs->handler, 5U);
    EXPECT_EQ(legs->back, 55U);
    EXPECT_TRUE(legs_of(100, PingReply{{}, 100, 100, 100}, 100));
}

/* A server in another time namespace, or one that says what it likes. */
TEST(PingLegs, OfAnotherClockAreUnknown) {
    EXPECT_FALSE(legs_of(100, PingReply{{}, 100, 99, 145}, 200));
    EXPECT_FALSE(legs_of(100, PingReply{{}, 100, 140, 139}, 200));
    EXPECT_FALSE(legs_of(100, PingReply{{}, 100, 140, 201}, 200));
    EXPECT_FALSE(legs_of(100, PingReply{{}, 100, 0, 0}, 200));
    EXPECT_FALSE(legs_of(100, PingReply{{}, 100, UINT64_MAX, UINT64_MAX}, 200));
}

TEST(StructText, NeedsNoNul) {
    NotifyEvent event;
    put_text(event.name, "name");
    EXPECT_EQ(get_text(event.name), "name");
    put_text(event.name, std::string(100, 'n'));
    EXPECT_EQ(get_text(event.name), std::string(kMaxName, 'n'));
    std::memset(event.name, 'x', sizeof(event.name));
    EXPECT_EQ(get_text(event.name), std::string(sizeof(event.name), 'x'));
}

}  // namespace
}  // namespace mp_ipc
