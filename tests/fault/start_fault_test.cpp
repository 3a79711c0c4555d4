/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What goes wrong while a client starts, or starts again, and is seen by no test of its lines
 * alone.
 */
#include <gtest/gtest.h>

#include <csignal>

#include "support/eal/runtime_dir.h"
#include "tests/harness/pair.h"

namespace mp_ipc::test {
namespace {

class StartFault : public Hugepages {};

TEST_F(StartFault, AClientWhoseSocketCannotBeMadeEnds) {
    const Prefix prefix;
    Process server_process(server(prefix));
    ASSERT_TRUE(server_process.wait_for_out(kServerReady));
    const Finished finished = run(client(prefix, {"--count", "1"}), preload(NO_SOCKET));
    EXPECT_EQ(finished.status, 1) << finished.out << finished.err;
    EXPECT_EQ(count_of(own_lines(finished.err), "could not make this client's socket in " +
                                                    prefix.dir() + ", so no reply can reach it"),
              1)
        << finished.err;
    EXPECT_EQ(count_of(finished.out, "Attached"), 0) << finished.out;
    const Finished doctor = run(client(prefix, {"doctor"}), preload(NO_SOCKET));
    EXPECT_EQ(doctor.status, 1);
    EXPECT_EQ(count_of(doctor.out, "Attaching: failed"), 1) << doctor.out;
}

/* The log that names the cause may be off: errno is asked. */
TEST_F(StartFault, TakenAddressesAreTriedAgainWithoutALog) {
    const Prefix prefix;
    Process server_process(server(prefix));
    ASSERT_TRUE(server_process.wait_for_out(kServerReady));
    for (const char *what : {"TAKEN_NONE=1", "TAKEN_CONFIG=1"}) {
        ProcessOptions taken = preload(TAKEN_ADDRESS);
        taken.environment.emplace_back(what);
        Words argv = client(prefix);
        argv.insert(argv.end(), {"--log-level=lib.eal:critical", "--", "ping", "--count", "1"});
        const Finished again = run(argv, taken);
        EXPECT_EQ(again.status, 0) << what << again.out << again.err;
        EXPECT_EQ(count_of(again.out, "[Client] Trying again, laid out anew"), 1) << again.out;
    }
}

TEST_F(StartFault, AClientRunsAgainWithoutCloseRange) {
    const Prefix prefix;
    Process first(server(prefix));
    ASSERT_TRUE(first.wait_for_out(kServerReady));
    Process waiting(client(prefix, {"--wait", "--sync-interval", "0.1"}), preload(NO_CLOSE_RANGE));
    ASSERT_TRUE(waiting.wait_for_out("[SYNC] Reply")) << waiting.describe();
    first.signal(SIGKILL);
    ASSERT_TRUE(first.wait());
    Process second(server(prefix, {"--leftover-wait", "10"}));
    EXPECT_TRUE(second.wait_for_out(kServerReady)) << second.describe();
    EXPECT_TRUE(waiting.wait_for_out("[Client] Attached to the new server")) << waiting.describe();
    EXPECT_TRUE(lock_holders(prefix.dir()).size() <= 2) << "the first life's locks are still held";
    waiting.signal(SIGINT);
    EXPECT_EQ(waiting.wait(), 0) << waiting.describe();
}

}  // namespace
}  // namespace mp_ipc::test
