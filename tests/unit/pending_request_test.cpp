/* SPDX-License-Identifier: BSD-3-Clause */
#include <gtest/gtest.h>

#include <set>

#include "support/ipc/pending_request.h"

namespace mp_ipc {
namespace {

using std::chrono::milliseconds;
using Callback = PendingRequest::Callback;

constexpr Clock::time_point kSentAt{std::chrono::hours(1)};
constexpr Clock::duration kOwn = milliseconds(200);
constexpr Clock::duration kLibrarys = milliseconds(1500);
constexpr Clock::duration kTick{1};

PendingRequest sent(std::uint64_t id = 1, bool certain = true) {
    PendingRequest pending;
    pending.sent(id, kSentAt, kOwn, kLibrarys, certain);
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
    EXPECT_EQ(pending.due(), kSentAt + kOwn);
    EXPECT_FALSE(pending.times_out(kSentAt + kOwn - kTick));
    EXPECT_EQ(pending.called_back(1), Callback::in_time);
    EXPECT_FALSE(pending.in_library());
    EXPECT_EQ(pending.due(), Clock::time_point::max());
    EXPECT_FALSE(pending.times_out(kSentAt + kOwn));
}

TEST(PendingRequest, ItsOutcomeIsKnownOnceAndALateCallbackOnlyFreesItsName) {
    PendingRequest pending = sent();
    EXPECT_TRUE(pending.times_out(kSentAt + kOwn));
    EXPECT_FALSE(pending.times_out(kSentAt + kOwn)) << "closed twice";
    EXPECT_FALSE(pending.give_up()) << "closed twice";
    EXPECT_TRUE(pending.in_library());
    EXPECT_EQ(pending.called_back(1), Callback::late);
    EXPECT_FALSE(pending.in_library());
}

TEST(PendingRequest, IsGivenUpAtTheEndOfTheProgram) {
    PendingRequest pending = sent();
    EXPECT_TRUE(pending.give_up());
    EXPECT_FALSE(pending.times_out(kSentAt + kOwn));
}

TEST(PendingRequest, AnOverdueCallbackIsLostAndWakesItsOwner) {
    PendingRequest pending = sent();
    const Clock::time_point overdue = kSentAt + kLibrarys + PendingRequest::kGrace;
    EXPECT_TRUE(pending.times_out(kSentAt + kOwn));
    EXPECT_EQ(pending.due(), overdue);
    EXPECT_FALSE(pending.lost(overdue - kTick));
    EXPECT_FALSE(pending.lost(overdue)) << "the library's threads may have been stopped, too";
    EXPECT_EQ(pending.due(), overdue + PendingRequest::kLastChance);
    EXPECT_FALSE(pending.lost(overdue + PendingRequest::kLastChance - kTick));
    EXPECT_TRUE(pending.lost(overdue + PendingRequest::kLastChance));
}

TEST(PendingRequest, AProcessThatWasStoppedForAnHourHasLostNothing) {
    PendingRequest pending = sent();
    const Clock::time_point continued = kSentAt + std::chrono::hours(1);
    EXPECT_TRUE(pending.times_out(continued));
    EXPECT_FALSE(pending.lost(continued));
    EXPECT_EQ(pending.called_back(1), Callback::late);
    EXPECT_FALSE(pending.lost(continued + std::chrono::hours(1)));
}

TEST(PendingRequest, WhatMayHaveReachedNobodyIsForgottenAndNotLost) {
    PendingRequest pending = sent(1, false);
    const Clock::time_point overdue = kSentAt + kLibrarys + PendingRequest::kLastChance;
    EXPECT_TRUE(pending.times_out(kSentAt + kOwn));
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
        const auto timeout = library_timeout(kOwn);
        EXPECT_GE(timeout, kOwn + std::chrono::seconds(1));
        EXPECT_LE(timeout, kOwn + std::chrono::seconds(2));
        drawn.insert(timeout / milliseconds(10));
    }
    EXPECT_GT(drawn.size(), 80U) << "answers that are always as late would meet it";
}

}  // namespace
}  // namespace mp_ipc
