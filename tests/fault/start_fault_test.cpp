/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Faults while a client starts, or starts again, that are not in the tests of its messages.
 */
#include <gtest/gtest.h>

#include <csignal>

#include "support/eal/runtime_dir.h"
#include "tests/harness/pair.h"

namespace mp_ipc::test {
namespace {

class StartFault : public Hugepages {};

TEST_F(StartFault, AClientWhoseSocketCannotBeMadeEnds) {
    RunningServer server_process(prefix_);
    const Finished finished = run(client(prefix_, {"--count", "1"}), preload(NO_SOCKET));
    EXPECT_EQ(finished.status, 1) << finished.out << finished.err;
    EXPECT_EQ(count_of(own_lines(finished.err), "could not make this client's socket in " +
                                                    prefix_.dir() + ", so no reply can reach it"),
              1)
        << finished.err;
    EXPECT_EQ(count_of(finished.out, "Attached"), 0) << finished.out;
    const Finished doctor = run(client(prefix_, {"doctor"}), preload(NO_SOCKET));
    EXPECT_EQ(doctor.status, 1);
    EXPECT_EQ(count_of(doctor.out, "Attaching: failed: EAL could not make this client's socket"), 1)
        << doctor.out;
}

Words ping_once(const Prefix &prefix, const Words &eal = {}) {
    Words argv = client(prefix);
    argv.insert(argv.end(), eal.begin(), eal.end());
    argv.insert(argv.end(), {"--", "ping", "--count", "1"});
    return argv;
}

void expect_served_by_another_try(const Prefix &prefix, const ProcessOptions &taken) {
    const Finished again = run(ping_once(prefix), taken);
    EXPECT_EQ(again.status, 0) << taken.environment.back() << again.out << again.err;
    EXPECT_EQ(count_of(again.out, "[Client] Trying again"), 1)
        << taken.environment.back() << again.out;
}

TEST_F(StartFault, TakenAddressesAreTriedAgain) {
    RunningServer server_process(prefix_);
    for (const char *what : {"TAKEN_NONE=1", "TAKEN_CONFIG=1"}) {
        ProcessOptions taken = preload(TAKEN_ADDRESS);
        taken.environment.emplace_back(what);
        expect_served_by_another_try(prefix_, taken);
    }
}

/* Of the first file, and of a later one: the files before it are this process's own by then. */
TEST_F(StartFault, ALockTakenForAMomentIsTriedAgain) {
    RunningServer server_process(prefix_);
    for (const char *which : {"TAKEN_LOCK=1", "TAKEN_LOCK=3"}) {
        ProcessOptions taken = preload(TAKEN_LOCK);
        taken.environment.emplace_back(which);
        expect_served_by_another_try(prefix_, taken);
        taken.environment.emplace_back("TAKEN_ALWAYS=1");
        const Finished refused = run(ping_once(prefix_), taken);
        EXPECT_EQ(refused.status, 1) << which << refused.out << refused.err;
        EXPECT_EQ(count_of(refused.out, "[Client] Trying again"), 5) << which << refused.out;
        EXPECT_TRUE(has(refused.err, "took its files for those of an exited one")) << refused.err;
    }
}

/* Addresses are reported as the cause only if EAL's own lines name them. */
TEST_F(StartFault, WithoutALogNothingIsBlamed) {
    RunningServer server_process(prefix_);
    const Finished unknown =
        run(ping_once(prefix_, {"--log-level=lib.eal:critical"}), preload(TAKEN_ADDRESS));
    EXPECT_EQ(unknown.status, 1) << unknown.out << unknown.err;
    EXPECT_EQ(count_of(unknown.out, "Trying again"), 0) << unknown.out;
    EXPECT_EQ(count_of(own_lines(unknown.err), "the reason is not known: EAL has logged no error"),
              1)
        << unknown.err;
}

TEST_F(StartFault, AClientRunsAgainWithoutCloseRange) {
    RunningServer first(prefix_);
    Process waiting(client(prefix_, {"--wait", "--sync-interval", "0.1"}), preload(NO_CLOSE_RANGE));
    expect_out(waiting, "[SYNC] Reply");
    first.signal(SIGKILL);
    ASSERT_TRUE(first.wait());
    RunningServer second(prefix_, {"--leftover-wait", "10"});
    expect_out(waiting, "[Client] Attached to the new server");
    EXPECT_TRUE(lock_holders(prefix_.dir()).size() <= 2) << "the first life's locks are still held";
    expect_end(waiting);
}

}  // namespace
}  // namespace mp_ipc::test
