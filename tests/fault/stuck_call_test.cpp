/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Calls of the library that do not return, or not in time, in a client: its start, its requests,
 * its events.
 */
#include <gtest/gtest.h>

#include <csignal>

#include "support/eal/runtime_dir.h"
#include "tests/harness/pair.h"

namespace mp_ipc::test {
namespace {

class StuckCall : public Hugepages {};

/* Its init asks the primary about devices, and would wait 5 s for the answer. */
TEST_F(StuckCall, APrimaryThatDiesWhileAClientAttachesEndsIt) {
    RunningServer server_process(prefix_);
    server_process.signal(SIGSTOP);
    Process process(client(prefix_));
    ASSERT_TRUE(eventually([&] { return client_sockets(prefix_.dir()).size() == 1; }))
        << process.describe();
    server_process.signal(SIGKILL);
    EXPECT_TRUE(server_process.wait());
    EXPECT_EQ(process.wait(std::chrono::seconds(4)), 3) << process.describe();
    EXPECT_FALSE(has(process.out(), "Attached")) << process.describe();
}

TEST_F(StuckCall, ACallbackThatNeverComesIsGivenUpAndTheNameMissed) {
    RunningServer server_process(prefix_);
    const ProcessOptions options = faulty("lost-callback");
    Process process(
        client(prefix_, {"--timeout", "0.2", "--async-interval", "0.2", "--sync-interval", "0.2"}),
        options);
    /* The request ends at its own deadline, and no second one of its name is sent. */
    expect_out(process, "[ASYNC] No reply to 'ASYNC Hello 1 from Client'");
    expect_out(process, "[ASYNC] Not sent: the request before it is still pending", 3);
    EXPECT_TRUE(process.wait_for_out("[SYNC] Reply", 5)) << "the others are served meanwhile";
    EXPECT_EQ(process.wait(), 1) << process.describe();
    EXPECT_TRUE(has(process.err(), "the DPDK library has lost an asynchronous request"))
        << process.describe();
    const Sums async = sums_of(process.out(), "Async");
    EXPECT_TRUE(async.balance());
    EXPECT_EQ(async.sent, 1);
    EXPECT_EQ(async.timed_out, 1);
}

/* As after the race of a reply with the library's timeout: the IPC thread keeps the lock. */
TEST_F(StuckCall, ARequestThatDoesNotReturnEndsTheClient) {
    RunningServer server_process(prefix_);
    const ProcessOptions options = faulty("lost-lock");
    Process sync(client(prefix_, {"ping", "--count", "3", "--timeout", "0.2"}), options);
    Process async(client(prefix_, {"--async-interval", "1", "--sync-interval", "0"}), options);
    for (Process *process : {&sync, &async}) {
        EXPECT_EQ(process->wait(), 1) << process->describe();
        EXPECT_TRUE(has(process->err(), "a call of the DPDK library did not return in time"))
            << process->describe();
    }
    EXPECT_TRUE(has(sync.out(), "[PING] 1 sent, 0 answered, 1 lost")) << sync.describe();
}

/* The limit is of the send, not of the line that reports it: a delivered event is a success. */
TEST_F(StuckCall, AnEventThatWasSentIsASuccessHoweverShortTheTimeout) {
    RunningServer server_process(prefix_);
    for (int i = 1; i <= 8; i++) {
        const Finished notify = run(client(prefix_, {"notify", "text", "--timeout", "0.00001"}));
        EXPECT_EQ(notify.status, 0) << notify.out << notify.err;
        expect_out(server_process, "[EVENT] From Client", i);
    }
}

TEST_F(StuckCall, NotifyDoesNotWaitForEverForRoomInTheServersQueue) {
    RunningServer server_process(prefix_);
    const Finished notify =
        run(client(prefix_, {"notify", "text", "--timeout", "0.2"}), faulty("lost-lock"));
    EXPECT_EQ(notify.status, 1) << "the library does not work: more than unanswered\n"
                                << notify.err;
    EXPECT_FALSE(has(notify.out, "[EVENT] Sent")) << notify.out;
    EXPECT_TRUE(has(notify.err, "a call of the DPDK library did not return in time"));
    EXPECT_EQ(client_sockets(prefix_.dir()).size(), 0U);
}

}  // namespace
}  // namespace mp_ipc::test
