/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Replies that come late: none is taken for the answer to another request.
 */
#include <gtest/gtest.h>

#include <csignal>
#include <regex>
#include <sstream>

#include "tests/harness/pair.h"

namespace mp_ipc::test {
namespace {

class LateReply : public Hugepages {};

/* Every accepted reply quotes the number of its own request: the N-th request is the N-th line of
 * the console that ends a request.
 */
void expect_only_own_replies(const std::string &console) {
    std::istringstream lines(console);
    long n = 0;
    const std::regex own(
        R"(\[SYNC\] Reply: Server SYNC reply: Got 'SYNC Hello (\d+) from Client')");
    const std::regex other(
        R"(\[SYNC\] (No reply to|Late reply to an earlier request, while waiting for|Not answered:|Not sent:) 'SYNC Hello (\d+) .*)");
    for (std::string line; std::getline(lines, line);) {
        std::smatch match;
        if (std::regex_match(line, match, own)) {
            ASSERT_EQ(std::stol(match[1].str()), ++n) << "a reply was taken for another request's";
        } else if (std::regex_match(line, match, other)) {
            ASSERT_EQ(std::stol(match[2].str()), ++n);
        }
    }
    EXPECT_GT(n, 0);
}

TEST_F(LateReply, NoReplyIsEverTakenForAnothersAnswer) {
    /* Handlers wait 0 to 2 ms, one after another, and requests 2 ms: many replies are late. 10,000
     * requests: text and structs, sync and async. */
    RunningServer server_process(prefix_, {"--quiet", "--fault", "slow=0-2"});
    Process sync_text(client(prefix_, {"--timeout", "0.002", "--sync-interval", "0.001",
                                       "--async-interval", "0", "--count", "3800"}));
    Process async_text(client(prefix_, {"--timeout", "0.002", "--sync-interval", "0",
                                        "--async-interval", "0.02", "--count", "200"}));
    Process structs(client(prefix_, {"ping", "--timeout", "0.002", "--flood", "--count", "6000"}));
    for (Process *process : {&sync_text, &async_text, &structs}) {
        const auto status = process->wait(std::chrono::seconds(200));
        ASSERT_TRUE(status == 0 || status == 4) << process->describe();
    }
    expect_only_own_replies(sync_text.out());
    const Sums sync = sums_of(sync_text.out(), "Sync");
    EXPECT_TRUE(sync.balance());
    EXPECT_EQ(sync.sent, 3800);
    EXPECT_GT(sync.late + sync.timed_out, 0) << "the fault did not happen";
    EXPECT_GT(sync.answered, 0) << "nothing was answered in time";
    const Sums async = sums_of(async_text.out(), "Async");
    EXPECT_TRUE(async.balance());
    EXPECT_EQ(async.sent, 200);

    /* Each struct's seq is reported once, as answered (counted) or in a line of its own. */
    const Sums ping = sums_of(structs.out(), "PING");
    EXPECT_TRUE(ping.balance());
    EXPECT_EQ(ping.sent, 6000);
    EXPECT_GT(ping.answered, 0);
    EXPECT_GT(ping.late + ping.timed_out, 0);
}

/* The library gives up an asynchronous request one to two seconds after --timeout, so only a later
 * reply comes during the next request: here each comes 0.15 s after the next request was sent.
 */
TEST_F(LateReply, ALateAsyncReplyIsNotTakenForTheNextAnswer) {
    RunningServer server_process(prefix_, {"--fault", "slow=3350"});
    Process process(
        client(prefix_, {"--timeout", "1", "--async-interval", "3.2", "--sync-interval", "0"}));
    expect_out(process, "[ASYNC] Late reply: Server ASYNC reply: Got 'ASYNC Hello");
    expect_end(process);
    EXPECT_FALSE(has(process.out(), "[ASYNC] Reply")) << process.describe();
    const Sums async = sums_of(process.out(), "Async");
    EXPECT_TRUE(async.balance()) << process.describe();
    EXPECT_EQ(async.answered, 0);
    EXPECT_GE(async.late, 1);
}

/* The library's own timeout is a second or more after --timeout. So a reply that is late by less is
 * reported as late when it comes, and does not race with that timeout.
 */
TEST_F(LateReply, AnAsyncReplyWithinTheMarginIsSaidToBeLate) {
    RunningServer server_process(prefix_, {"--fault", "slow=400"});
    Process process(
        client(prefix_, {"--timeout", "0.1", "--async-interval", "60", "--sync-interval", "0"}));
    expect_out(process, "[ASYNC] No reply to 'ASYNC Hello 1");
    expect_out(process, "[ASYNC] Late reply: Server ASYNC reply: Got 'ASYNC Hello 1");
    expect_end(process);
}

}  // namespace
}  // namespace mp_ipc::test
