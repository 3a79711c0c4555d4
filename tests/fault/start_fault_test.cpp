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
    const Finished finished = run(client(prefix_, {"--count", "1"}), faulty("no-socket"));
    EXPECT_EQ(finished.status, 1) << finished.out << finished.err;
    EXPECT_EQ(count_of(own_lines(finished.err), "could not make this client's socket in " +
                                                    prefix_.dir() + ", so no reply can reach it"),
              1)
        << finished.err;
    EXPECT_EQ(count_of(finished.out, "Attached"), 0) << finished.out;
    const Finished doctor = run(client(prefix_, {"doctor"}), faulty("no-socket"));
    EXPECT_EQ(doctor.status, 1);
    EXPECT_EQ(count_of(doctor.out, "Attaching: failed: EAL could not make this client's socket"), 1)
        << doctor.out;
}

/* For one run only, or always. Of the locks that of the first file, and of a later one: the files
 * before it are this process's own by then.
 */
TEST_F(StartFault, WhatIsTakenIsTriedAgain) {
    RunningServer server_process(prefix_);
    const std::string addresses = "the addresses of the primary's memory are taken in this process";
    const std::string files = "took its files for those of an exited one";
    const struct {
        const char *fault;
        const char *value;
        const std::string &says;
        Words options;
    } rows[] = {{"taken-memory", "", addresses, {"--wait", "--count", "1"}},
                {"taken-config", "", addresses, {"ping", "--count", "1"}},
                {"taken-lock", "1", files, {"ping", "--count", "1"}},
                {"taken-lock", "3", files, {"ping", "--count", "1"}}};
    for (const auto &row : rows) {
        SCOPED_TRACE(std::string(row.fault) + row.value);
        ProcessOptions taken = faulty(row.fault, row.value);
        const Finished again = run(client(prefix_, row.options), taken);
        EXPECT_EQ(again.status, 0) << again.out << again.err;
        EXPECT_EQ(count_of(again.out, "[Client] Trying again"), 1) << again.out;
        taken.environment.emplace_back("TAKEN_ALWAYS=1");
        const Finished refused = run(client(prefix_, row.options), taken);
        EXPECT_EQ(refused.status, 1) << refused.out << refused.err;
        EXPECT_EQ(count_of(refused.out, "[Client] Trying again"), 5) << refused.out;
        EXPECT_EQ(count_of(own_lines(refused.err), row.says), 6) << refused.err;
        EXPECT_TRUE(client_sockets(prefix_.dir()).empty());
    }
}

/* Addresses are reported as the cause only if EAL's own lines name them. */
TEST_F(StartFault, WithoutALogNothingIsBlamed) {
    RunningServer server_process(prefix_);
    const Finished unknown =
        run(with_eal(client(prefix_, {"ping", "--count", "1"}), {"--log-level=lib.eal:critical"}),
            faulty("taken-memory"));
    EXPECT_EQ(unknown.status, 1) << unknown.out << unknown.err;
    EXPECT_EQ(count_of(unknown.out, "Trying again"), 0) << unknown.out;
    EXPECT_EQ(count_of(own_lines(unknown.err), "the reason is not known: EAL has logged no error"),
              1)
        << unknown.err;
}

TEST_F(StartFault, AClientRunsAgainWithoutCloseRange) {
    RunningServer first(prefix_);
    Process waiting(client(prefix_, {"--wait", "--sync-interval", "0.1"}),
                    faulty("no-close-range"));
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
