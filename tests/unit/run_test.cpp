/* SPDX-License-Identifier: BSD-3-Clause */
#include <gtest/gtest.h>

#include <array>

#include "exercises/run.h"
#include "exercises/table.h"
#include "support/base/exit_status.h"

namespace mp_ipc::test {
namespace {

struct Numbers {
    std::uint64_t answered;
    std::uint64_t lost;
};

ClientOptions of(const Command *command, std::optional<unsigned long> count = std::nullopt) {
    ClientOptions options;
    options.command = command;
    options.count = count;
    return options;
}

int status(const ClientOptions &options, Numbers sync, Numbers async, bool by_signal) {
    ClientRun run;
    run.options = options;
    for (const auto &[counts, numbers] : {std::pair{&run.sync, sync}, {&run.async, async}}) {
        const std::uint64_t sent = numbers.answered + numbers.lost;
        counts->go_on_from({sent, numbers.answered, 0, numbers.lost, 0});
    }
    return run.status(by_signal);
}
int by_itself(const ClientOptions &options, Numbers sync, Numbers async = {0, 0}) {
    return status(options, sync, async, false);
}
int by_signal(const ClientOptions &options, Numbers sync, Numbers async = {0, 0}) {
    return status(options, sync, async, true);
}

constexpr const Command *kHello = nullptr;

TEST(RunStatus, HelloWithoutACountIsGoodWhateverWasAnswered) {
    EXPECT_EQ(by_signal(of(kHello), {3, 2}, {0, 1}), kExitOk);
    EXPECT_EQ(by_itself(of(kHello), {3, 2}, {0, 1}), kExitOk);
}

TEST(RunStatus, CountedHelloNeedsEveryAnswerOfWhatIsOn) {
    ClientOptions options = of(kHello, 3);
    EXPECT_EQ(by_itself(options, {3, 0}, {3, 0}), kExitOk);
    EXPECT_EQ(by_itself(options, {2, 1}, {3, 0}), kExitUnanswered);
    EXPECT_EQ(by_itself(options, {3, 0}, {2, 1}), kExitUnanswered);
    EXPECT_EQ(by_itself(options, {3, 0}, {2, 0}), kExitUnanswered) << "cut short";
    EXPECT_EQ(by_signal(options, {2, 1}, {2, 0}), kExitOk) << "by Ctrl-C";
    options.async_interval_s = 0;
    EXPECT_EQ(by_itself(options, {3, 0}), kExitOk) << "only sync is on";
    options.async_interval_s = 5;
    options.sync_interval_s = 0;
    EXPECT_EQ(by_itself(options, {0, 0}, {3, 0}), kExitOk) << "only async is on";
}

TEST(RunStatus, PingAndReportTellALossEvenByCtrlC) {
    for (const Exercise *exercise : {&kPing, &kReport}) {
        const Command *command = &exercise->command;
        EXPECT_EQ(by_signal(of(command), {5, 0}), kExitOk);
        EXPECT_EQ(by_signal(of(command), {5, 1}), kExitUnanswered);
        EXPECT_EQ(by_signal(of(command, 9), {5, 0}), kExitOk);
        EXPECT_EQ(by_itself(of(command, 9), {5, 0}), kExitUnanswered);
        EXPECT_EQ(by_itself(of(command, 5), {5, 0}), kExitOk);
    }
    EXPECT_EQ(by_itself(of(&kPing.command), {0, 0}), kExitOk);
    EXPECT_EQ(by_itself(of(&kReport.command), {0, 0}), kExitUnanswered);
}

TEST(RunStatus, NotifyIsGoodOnceTheKernelHasIt) {
    EXPECT_EQ(by_itself(of(&kNotify.command), {1, 0}), kExitOk);
    EXPECT_EQ(by_signal(of(&kNotify.command), {0, 0}), kExitUnanswered);
    EXPECT_EQ(by_itself(of(&kNotify.command), {0, 1}), kExitUnanswered);
}

/* Whether a waiting client has anything left for the next server. */
TEST(Run, IsDoneWhenAllThatWasAskedForHasEnded) {
    const auto done = [](const ClientOptions &options, std::uint64_t sync, std::uint64_t async) {
        ClientRun run;
        run.options = options;
        run.sync.go_on_from({sync, sync, 0, 0, 0});
        run.async.go_on_from({async, 0, 0, async, 0});
        return run.done();
    };
    EXPECT_FALSE(done(of(kHello), 100, 100)) << "until it is stopped";
    EXPECT_FALSE(done(of(&kPing.command), 100, 0));
    EXPECT_FALSE(done(of(kHello, 3), 3, 2));
    EXPECT_TRUE(done(of(kHello, 3), 3, 3));
    EXPECT_FALSE(done(of(&kPing.command, 3), 2, 0));
    EXPECT_TRUE(done(of(&kPing.command, 3), 3, 0));
    for (const Exercise *exercise : {&kReport, &kNotify}) {
        EXPECT_FALSE(done(of(&exercise->command), 0, 0));
        EXPECT_TRUE(done(of(&exercise->command), 1, 0));
    }
}

TEST(Run, GoesOnFromTheNumbersOfTheRunBefore) {
    ClientRun before;
    before.sync.go_on_from({5, 3, 1, 0, 0}); /* sent, answered, late, timed out, refused */
    before.async.go_on_from({2, 0, 0, 0, 2});
    ClientRun after;
    after.go_on_from(before.numbers());
    EXPECT_EQ(after.sync.numbers(), (std::array<std::uint64_t, 5>{5, 3, 1, 0, 0}));
    EXPECT_EQ(after.async.numbers(), (std::array<std::uint64_t, 5>{2, 0, 0, 0, 2}));
}

}  // namespace
}  // namespace mp_ipc::test
