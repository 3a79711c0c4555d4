/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The doctor's checks with facts of the test's own, for states that cannot be produced on every
 * machine. The rest is in tests/smoke/doctor_test.cpp.
 */
#include <gtest/gtest.h>

#include <cerrno>
#include <vector>

#include "common.h"
#include "doctor/checks.h"
#include "exercises/visit.h"
#include "support/base/message.h"
#include "support/eal/page_files.h"
#include "tests/harness/temp_dir.h"

namespace mp_ipc::test {
namespace {

using Verdict = Finding::Verdict;

bool begins(const std::string &text, const std::string &start) {
    return text.starts_with(start);
}

TEST(DoctorChecks, LibraryOfAnotherSeriesThanTheHeaders) {
    EXPECT_EQ(check_versions("22.11.11", "DPDK 22.11.11").verdict, Verdict::good);
    EXPECT_EQ(check_versions("22.11.4", "DPDK 22.11.11").verdict, Verdict::good);
    EXPECT_EQ(check_versions("26.07.0", "DPDK 26.07.0").verdict, Verdict::good);
    const Finding other = check_versions("22.11.11", "DPDK 23.11.0");
    EXPECT_EQ(other.verdict, Verdict::bad);
    EXPECT_TRUE(begins(other.text,
                       "DPDK: built with the headers of 22.11.11, but running with "
                       "the library 23.11.0: "))
        << other.text;
}

/* A machine with these hugepages, and a mount at `mount` if that is not empty. */
mp_ipc::Hugepages machine(const TempDir &root, int reserved, int free, const std::string &mount) {
    const std::string pages = "sys/kernel/mm/hugepages/hugepages-2048kB/";
    root.write(pages + "nr_hugepages", std::to_string(reserved) + "\n");
    root.write(pages + "free_hugepages", std::to_string(free) + "\n");
    root.write("proc/self/mounts",
               "proc /proc proc rw 0 0\n" +
                   (mount.empty() ? std::string() : "nodev " + mount + " hugetlbfs rw 0 0\n"));
    return look_at_hugepages({}, root.path());
}

TEST(DoctorChecks, NoHugepagesAreReserved) {
    const TempDir root;
    const Finding none = check_hugepages(machine(root, 0, 0, ""), {}, false);
    EXPECT_EQ(none.verdict, Verdict::bad);
    EXPECT_TRUE(begins(none.text, "Hugepages: none are reserved: run scripts/setup.sh"));
    const TempDir without_hugetlb;
    EXPECT_EQ(check_hugepages(look_at_hugepages({}, without_hugetlb.path()), {}, false).verdict,
              Verdict::bad);
}

TEST(DoctorChecks, AllHugepagesAreInUse) {
    const TempDir root;
    const std::string mount = root.make("huge");
    root.write("huge/oldmap_0");
    root.write("huge/oldmap_1");
    root.write("huge/livemap_0");
    const mp_ipc::Hugepages pages = machine(root, 64, 0, mount);
    const Finding used = check_hugepages(pages, {}, false);
    EXPECT_EQ(used.verdict, Verdict::bad);
    EXPECT_TRUE(
        begins(used.text, "Hugepages: 64 reserved, 0 free: none is free for this process: "))
        << used.text;
    EXPECT_EQ(page_files(pages.mounts, "old").size(), 2U);
    const Finding left = check_hugepages(pages, {"oldmap_* (2)"}, false);
    EXPECT_EQ(left.verdict, Verdict::bad);
    EXPECT_TRUE(left.text.ends_with("; left behind by servers that have ended: oldmap_* (2)"))
        << left.text;
    /* A client needs none of its own. */
    EXPECT_EQ(check_hugepages(pages, {}, true).verdict, Verdict::good);
    EXPECT_EQ(check_hugepages(machine(root, 64, 1, mount), {}, false).verdict, Verdict::good);
}

TEST(DoctorChecks, NoHugetlbfsIsMounted) {
    const TempDir root;
    const Finding none = check_hugepage_mount(machine(root, 64, 64, ""), {}, false);
    EXPECT_EQ(none.verdict, Verdict::bad);
    EXPECT_TRUE(begins(none.text, "Hugepage mount: no hugetlbfs is mounted: ")) << none.text;
    const std::string mount = root.make("huge");
    EXPECT_EQ(check_hugepage_mount(machine(root, 64, 64, mount), {}, false).verdict, Verdict::good);
    for (const std::string &dir : {mount + "/", root.make("huge/below")})
        EXPECT_EQ(check_hugepage_mount(look_at_hugepages(dir, root.path()), dir, false).text,
                  "Hugepage mount: " + dir + ", writable");
    for (const std::string &dir : {root.path(), root.make("huge2")})
        EXPECT_EQ(check_hugepage_mount(look_at_hugepages(dir, root.path()), dir, false).text,
                  "Hugepage mount: --huge-dir " + dir + " is no hugetlbfs; there is " + mount);
}

TEST(DoctorChecks, TheMountIsNotWritable) {
    const TempDir root;
    const Finding other =
        check_hugepage_mount(machine(root, 64, 64, root.path() + "/nowhere"), {}, false);
    EXPECT_EQ(other.verdict, Verdict::bad);
    EXPECT_NE(other.text.find("/nowhere is not writable for this user: run as root, or "),
              std::string::npos)
        << other.text;
}

/* EAL uses --huge-dir, or the first mount of each page size, even if another one is writable. */
TEST(DoctorChecks, AnotherMountIsWritable) {
    const TempDir root;
    const std::string own = root.make("own");
    const std::string nowhere = root.path() + "/nowhere";
    const auto mounts = [&](const std::string &first, const std::string &second) {
        root.write("proc/self/mounts",
                   "nodev " + nowhere + " hugetlbfs rw,relatime,pagesize=" + first + " 0 0\n" +
                       "nodev " + own + " hugetlbfs rw,relatime,pagesize=" + second + " 0 0\n");
    };
    mounts("2M", "2M,size=64M");
    const mp_ipc::Hugepages pages = look_at_hugepages({}, root.path());
    EXPECT_EQ(pages.mounts, (std::vector<std::string>{nowhere, own}));
    EXPECT_EQ(check_hugepage_mount(pages, {}, false).verdict, Verdict::bad);
    EXPECT_EQ(check_hugepage_mount(pages, {}, false).text,
              "Hugepage mount: " + nowhere + " is not writable for this user, but " + own +
                  " is: give mp_server --huge-dir=" + own);
    EXPECT_EQ(check_hugepage_mount(pages, {}, true).text, "Hugepage mount: " + own + ", writable");
    EXPECT_EQ(check_hugepage_mount(look_at_hugepages(own, root.path()), own, false).text,
              "Hugepage mount: " + own + ", writable");
    EXPECT_EQ(check_hugepage_mount(look_at_hugepages(nowhere, root.path()), nowhere, false).verdict,
              Verdict::bad);
    mounts("1024M", "2M");
    EXPECT_EQ(check_hugepage_mount(look_at_hugepages({}, root.path()), {}, false).text,
              "Hugepage mount: " + own + ", writable");
}

TEST(DoctorChecks, OneCoreIsNotEnough) {
    EalArgs args;
    args.lcores = "1";
    const Finding finding = check_cores(args, {0}, false, {});
    EXPECT_EQ(finding.verdict, Finding::Verdict::bad);
    EXPECT_NE(finding.text.find("only 0 is available to this process"), std::string::npos)
        << finding.text;
    /* A cpuset for each. */
    args.lcores = "0";
    const ProcessFacts server{.seen = true, .cores = {1}};
    EXPECT_EQ(check_cores(args, {0}, true, server).text, "Cores: -l 0, the server's: 1");
    /* In another pid namespace. */
    EXPECT_EQ(check_cores(args, {0}, true, {}).verdict, Verdict::good);
}

TEST(DoctorChecks, Cores) {
    const std::vector<int> two = {0, 1};
    EalArgs args;
    EXPECT_EQ(check_cores(args, two, false, {}).verdict, Verdict::unknown); /* no -l, no server */
    args.lcores = "1";
    EXPECT_EQ(check_cores(args, two, false, {}).verdict, Verdict::good);
    const ProcessFacts server{.seen = true, .cores = {0, 1}};
    const Finding all = check_cores(args, two, true, server);
    EXPECT_EQ(all.verdict, Verdict::bad);
    EXPECT_EQ(all.text,
              "Cores: the server has all of them (0, 1): start it with fewer, such as "
              "-l 0, and mp_client with -l 1");
    args.eal = {"mp_client", "-c3"};
    EXPECT_EQ(check_cores(args, two, true, server).verdict, Verdict::unknown);
}

TEST(DoctorChecks, AServerThatCannotBeSeen) {
    const TempDir proc;
    EXPECT_FALSE(look_at_process(5, proc.path()).seen);
    EXPECT_EQ(check_ipc_thread(look_at_process(5, proc.path()), 5).verdict, Verdict::unknown);
}

/* Stopped, frozen, its queue full, its thread ended: one line each, with the cause. */
TEST(DoctorChecks, AServerThatDoesNotReadIsReportedWithItsCause) {
    const TempDir proc;
    proc.write("5/task/5/status", "Name:\tmp_server\nState:\tS (sleeping)\n");
    proc.write("5/task/6/status", "Name:\trte_mp_handle\nState:\tS (sleeping)\n");
    proc.write("5/cgroup", "4:freezer:/box\n0::/pod/box\n");
    const auto look = [&] { return look_at_process(5, proc.path(), proc / "cgroups"); };
    const auto text = [&](const ProcessFacts &facts, bool has_room) {
        const Finding finding = check_ipc_thread(facts, 5, has_room);
        EXPECT_EQ(finding.verdict, Verdict::bad) << finding.text;
        return finding.text;
    };
    EXPECT_EQ(check_ipc_thread(look(), 5).verdict, Verdict::good) << "no cgroup is to be seen";
    EXPECT_NE(text(look(), false).find("its queue is full"), std::string::npos);
    ProcessFacts stopped = look();
    stopped.state = 'T';
    EXPECT_NE(text(stopped, false).find("kill -CONT 5"), std::string::npos);
    ProcessFacts gone = look();
    gone.ipc_thread = false;
    EXPECT_NE(text(gone, false).find("is gone"), std::string::npos);
    ProcessFacts elsewhere; /* in another pid namespace */
    EXPECT_NE(text(elsewhere, false).find("its queue is full"), std::string::npos);

    proc.write("cgroups/freezer/box/freezer.state", "THAWED\n");
    proc.write("cgroups/pod/box/cgroup.events", "populated 1\nfrozen 0\n");
    EXPECT_EQ(look().frozen_by, "");
    proc.write("cgroups/pod/box/cgroup.events", "populated 1\nfrozen 1\n");
    EXPECT_EQ(look().frozen_by, "/pod/box") << "version 2";
    proc.write("cgroups/freezer/box/freezer.state", "FROZEN\n");
    EXPECT_NE(text(look(), true).find("is frozen by its cgroup /box"), std::string::npos);
}

TEST(DoctorChecks, ThreadsOfBothNamings) {
    const TempDir proc;
    const auto thread = [&](int tid, const std::string &name, const std::string &cores) {
        proc.write(
            "5/task/" + std::to_string(tid) + "/status",
            "Name:\t" + name + "\nState:\tS (sleeping)\nCpus_allowed_list:\t" + cores + "\n");
    };
    thread(5, "mp_server", "2");
    thread(6, "rte-worker-3", "3");
    thread(7, "rte_mp_handle", "0-1,4-7");
    ProcessFacts facts = look_at_process(5, proc.path());
    EXPECT_TRUE(facts.seen && facts.ipc_thread);
    EXPECT_EQ(facts.state, 'S');
    EXPECT_EQ(facts.cores, (std::vector<int>{2, 3}));
    EXPECT_EQ(check_ipc_thread(facts, 5).text,
              "IPC thread: the server's is running, on core 0-1,4-7");
    thread(6, "dpdk-worker4", "4-5");
    thread(7, "dpdk-mp-msg", "0-1");
    facts = look_at_process(5, proc.path());
    EXPECT_TRUE(facts.ipc_thread);
    EXPECT_EQ(facts.cores, (std::vector<int>{2, 4, 5}));
}

TEST(DoctorChecks, AThreadNeedNotHaveAName) {
    const TempDir proc;
    proc.write("5/task/5/status", "Name:\t\nState:\tS (sleeping)\nCpus_allowed_list:\t\n");
    const ProcessFacts facts = look_at_process(5, proc.path());
    EXPECT_TRUE(facts.seen);
    EXPECT_FALSE(facts.ipc_thread);
    EXPECT_TRUE(facts.cores.empty());
    /* A thread that cannot be read may be the IPC thread: the check is left out. */
    proc.make("5/task/6");
    EXPECT_EQ(check_ipc_thread(look_at_process(5, proc.path()), 5).verdict, Verdict::unknown);
}

TEST(DoctorChecks, APrefixThatCannotBeLookedAt) {
    const PrimaryProbe own = {
        .state = PrimaryProbe::State::unknown, .error = EMFILE, .dir = "/run/dpdk/p"};
    const Finding finding = check_prefix("p", own, {}, {});
    EXPECT_EQ(finding.verdict, Verdict::unknown);
    EXPECT_EQ(finding.text,
              "Prefix 'p': not checked: cannot look at /run/dpdk/p/config: Too many open files");
}

TEST(DoctorChecks, Aslr) {
    EXPECT_EQ(check_aslr(std::nullopt, Attach::done).verdict, Verdict::unknown);
    EXPECT_EQ(check_aslr(0, Attach::failed).verdict, Verdict::good);
    EXPECT_EQ(check_aslr(2, Attach::not_tried).verdict, Verdict::unknown);
    EXPECT_EQ(check_aslr(2, Attach::done).verdict, Verdict::good);
    EXPECT_EQ(check_aslr(2, Attach::failed).verdict, Verdict::bad);
}

TEST(DoctorChecks, Zone) {
    EXPECT_TRUE(begins(check_zone(nullptr).text, "Memzone shared_info: not there: "));
    SharedInfo shared;
    shared.boot_id = 7;
    rte_memzone zone = {};
    zone.addr = &shared;
    zone.len = sizeof(SharedInfo);
    const std::string line = std::to_string(RTE_CACHE_LINE_SIZE);
    EXPECT_EQ(check_zone(&zone).text, "Memzone shared_info: " + line + " bytes, boot id 7");
    zone.len = 4 * sizeof(SharedInfo); /* EAL rounds up, and a server may have more there */
    EXPECT_EQ(check_zone(&zone).verdict, Verdict::good);
    zone.len = sizeof(SharedInfo) - 1;
    EXPECT_EQ(check_zone(&zone).verdict, Verdict::bad);
    EXPECT_TRUE(begins(check_zone(&zone).text, "Memzone shared_info: " + std::to_string(zone.len) +
                                                   " bytes, and " + line + " are needed: "));
    zone.len = sizeof(SharedInfo);
    shared.force_quit = 1;
    EXPECT_EQ(check_zone(&zone).verdict, Verdict::bad);
    shared.force_quit = 0;
    shared.boot_id = 0;
    EXPECT_EQ(check_zone(&zone).verdict, Verdict::good);
    EXPECT_NE(check_zone(&zone).text.find("another implementation of the server"),
              std::string::npos);
}

TEST(DoctorChecks, AServerWithoutTheExercisesIsAccepted) {
    PingFacts ping{.trouble = "timed out", .time_ms = 0, .timeout_s = 5, .timed_out = true};
    EXPECT_EQ(check_ping(ping).verdict, Verdict::bad);
    ping.hello = true;
    EXPECT_EQ(check_ping(ping).verdict, Verdict::good);
    EXPECT_TRUE(begins(check_ping(ping).text,
                       "Ping: no reply within 5.000 s, but hello is answered: another program of "
                       "the tutorial's contract"));
}

TEST(DoctorChecks, AnInvalidAnswer) {
    PingFacts ping;
    ping.trouble = status_text(Status::bad_version);
    const Finding finding = check_ping(ping);
    EXPECT_EQ(finding.verdict, Verdict::bad);
    EXPECT_TRUE(begins(finding.text, "Ping: no good reply: the struct has another version: "));
}

}  // namespace
}  // namespace mp_ipc::test
