/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Programs with EAL alone (MP_IPC_STATIC_EAL) beside programs with all of DPDK's libraries. A build
 * with that option has both kinds.
 */
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>

#include "support/eal/linkage.h"
#include "tests/harness/pair.h"
#include "tests/harness/temp_dir.h"

namespace mp_ipc::test {
namespace {

TEST(Linkage, IsNotedForThoseWhoAttach) {
    const TempDir dir;
    EXPECT_EQ(linkage_trouble(dir.path(), false), "");
    note_linkage(dir.path(), true);
    EXPECT_TRUE(has(linkage_trouble(dir.path(), false), "linked with EAL alone"));
    EXPECT_EQ(linkage_trouble(dir.path(), true), "");
    note_linkage(dir.path(), false); /* the next primary of this prefix */
    EXPECT_EQ(linkage_trouble(dir.path(), false), "");
}

#ifdef MP_SERVER_SHARED

class MixedPair : public Hugepages {};

/* What a server prints on stderr in its start: how EAL learns the TSC's frequency. */
std::string start_of(const Words &argv, bool steady = true) {
    ProcessOptions options = preload(UNSTEADY_CLOCK);
    if (!steady)
        options.environment.emplace_back("UNSTEADY_CLOCK=1");
    RunningServer server_process(with_eal(argv, {"--log-level=lib.eal:debug"}), options);
    expect_end(server_process);
    return server_process.err();
}

double tsc_khz(const std::string &err) {
    const std::string line = "TSC frequency is ~";
    const std::size_t at = err.find(line);
    return at == std::string::npos ? 0 : std::atof(err.c_str() + at + line.size());
}

constexpr const char *kSleep = "slept for 100 ms";

TEST_F(MixedPair, TheServerWithEalAloneLearnsTheSameTscFrequencyWithoutTheSleep) {
    const std::string alone = start_of(server(prefix_));
    const std::string all = start_of(with_program(MP_SERVER_SHARED, server(prefix_)));
    EXPECT_FALSE(has(alone, kSleep));
    ASSERT_GT(tsc_khz(all), 0) << all;
    /* Half of the 10 MHz to which EAL rounds before 24.11, and a thousandth. */
    EXPECT_NEAR(tsc_khz(alone), tsc_khz(all), 5000 + tsc_khz(all) / 1000);
}

TEST_F(MixedPair, WhereTheClocksDisagreeTheServerWithEalAloneSleepsAsEalDoes) {
    const std::string alone = start_of(server(prefix_), false);
    const std::string all = start_of(with_program(MP_SERVER_SHARED, server(prefix_)));
    EXPECT_EQ(bool(has(alone, kSleep)), bool(has(all, kSleep))) << alone;
}

TEST_F(MixedPair, AClientWithAllLibrariesIsRefusedByNameOfTheCause) {
    RunningServer server_process(prefix_);
    const Finished refused =
        run(with_program(MP_CLIENT_SHARED, client(prefix_, {"ping", "--count", "1"})));
    EXPECT_EQ(refused.status, 1);
    EXPECT_EQ(refused.out, "");
    EXPECT_EQ(
        refused.err,
        "mp_client: error: Server: the primary was linked with EAL alone (MP_IPC_STATIC_EAL), and "
        "this mp_client with all of DPDK's shared libraries, which the primary would need "
        "too: use two programs of one build\n");
    const Finished doctor = run(with_program(MP_CLIENT_SHARED, client(prefix_, {"doctor"})));
    EXPECT_TRUE(has(doctor.out, "✗ Server: the primary was linked with EAL alone")) << doctor.out;
    EXPECT_EQ(run(client(prefix_, {"ping", "--count", "1"})).status, 0) << "the server goes on";
}

TEST_F(MixedPair, AClientWithEalAloneTalksToAServerWithAllLibraries) {
    RunningServer server_process(with_program(MP_SERVER_SHARED, server(prefix_, {"--broadcast"})));
    const Finished hello = run(client(prefix_, {"--count", "1"}));
    EXPECT_EQ(hello.status, 0) << hello.out << hello.err;
    EXPECT_EQ(run(client(prefix_, {"report"})).status, 0);
    expect_end(server_process);
}

TEST_F(MixedPair, ANextServerWithAllLibrariesTakesTheNoteAway) {
    RunningServer first(prefix_);
    first.signal(SIGKILL);
    first.wait();
    RunningServer second(with_program(MP_SERVER_SHARED, server(prefix_)));
    EXPECT_EQ(run(with_program(MP_CLIENT_SHARED, client(prefix_, {"ping", "--count", "1"}))).status,
              0);
}

TEST_F(MixedPair, AnotherProgramOfDpdkCannotAttach) {
    MP_IPC_NEEDS_PROGRAM("dpdk-proc-info", "dpdk-dev");
    RunningServer server_process(prefix_);
    const Finished refused =
        run({"dpdk-proc-info", "--no-pci", "--file-prefix=" + prefix_.name(), "--", "-m"});
    EXPECT_NE(refused.status, 0);
    EXPECT_TRUE(has(refused.out + refused.err, "Cannot initialize tailq")) << refused.err;
    EXPECT_EQ(run(client(prefix_, {"ping", "--count", "1"})).status, 0) << "the server goes on";
}

#endif

}  // namespace
}  // namespace mp_ipc::test
