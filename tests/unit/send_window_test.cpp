/* SPDX-License-Identifier: BSD-3-Clause
 *
 * How many messages may be unanswered, and how long a send may take.
 */
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <rte_errno.h>

#include "support/eal/ipc_socket.h"
#include "support/ipc/reply_limit.h"
#include "support/ipc/send_window.h"
#include "tests/harness/datagram.h"
#include "tests/harness/temp_dir.h"

namespace mp_ipc {
namespace {

using std::chrono::milliseconds;

TEST(SendWindow, IsDerivedFromTheQueueLength) {
    EXPECT_EQ(SendWindow::bound_for(10), 8U);
    EXPECT_EQ(SendWindow::bound_for(512), 510U);
    EXPECT_EQ(SendWindow::bound_for(1), 1U);
    EXPECT_EQ(SendWindow::bound_for(0), 1U);
}

TEST(SendWindow, FillsAndEmpties) {
    SendWindow window(3);
    EXPECT_FALSE(window.full());
    auto first = window.take();
    auto second = window.take();
    auto third = window.take();
    EXPECT_TRUE(window.full());
    second.answered(); /* in order: the first is answered too */
    EXPECT_EQ(window.unanswered(), 1U);
    first.answered(); /* known already */
    EXPECT_EQ(window.unanswered(), 1U);
    auto fourth = window.take();
    auto fifth = window.take();
    EXPECT_TRUE(window.full());
    window.drained(); /* but for the one that the server handles */
    EXPECT_EQ(window.unanswered(), 1U);
    for (auto *turn : {&third, &fourth, &fifth})
        turn->answered();
    EXPECT_EQ(window.unanswered(), 0U);
}

TEST(SendWindow, APlaceEndsOnceAndAtItsDestructionAtTheLatest) {
    SendWindow window(3);
    {
        const SendWindow::Place none;
        EXPECT_FALSE(none);
    }
    EXPECT_EQ(window.silent_until(), Clock::time_point{});
    {
        SendWindow::Place turn = window.take();
        EXPECT_TRUE(turn);
        SendWindow::Place owner = std::move(turn);
        EXPECT_TRUE(owner);
        owner.answered();
        EXPECT_FALSE(owner);
    }
    EXPECT_EQ(window.silent_until(), Clock::time_point{}) << "silence after an answer";
    EXPECT_EQ(window.unanswered(), 0U);
    window.take(); /* and its end: no answer */
    EXPECT_EQ(window.unanswered(), 1U);
    EXPECT_GT(window.silent_until(), Clock::time_point{});
    SendWindow::Place refused = window.take();
    refused.not_sent();
    EXPECT_FALSE(refused);
    EXPECT_EQ(window.unanswered(), 1U);
}

TEST(SendWindow, IsSilentTwiceAsLongAfterEachFailureUpToAQuarterOfASecond) {
    SendWindow window(100);
    for (const long ms : {1, 2, 4, 8, 16, 32, 64, 128, 250, 250}) {
        const Clock::time_point before = Clock::now();
        window.take();
        EXPECT_GE(window.silent_until(), before + milliseconds(ms));
        EXPECT_LE(window.silent_until(), Clock::now() + milliseconds(ms));
    }
    window.take().answered();
    const Clock::time_point before = Clock::now();
    window.take();
    EXPECT_GE(window.silent_until(), before + milliseconds(1));
    EXPECT_LE(window.silent_until(), Clock::now() + milliseconds(1));
}

TEST(SendWindow, UnboundItIsNeitherFullNorSilent) {
    SendWindow window(1);
    window.unbind();
    window.take();
    window.take();
    EXPECT_FALSE(window.full());
    EXPECT_EQ(window.silent_until(), Clock::time_point{});
}

/* Time passes only in sleep_until(). */
struct World {
    Clock::time_point time = Clock::now() + std::chrono::hours(1); /* all silence is over */
    Clock::time_point reads_at = Clock::time_point::max();
    Clock::time_point room_at; /* of the peer's queue, which others fill too */
    Clock::time_point ends_at = Clock::time_point::max();
    int naps = 0;
    Clock::time_point now() const { return time; }
    bool ending() const { return time >= ends_at; }
    bool idle() const { return time >= reads_at; }
    bool has_room() const { return time >= room_at; }
    void sleep_until(Clock::time_point until) {
        naps++;
        time = std::min(std::max(time, until), ends_at);
    }
};

void fill(SendWindow &window, int messages) {
    for (int i = 0; i < messages; i++)
        window.take();
}

TEST(WaitForTurn, GivesOneAtOnceWhereThereIsAPlace) {
    SendWindow window(2);
    World world;
    EXPECT_TRUE(wait_for_place(window, world, milliseconds(0)));
    EXPECT_EQ(world.naps, 0);
}

TEST(WaitForTurn, APeerThatDoesNotReadCostsThePatienceAndNoMore) {
    SendWindow window(2);
    fill(window, 2);
    World world;
    const Clock::time_point begin = world.time;
    EXPECT_FALSE(wait_for_place(window, world, milliseconds(200)));
    EXPECT_EQ(world.time, begin + milliseconds(200));
    EXPECT_EQ(window.unanswered(), 2U) << "counted what was not sent";
}

TEST(WaitForTurn, GoesOnWhenThePeerDoes) {
    SendWindow window(2);
    fill(window, 2);
    World world;
    EXPECT_FALSE(wait_for_place(window, world, milliseconds(200)));
    world.reads_at = world.time + milliseconds(70);
    EXPECT_TRUE(wait_for_place(window, world, milliseconds(200)));
    EXPECT_LT(world.time, world.reads_at + milliseconds(50));
}

TEST(WaitForTurn, WaitsForRoomThatOthersTake) {
    SendWindow window(2);
    World world;
    world.room_at = world.time + milliseconds(300);
    EXPECT_FALSE(wait_for_place(window, world, milliseconds(200)));
    EXPECT_EQ(window.unanswered(), 0U);
    EXPECT_TRUE(wait_for_place(window, world, milliseconds(200)));
    EXPECT_LT(world.time, world.room_at + milliseconds(50));
}

TEST(WaitForTurn, TheSilenceIsNotPartOfThePatience) {
    SendWindow window(2);
    fill(window, 2);
    World world;
    world.time = window.silent_until() - milliseconds(1);
    const Clock::time_point silent_until = window.silent_until();
    EXPECT_FALSE(wait_for_place(window, world, milliseconds(10)));
    EXPECT_EQ(world.time, silent_until + milliseconds(10));
}

TEST(WaitForTurn, EndsWithTheProgram) {
    SendWindow window(2);
    fill(window, 2);
    World world;
    world.ends_at = world.time + milliseconds(3);
    EXPECT_FALSE(wait_for_place(window, world, std::chrono::hours(1)));
    EXPECT_EQ(world.time, world.ends_at);
}

class SendLimit : public ::testing::Test {
  protected:
    /* Sends to the peer until its queue is full. */
    void fill_queue() const {
        fcntl(sender_.fd(), F_SETFL, O_NONBLOCK);
        while (sender_.send(path_, "x", 1) == 0) {
        }
    }
    test::TempDir dir_;
    std::string path_ = dir_ / "peer";
    test::RawSocket peer_{path_};
    test::RawSocket sender_;
};

TEST_F(SendLimit, AFullQueueIsSeenWithoutASend) {
    EXPECT_TRUE(has_room(path_, milliseconds(0)));
    fill_queue();
    EXPECT_FALSE(has_room(path_, milliseconds(1)));
    EXPECT_GT(peer_.drain(), 0);
    EXPECT_TRUE(has_room(path_, milliseconds(1)));
    EXPECT_TRUE(has_room(dir_ / "nobody", milliseconds(1))) << "the send says why it fails";
}

TEST_F(SendLimit, AReplyToAPeerThatLetOneWaitIsNotTriedWithoutRoom) {
    ReplyLimit limit;
    fill_queue();
    EXPECT_TRUE(limit.takes_replies(path_)) << "it has taken all so far";
    ASSERT_EQ(sender_.send(path_, "x", 1), EAGAIN);
    limit.note_lost(path_, EAGAIN);
    EXPECT_FALSE(limit.takes_replies(path_)) << "the library would block again";
    EXPECT_FALSE(limit.takes_replies(path_));
    peer_.drain();
    EXPECT_TRUE(limit.takes_replies(path_));
    limit.note_lost(path_, ECONNREFUSED); /* it has exited, which is another reason */
    EXPECT_TRUE(limit.takes_replies(path_));
}

}  // namespace
}  // namespace mp_ipc
