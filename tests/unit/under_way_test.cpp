/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What is under way: the pending asynchronous request, the window of messages sent and not known to
 * be answered, and the limit of a send.
 */
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <set>

#include <rte_errno.h>

#include "support/eal/ipc_socket.h"
#include "support/ipc/pending_request.h"
#include "support/ipc/reply_limit.h"
#include "support/ipc/send_window.h"
#include "tests/harness/datagram.h"
#include "tests/harness/temp_dir.h"

namespace mp_ipc {
namespace {

using std::chrono::milliseconds;
using Callback = PendingRequest::Callback;
using State = PendingRequest::State;

constexpr Clock::time_point kStart{std::chrono::hours(1)};
constexpr Clock::duration kOwn = milliseconds(200);
constexpr Clock::duration kLibrarys = milliseconds(1500);
constexpr Clock::duration kTick{1};

PendingRequest sent(std::uint64_t id = 1, bool certain = true) {
    PendingRequest pending;
    pending.sent(id, kStart, kOwn, kLibrarys, certain);
    return pending;
}

TEST(PendingRequest, NothingIsDueBeforeTheFirst) {
    PendingRequest pending;
    EXPECT_FALSE(pending.in_library());
    EXPECT_FALSE(pending.times_out(Clock::time_point::max()));
    EXPECT_FALSE(pending.lost(Clock::time_point::max()));
    EXPECT_FALSE(pending.give_up());
    EXPECT_EQ(pending.called_back(0), Callback::other);
    EXPECT_EQ(pending.due(), Clock::time_point::max());
}

TEST(PendingRequest, ACallbackInTimeEndsIt) {
    PendingRequest pending = sent();
    EXPECT_TRUE(pending.in_library());
    EXPECT_EQ(pending.due(), kStart + kOwn);
    EXPECT_FALSE(pending.times_out(kStart + kOwn - kTick));
    EXPECT_EQ(pending.called_back(1), Callback::in_time);
    EXPECT_EQ(pending.state(), State::idle);
    EXPECT_EQ(pending.due(), Clock::time_point::max());
    EXPECT_FALSE(pending.times_out(kStart + kOwn));
}

TEST(PendingRequest, ItsOutcomeIsKnownOnceAndALateCallbackOnlyFreesItsName) {
    PendingRequest pending = sent();
    EXPECT_TRUE(pending.times_out(kStart + kOwn));
    EXPECT_FALSE(pending.times_out(kStart + kOwn)) << "closed twice";
    EXPECT_FALSE(pending.give_up()) << "closed twice";
    EXPECT_TRUE(pending.in_library());
    EXPECT_EQ(pending.called_back(1), Callback::late);
    EXPECT_FALSE(pending.in_library());
}

TEST(PendingRequest, IsGivenUpAtTheEndOfTheProgram) {
    PendingRequest pending = sent();
    EXPECT_TRUE(pending.give_up());
    EXPECT_FALSE(pending.times_out(kStart + kOwn));
}

TEST(PendingRequest, AnOverdueCallbackIsLostAndWakesItsOwner) {
    PendingRequest pending = sent();
    const Clock::time_point overdue = kStart + kLibrarys + PendingRequest::kGrace;
    EXPECT_TRUE(pending.times_out(kStart + kOwn));
    EXPECT_EQ(pending.due(), overdue);
    EXPECT_FALSE(pending.lost(overdue - kTick));
    EXPECT_FALSE(pending.lost(overdue)) << "the library's threads may have been stopped, too";
    EXPECT_EQ(pending.due(), overdue + PendingRequest::kLastChance);
    EXPECT_FALSE(pending.lost(overdue + PendingRequest::kLastChance - kTick));
    EXPECT_TRUE(pending.lost(overdue + PendingRequest::kLastChance));
}

TEST(PendingRequest, AProcessThatWasStoppedForAnHourHasLostNothing) {
    PendingRequest pending = sent();
    const Clock::time_point continued = kStart + std::chrono::hours(1);
    EXPECT_TRUE(pending.times_out(continued));
    EXPECT_FALSE(pending.lost(continued));
    EXPECT_EQ(pending.called_back(1), Callback::late);
    EXPECT_FALSE(pending.lost(continued + std::chrono::hours(1)));
}

TEST(PendingRequest, WhatMayHaveReachedNobodyIsForgottenAndNotLost) {
    PendingRequest pending = sent(1, false);
    const Clock::time_point overdue = kStart + kLibrarys + PendingRequest::kLastChance;
    EXPECT_TRUE(pending.times_out(kStart + kOwn));
    EXPECT_EQ(pending.due(), overdue);
    EXPECT_FALSE(pending.lost(overdue));
    EXPECT_FALSE(pending.in_library());
    pending.sent(2, overdue, kOwn, kLibrarys);
    EXPECT_EQ(pending.called_back(1), Callback::other) << "of the one that was forgotten";
    EXPECT_EQ(pending.called_back(2), Callback::in_time);
}

TEST(PendingRequest, TheLibrarysTimeoutIsFarFromTheCallersAndNeverTheSame) {
    std::set<Clock::rep> drawn;
    for (int i = 0; i < 1000; i++) {
        const auto timeout = PendingRequest::library_timeout(kOwn, random_fraction());
        EXPECT_GE(timeout, kOwn + std::chrono::seconds(1));
        EXPECT_LE(timeout, kOwn + std::chrono::seconds(2));
        drawn.insert(timeout / milliseconds(10));
    }
    EXPECT_GT(drawn.size(), 80U) << "answers that are always as late would meet it";
}

TEST(SendWindow, IsDerivedFromTheQueueLength) {
    EXPECT_EQ(SendWindow::bound_for(10), 8U);
    EXPECT_EQ(SendWindow::bound_for(512), 510U);
    EXPECT_EQ(SendWindow::bound_for(1), 1U);
    EXPECT_EQ(SendWindow::bound_for(0), 1U);
}

TEST(SendWindow, FillsAndEmpties) {
    SendWindow window(3);
    EXPECT_FALSE(window.full());
    auto first = window.take(kStart);
    auto second = window.take(kStart);
    auto third = window.take(kStart);
    EXPECT_TRUE(window.full());
    second.answered(); /* in order: the first is answered too */
    EXPECT_EQ(window.unanswered(), 1U);
    first.answered(); /* old news */
    EXPECT_EQ(window.unanswered(), 1U);
    auto fourth = window.take(kStart);
    auto fifth = window.take(kStart);
    EXPECT_TRUE(window.full());
    window.drained(); /* but for the one in the server's hands */
    EXPECT_EQ(window.unanswered(), 1U);
    for (auto *turn : {&third, &fourth, &fifth})
        turn->answered();
    EXPECT_EQ(window.unanswered(), 0U);
}

TEST(SendWindow, ATurnIsSettledOnceByItsEndAtTheLatest) {
    SendWindow window(3);
    {
        const SendWindow::Turn none;
        EXPECT_FALSE(none);
    }
    EXPECT_EQ(window.silent_until(), Clock::time_point{});
    {
        SendWindow::Turn turn = window.take(kStart);
        EXPECT_TRUE(turn);
        EXPECT_EQ(turn.since(), kStart);
        SendWindow::Turn owner = std::move(turn);
        EXPECT_TRUE(owner);
        owner.answered();
        EXPECT_FALSE(owner);
    }
    EXPECT_EQ(window.silent_until(), Clock::time_point{}) << "silence after an answer";
    EXPECT_EQ(window.unanswered(), 0U);
    window.take(kStart); /* and its end: no answer */
    EXPECT_EQ(window.unanswered(), 1U);
    EXPECT_GT(window.silent_until(), Clock::time_point{});
    SendWindow::Turn refused = window.take(kStart);
    refused.not_sent();
    EXPECT_FALSE(refused);
    EXPECT_EQ(window.unanswered(), 1U);
}

TEST(SendWindow, IsSilentTwiceAsLongAfterEachFailureUpToAQuarterOfASecond) {
    SendWindow window(100);
    for (const long ms : {1, 2, 4, 8, 16, 32, 64, 128, 250, 250}) {
        const Clock::time_point before = Clock::now();
        window.take(before);
        EXPECT_GE(window.silent_until(), before + milliseconds(ms));
        EXPECT_LE(window.silent_until(), Clock::now() + milliseconds(ms));
    }
    window.take(kStart).answered();
    const Clock::time_point before = Clock::now();
    window.take(before);
    EXPECT_GE(window.silent_until(), before + milliseconds(1));
    EXPECT_LE(window.silent_until(), Clock::now() + milliseconds(1));
}

TEST(SendWindow, UnboundItIsNeitherFullNorSilent) {
    SendWindow window(1);
    window.unbind();
    window.take(kStart);
    window.take(kStart);
    EXPECT_FALSE(window.full());
    EXPECT_EQ(window.silent_until(), Clock::time_point{});
}

/* Time passes in sleep_until() alone. */
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
        window.take(kStart);
}

TEST(WaitForTurn, GivesOneAtOnceWhereThereIsAPlace) {
    SendWindow window(2);
    World world;
    EXPECT_TRUE(wait_for_turn(window, world, milliseconds(0)));
    EXPECT_EQ(world.naps, 0);
}

TEST(WaitForTurn, APeerThatDoesNotReadCostsThePatienceAndNoMore) {
    SendWindow window(2);
    fill(window, 2);
    World world;
    const Clock::time_point begin = world.time;
    EXPECT_FALSE(wait_for_turn(window, world, milliseconds(200)));
    EXPECT_EQ(world.time, begin + milliseconds(200));
    EXPECT_EQ(window.unanswered(), 2U) << "counted what was not sent";
}

TEST(WaitForTurn, GoesOnWhenThePeerDoes) {
    SendWindow window(2);
    fill(window, 2);
    World world;
    EXPECT_FALSE(wait_for_turn(window, world, milliseconds(200)));
    world.reads_at = world.time + milliseconds(70);
    EXPECT_TRUE(wait_for_turn(window, world, milliseconds(200)));
    EXPECT_LT(world.time, world.reads_at + milliseconds(50));
}

TEST(WaitForTurn, WaitsForRoomThatOthersTake) {
    SendWindow window(2);
    World world;
    world.room_at = world.time + milliseconds(300);
    EXPECT_FALSE(wait_for_turn(window, world, milliseconds(200)));
    EXPECT_EQ(window.unanswered(), 0U);
    EXPECT_TRUE(wait_for_turn(window, world, milliseconds(200)));
    EXPECT_LT(world.time, world.room_at + milliseconds(50));
}

TEST(WaitForTurn, TheSilenceIsNotPartOfThePatience) {
    SendWindow window(2);
    fill(window, 2);
    World world;
    world.time = window.silent_until() - milliseconds(1);
    const Clock::time_point silent_until = window.silent_until();
    EXPECT_FALSE(wait_for_turn(window, world, milliseconds(10)));
    EXPECT_EQ(world.time, silent_until + milliseconds(10));
}

TEST(WaitForTurn, EndsWithTheProgram) {
    SendWindow window(2);
    fill(window, 2);
    World world;
    world.ends_at = world.time + milliseconds(3);
    EXPECT_FALSE(wait_for_turn(window, world, std::chrono::hours(1)));
    EXPECT_EQ(world.time, world.ends_at);
}

/* A server's broadcasts: SendWindow::kReserve of them may lie unread. */
TEST(WaitForTurn, TwoBroadcastsAreSentToAPeerThatDoesNotReadAndNotAThird) {
    SendWindow window(SendWindow::kReserve);
    World world;
    wait_for_turn(window, world, milliseconds(20)).answered();
    int unread = 0;
    while (unread < 10 && wait_for_turn(window, world, milliseconds(20)))
        unread++;
    EXPECT_EQ(unread, 2);
    world.reads_at = world.time;
    EXPECT_TRUE(wait_for_turn(window, world, milliseconds(20)));
}

/* A peer takes a message, and answers it, between the two questions. */
TEST(QueuesEmpty, AnAnswerThatComesBetweenTheQuestionsIsSeen) {
    int out = 1;
    int in = 0;
    const auto peer_answers = [&] {
        if (out > 0) {
            out--;
            in++;
        }
    };
    const auto ask = [&](const int &queue) {
        return [&] {
            const int seen = queue;
            peer_answers();
            return seen;
        };
    };
    EXPECT_FALSE(queues_empty(ask(out), ask(in)));
    EXPECT_FALSE(queues_empty(ask(out), ask(in))) << "the answer waits";
    in = 0;
    EXPECT_TRUE(queues_empty(ask(out), ask(in)));
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
    limit.note_lost(path_, ECONNREFUSED); /* it has ended: not that it does not read */
    EXPECT_TRUE(limit.takes_replies(path_));
}

}  // namespace
}  // namespace mp_ipc
