/* SPDX-License-Identifier: BSD-3-Clause */
#include <gtest/gtest.h>

#include "exercises/run_status.h"
#include "support/base/exit_status.h"

namespace mp_ipc::test {
namespace {

using Command = ClientOptions::Command;

ClientOptions of(Command command, std::optional<unsigned long> count = std::nullopt) {
    ClientOptions options;
    options.command = command;
    options.count = count;
    return options;
}

/* Books of `answered` requests that were, and `lost` that were not. */
struct Sums : Books {
    Sums(std::uint64_t answered_, std::uint64_t lost) {
        sent = answered_ + lost;
        answered = answered_;
        timed_out = lost;
    }
};

int by_itself(const ClientOptions &options, const Books &sync, const Books &async) {
    return run_status(options, sync, async, false, false);
}
int by_signal(const ClientOptions &options, const Books &sync, const Books &async) {
    return run_status(options, sync, async, false, true);
}

TEST(RunStatus, HelloWithoutACountIsGoodWhateverWasAnswered) {
    EXPECT_EQ(by_signal(of(Command::hello), Sums(3, 2), Sums(0, 1)), kExitOk);
    EXPECT_EQ(by_itself(of(Command::hello), Sums(3, 2), Sums(0, 1)), kExitOk);
}

TEST(RunStatus, CountedHelloNeedsEveryAnswerOfWhatIsOn) {
    ClientOptions options = of(Command::hello, 3);
    EXPECT_EQ(by_itself(options, Sums(3, 0), Sums(3, 0)), kExitOk);
    EXPECT_EQ(by_itself(options, Sums(2, 1), Sums(3, 0)), kExitUnanswered);
    EXPECT_EQ(by_itself(options, Sums(3, 0), Sums(2, 1)), kExitUnanswered);
    EXPECT_EQ(by_itself(options, Sums(3, 0), Sums(2, 0)), kExitUnanswered) << "cut short";
    EXPECT_EQ(by_signal(options, Sums(2, 1), Sums(2, 0)), kExitOk) << "by Ctrl-C";
    options.async_interval_s = 0;
    EXPECT_EQ(by_itself(options, Sums(3, 0), Sums(0, 0)), kExitOk) << "only sync is on";
    options.async_interval_s = 5;
    options.sync_interval_s = 0;
    EXPECT_EQ(by_itself(options, Sums(0, 0), Sums(3, 0)), kExitOk) << "only async is on";
}

TEST(RunStatus, PingAndReportTellALossEvenByCtrlC) {
    for (const Command command : {Command::ping, Command::report}) {
        EXPECT_EQ(by_signal(of(command), Sums(5, 0), Sums(0, 0)), kExitOk);
        EXPECT_EQ(by_signal(of(command), Sums(5, 1), Sums(0, 0)), kExitUnanswered);
        EXPECT_EQ(by_signal(of(command, 9), Sums(5, 0), Sums(0, 0)), kExitOk);
        EXPECT_EQ(by_itself(of(command, 9), Sums(5, 0), Sums(0, 0)), kExitUnanswered);
        EXPECT_EQ(by_itself(of(command, 5), Sums(5, 0), Sums(0, 0)), kExitOk);
    }
    EXPECT_EQ(by_itself(of(Command::report), Sums(0, 0), Sums(0, 0)), kExitUnanswered);
}

TEST(RunStatus, NotifyIsGoodOnceTheKernelHasIt) {
    EXPECT_EQ(run_status(of(Command::notify), Sums(0, 0), Sums(0, 0), true, false), kExitOk);
    EXPECT_EQ(run_status(of(Command::notify), Sums(0, 0), Sums(0, 0), false, true),
              kExitUnanswered);
}

}  // namespace
}  // namespace mp_ipc::test
