/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a start finds before EAL's init about the server, its hugepages, and other processes that
 * use its names; and that the doctor reports the same.
 */
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>

#include <rte_version.h>

#include "support/eal/runtime_dir.h"
#include "tests/deploy/place.h"

namespace mp_ipc::test {
namespace {

class StartChecks : public Place {};

/* ---- whose hugepages --------------------------------------------------------------------------
 */

TEST_F(StartChecks, TheServersHugepagesAreNotHere) {
    RunningServer server_process(prefix_);
    const std::string file = "/dev/hugepages/" + prefix_.name() + "map_";
    for (const char *mounts :
         {"umount /dev/hugepages", "umount /dev/hugepages; mount -t hugetlbfs none /dev/hugepages",
          "umount /dev/hugepages; mount -t tmpfs none /dev/hugepages"}) {
        SCOPED_TRACE(mounts);
        expect_refused(
            {"the hugepages of the server are not visible here: there is no " + file,
             "mount the server's hugetlbfs at /dev/hugepages", "-v /dev/hugepages:/dev/hugepages"},
            mounts);
    }
    const std::string read_only =
        "mount --bind /dev/hugepages /dev/hugepages; mount -o remount,ro,bind /dev/hugepages";
    expect_refused({file, "cannot be used here: Read-only file system"}, read_only);
    /* The same names, but other files. */
    const std::string copies =
        "ls /dev/hugepages > /tmp/$$; umount /dev/hugepages; mount -t tmpfs none /dev/hugepages; "
        "(cd /dev/hugepages; xargs touch < /tmp/$$); rm /tmp/$$";
    expect_refusal(run(after(copies, client(prefix_, {"--count", "1"}))), 1,
                   {file, "is not the server's: another hugetlbfs is mounted at /dev/hugepages"});
    EXPECT_EQ(run(client(prefix_, {"ping", "--count", "1"})).status, 0);
}

/* One that has been removed would be made again, at the cost of a page. */
TEST_F(StartChecks, OneOfTheServersHugepagesIsGone) {
    RunningServer server_process(prefix_);
    const auto files = entries("/dev/hugepages", prefix_.name() + "map_");
    ASSERT_FALSE(files.empty());
    std::filesystem::remove(files.back());
    expect_refusal(run(client(prefix_, {"--count", "1"})), 1, {"there is no " + files.back()});
}

TEST_F(StartChecks, ASecondServerOnTheSameHugepagesRefuses) {
    RunningServer first(prefix_);
    const std::string own_runtime = "mount -t tmpfs run /var/run/dpdk";
    const Finished refused = run(after(own_runtime, server(prefix_, {"--leftover-wait", "0"})));
    expect_refusal(refused, 1,
                   {"/dev/hugepages/" + prefix_.name() + "map_",
                    "is in use (pid " + std::to_string(first.pid()),
                    "by a primary of this prefix with another runtime directory",
                    "choose another --file-prefix"});
    EXPECT_EQ(run(client(prefix_, {"ping", "--count", "1"})).status, 0);
}

/* Another program without these checks removes the files: clients of the first server report it. */
TEST_F(StartChecks, AnotherPrimaryHasTakenTheHugepagesAway) {
    const TempDir runtime;
    for (const bool record : {true, false}) {
        SCOPED_TRACE(record);
        Process first(record ? server(prefix_) : helper("bare-primary", prefix_));
        expect_out(first, record ? kServerReady : "ready");
        Process second(helper("bare-primary", prefix_),
                       {.environment = {"RUNTIME_DIRECTORY=" + runtime.path()}});
        expect_out(second, "ready");
        expect_refused({"is not the server's", "another primary of this prefix"});
        second.signal(SIGKILL);
        second.wait();
    }
}

/* ---- whose server -----------------------------------------------------------------------------
 */

TEST_F(StartChecks, AServerOfAnotherDpdkVersion) {
    RunningServer server_process(prefix_);
    constexpr std::uint32_t kOther = RTE_VERSION_NUM(99, 3, 1, 99);
    std::fstream config(prefix_.dir() + "/config", std::ios::in | std::ios::out | std::ios::binary);
    config.seekp(4);
    config.write(reinterpret_cast<const char *>(&kOther), sizeof(kOther));
    config.flush();
    expect_refused({"it runs another DPDK version (99.03.1; here: " + std::string(rte_version()) +
                    "): both must use the same library"});
}

TEST_F(StartChecks, AServerUnderAnotherRuntimeDirectoryIsNamed) {
    const TempDir other; /* /tmp itself would leave /tmp/dpdk behind, in the way of other users */
    RunningServer server_process(server(prefix_),
                                 {.environment = {"RUNTIME_DIRECTORY=" + other.path()}});
    const std::string there = other.path() + "/dpdk/" + prefix_.name() +
                              " has a live primary (pid " + std::to_string(server_process.pid()) +
                              ", mp_server) of user root";
    const ProcessOptions knows = {.environment = {"XDG_RUNTIME_DIR=" + other.path()}};
    expect_refusal(run(client(prefix_), knows), 3,
                   {"there is no " + prefix_.dir() + "/config", there});
    EXPECT_EQ(count_of(run(client(prefix_, {"doctor"}), knows).out, there), 1);
    expect_end(server_process);
}

TEST_F(StartChecks, AnotherUsersServerIsNamed) {
    MP_IPC_NEEDS_NOBODY();
    RunningServer server_process(prefix_);
    const TempDir own;
    std::filesystem::permissions(own.path(), std::filesystem::perms::all);
    const ProcessOptions nobody = {.environment = {"XDG_RUNTIME_DIR=" + own.path()},
                                   .uid = kNobody};
    expect_refusal(run(client(prefix_), nobody), 3,
                   {"there is no " + own.path() + "/dpdk/" + prefix_.name() + "/config",
                    "of user root: if it is there, run as that user"});
    const ProcessOptions nowhere = {.environment = {"XDG_RUNTIME_DIR=/nonexistent"},
                                    .uid = kNobody};
    expect_refusal(run(client(prefix_), nowhere), 3, {"there is no /nonexistent to look in"});
    expect_refusal(run(server(prefix_), nowhere), 1,
                   {"cannot be made: there is no /nonexistent", "XDG_RUNTIME_DIR"});
}

/* Root may attach to any user's server, but no reply reaches it. */
TEST_F(StartChecks, RootAtAUsersServer) {
    RunningServer server_process(prefix_);
    ASSERT_EQ(chown((prefix_.dir() + "/config").c_str(), kNobody, kNobody), 0);
    expect_refused({"its replies cannot reach a client of user root: run as "});
}

/* It has no ping; hello is what every server of the contract answers. */
TEST_F(StartChecks, AServerOfTheTutorialIsGood) {
    Process primary(helper("tutorial", prefix_));
    expect_out(primary, "ready");
    const Finished visit = run(client(prefix_, {"doctor", "--timeout", "0.2"}));
    EXPECT_EQ(visit.status, 0) << visit.out << visit.err;
    EXPECT_EQ(count_of(visit.out,
                       "✓ Ping: no reply within 0.200 s, but hello is answered: another "
                       "program of the tutorial's contract"),
              1)
        << visit.out;
    EXPECT_EQ(count_of(visit.out, "✓ Hugepage files: "), 1) << visit.out;
    EXPECT_EQ(run(client(prefix_, {"--count", "1"})).status, 0);
}

/* ---- one pid twice ----------------------------------------------------------------------------
 */

TEST_F(StartChecks, TwoClientsWithOnePid) {
    MP_IPC_NEEDS_NAMESPACE("--pid");
    RunningServer server_process(prefix_);
    const auto contained = [&](const Words &options) {
        return joined({"unshare", "--pid", "--fork", "--kill-child", "--mount-proc"},
                      client(prefix_, options));
    };
    Process first(contained({"--sync-interval", "0.1", "--async-interval", "0"}));
    expect_out(first, "[SYNC] Reply");
    const auto arrays = entries(prefix_.dir(), "fbarray_memseg-");
    const bool by_pid = std::any_of(arrays.begin(), arrays.end(), [](const std::string &path) {
        return path.ends_with("_1"); /* since 23.11.7, 24.11.5, 25.11.1: _1_TSC */
    });
    const Finished second = run(contained({"ping", "--count", "1"}));
    if (by_pid) {
        expect_refusal(second, 1,
                       {"another client with pid 1, in a container perhaps, holds " + prefix_.dir(),
                        "share a pid namespace"});
        expect_doctor_agrees(second, run(contained({"doctor"})));
    } else {
        EXPECT_EQ(second.status, 0) << second.err;
    }
    first.signal(SIGKILL); /* and its child */
    first.wait();
    /* The files it has left behind do not prevent another start. */
    EXPECT_TRUE(eventually([&] { return run(contained({"ping", "--count", "1"})).status == 0; }));
}

}  // namespace
}  // namespace mp_ipc::test
