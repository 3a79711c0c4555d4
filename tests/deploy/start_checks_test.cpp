/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a start finds before EAL's init about the server, its hugepages, and other processes that
 * use its names; and that the doctor reports the same.
 */
#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include <rte_version.h>

#include "support/eal/runtime_dir.h"
#include "tests/deploy/place.h"

namespace mp_ipc::test {
namespace {

class StartChecks : public Hugepages {
  protected:
    void SetUp() override {
        Hugepages::SetUp();
        MP_IPC_NEEDS_NAMESPACE("--mount");
    }
};

/* ---- whose hugepages --------------------------------------------------------------------------
 */

TEST_F(StartChecks, TheServersHugepagesAreNotHere) {
    const Prefix prefix;
    RunningServer server_process(prefix);
    const std::string file = "/dev/hugepages/" + prefix.name() + "map_";
    for (const char *mounts :
         {"umount /dev/hugepages", "umount /dev/hugepages; mount -t hugetlbfs none /dev/hugepages",
          "umount /dev/hugepages; mount -t tmpfs none /dev/hugepages"}) {
        SCOPED_TRACE(mounts);
        const Finished refused = run(after_mounting(mounts, client(prefix, {"--count", "1"})));
        expect_refusal(
            refused, 1,
            {"the hugepages of the server are not visible here: there is no " + file,
             "mount the server's hugetlbfs at /dev/hugepages", "-v /dev/hugepages:/dev/hugepages"});
        expect_doctor_agrees(refused, run(after_mounting(mounts, client(prefix, {"doctor"}))));
    }
    const std::string read_only =
        "mount --bind /dev/hugepages /dev/hugepages; mount -o remount,ro,bind /dev/hugepages";
    const Finished refused = run(after_mounting(read_only, client(prefix, {"--count", "1"})));
    expect_refusal(refused, 1, {file, "cannot be used here: Read-only file system"});
    expect_doctor_agrees(refused, run(after_mounting(read_only, client(prefix, {"doctor"}))));
    /* The same names, but other files. */
    const std::string copies =
        "ls /dev/hugepages > /tmp/$$; umount /dev/hugepages; mount -t tmpfs none /dev/hugepages; "
        "(cd /dev/hugepages; xargs touch < /tmp/$$); rm /tmp/$$";
    expect_refusal(run(after_mounting(copies, client(prefix, {"--count", "1"}))), 1,
                   {file, "is not the server's: another hugetlbfs is mounted at /dev/hugepages"});
    EXPECT_EQ(run(client(prefix, {"ping", "--count", "1"})).status, 0);
}

/* One that has been removed would be made again, at the cost of a page. */
TEST_F(StartChecks, OneOfTheServersHugepagesIsGone) {
    const Prefix prefix;
    RunningServer server_process(prefix);
    const auto files = entries("/dev/hugepages", prefix.name() + "map_");
    ASSERT_FALSE(files.empty());
    std::filesystem::remove(files.back());
    expect_refusal(run(client(prefix, {"--count", "1"})), 1, {"there is no " + files.back()});
}

TEST_F(StartChecks, ASecondServerOnTheSameHugepagesRefuses) {
    const Prefix prefix;
    RunningServer first(prefix);
    const std::string own_runtime = "mount -t tmpfs run /var/run/dpdk";
    const Finished refused =
        run(after_mounting(own_runtime, server(prefix, {"--leftover-wait", "0"})));
    expect_refusal(refused, 1,
                   {"/dev/hugepages/" + prefix.name() + "map_",
                    "is in use (pid " + std::to_string(first.pid()),
                    "by a primary of this prefix with another runtime directory",
                    "choose another --file-prefix"});
    EXPECT_EQ(run(client(prefix, {"ping", "--count", "1"})).status, 0);
}

/* Another program without these checks removes the files: clients of the first server report it. */
TEST_F(StartChecks, AnotherPrimaryHasTakenTheHugepagesAway) {
    const Prefix prefix;
    const TempDir runtime;
    for (const bool record : {true, false}) {
        SCOPED_TRACE(record);
        Process first(record ? server(prefix) : helper("bare-primary", prefix));
        ASSERT_TRUE(first.wait_for_out(record ? kServerReady : "ready"));
        Process second(helper("bare-primary", prefix),
                       {.environment = {"RUNTIME_DIRECTORY=" + runtime.path()}});
        ASSERT_TRUE(second.wait_for_out("ready")) << second.describe();
        const Finished refused = run(client(prefix, {"--count", "1"}));
        expect_refusal(refused, 1, {"is not the server's", "another primary of this prefix"});
        expect_doctor_agrees(refused, run(client(prefix, {"doctor"})));
        second.signal(SIGKILL);
        second.wait();
    }
}

/* ---- whose server -----------------------------------------------------------------------------
 */

TEST_F(StartChecks, AServerOfAnotherDpdkVersion) {
    const Prefix prefix;
    RunningServer server_process(prefix);
    constexpr std::uint32_t kOther = RTE_VERSION_NUM(99, 3, 1, 99);
    std::fstream config(prefix.dir() + "/config", std::ios::in | std::ios::out | std::ios::binary);
    config.seekp(4);
    config.write(reinterpret_cast<const char *>(&kOther), sizeof(kOther));
    config.flush();
    const Finished refused = run(client(prefix, {"--count", "1"}));
    expect_refusal(refused, 1,
                   {"it runs another DPDK version (99.03.1; here: " + std::string(rte_version()) +
                    "): both must use the same library"});
    expect_doctor_agrees(refused, run(client(prefix, {"doctor"})));
}

TEST_F(StartChecks, AServerUnderAnotherRuntimeDirectoryIsNamed) {
    const Prefix prefix;
    const TempDir other; /* /tmp itself would leave /tmp/dpdk behind, in the way of other users */
    RunningServer server_process(server(prefix),
                                 {.environment = {"RUNTIME_DIRECTORY=" + other.path()}});
    const std::string there = other.path() + "/dpdk/" + prefix.name() +
                              " has a live primary (pid " + std::to_string(server_process.pid()) +
                              ", mp_server) of user root";
    const ProcessOptions knows = {.environment = {"XDG_RUNTIME_DIR=" + other.path()}};
    expect_refusal(run(client(prefix), knows), 3,
                   {"there is no " + prefix.dir() + "/config", there});
    EXPECT_EQ(count_of(run(client(prefix, {"doctor"}), knows).out, there), 1);
    server_process.signal(SIGINT);
    EXPECT_EQ(server_process.wait(), 0);
}

TEST_F(StartChecks, AnotherUsersServerIsNamed) {
    MP_IPC_NEEDS_NOBODY();
    const Prefix prefix;
    RunningServer server_process(prefix);
    const TempDir own;
    std::filesystem::permissions(own.path(), std::filesystem::perms::all);
    const ProcessOptions nobody = {.environment = {"XDG_RUNTIME_DIR=" + own.path()},
                                   .uid = kNobody};
    expect_refusal(run(client(prefix), nobody), 3,
                   {"there is no " + own.path() + "/dpdk/" + prefix.name() + "/config",
                    "of user root: if it is there, run as that user"});
    const ProcessOptions nowhere = {.environment = {"XDG_RUNTIME_DIR=/nonexistent"},
                                    .uid = kNobody};
    expect_refusal(run(client(prefix), nowhere), 3, {"there is no /nonexistent to look in"});
    expect_refusal(run(server(prefix), nowhere), 1,
                   {"cannot be made: there is no /nonexistent", "XDG_RUNTIME_DIR"});
}

/* Root may attach to any user's server, but no reply reaches it. */
TEST_F(StartChecks, RootAtAUsersServer) {
    const Prefix prefix;
    RunningServer server_process(prefix);
    ASSERT_EQ(chown((prefix.dir() + "/config").c_str(), kNobody, kNobody), 0);
    const Finished refused = run(client(prefix, {"--count", "1"}));
    expect_refusal(refused, 1, {"its replies cannot reach a client of user root: run as "});
    expect_doctor_agrees(refused, run(client(prefix, {"doctor"})));
}

/* It has no ping; hello is what every server of the contract answers. */
TEST_F(StartChecks, AServerOfTheTutorialIsGood) {
    const Prefix prefix;
    Process primary(helper("tutorial", prefix));
    ASSERT_TRUE(primary.wait_for_out("ready")) << primary.describe();
    const Finished visit = run(client(prefix, {"doctor", "--timeout", "0.2"}));
    EXPECT_EQ(visit.status, 0) << visit.out << visit.err;
    EXPECT_EQ(count_of(visit.out,
                       "✓ Ping: no reply within 0.200 s, but hello is answered: another "
                       "program of the tutorial's contract"),
              1)
        << visit.out;
    EXPECT_EQ(count_of(visit.out, "✓ Hugepage files: "), 1) << visit.out;
    EXPECT_EQ(run(client(prefix, {"--count", "1"})).status, 0);
}

/* ---- one pid twice ----------------------------------------------------------------------------
 */

TEST_F(StartChecks, TwoClientsWithOnePid) {
    MP_IPC_NEEDS_NAMESPACE("--pid");
    const Prefix prefix;
    RunningServer server_process(prefix);
    const auto contained = [&](const Words &options) {
        Words words = {"unshare", "--pid", "--fork", "--kill-child", "--mount-proc"};
        const Words argv = client(prefix, options);
        words.insert(words.end(), argv.begin(), argv.end());
        return words;
    };
    Process first(contained({"--sync-interval", "0.1", "--async-interval", "0"}));
    ASSERT_TRUE(first.wait_for_out("[SYNC] Reply")) << first.describe();
    const auto arrays = entries(prefix.dir(), "fbarray_memseg-");
    const bool by_pid = std::any_of(arrays.begin(), arrays.end(), [](const std::string &path) {
        return path.ends_with("_1"); /* since 23.11.7, 24.11.5, 25.11.1: _1_TSC */
    });
    const Finished second = run(contained({"ping", "--count", "1"}));
    if (by_pid) {
        expect_refusal(second, 1,
                       {"another client with pid 1, in a container perhaps, holds " + prefix.dir(),
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
