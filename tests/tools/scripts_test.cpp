/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The scripts on machines with other mounts: each in a mount namespace of its own, so that the
 * machine's mounts and hugepages do not change.
 */
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "tests/harness/pair.h"
#include "tests/harness/temp_dir.h"

namespace mp_ipc::test {
namespace {

class Scripts : public Hugepages {
  protected:
    void SetUp() override {
        Hugepages::SetUp();
        MP_IPC_NEEDS_NAMESPACE("--mount");
    }
    /* Runs bash commands with the script folder in $scripts, a folder of the test in $work, and an
     * empty /run, without what setup.sh has recorded on this machine. */
    Finished in_namespace(const std::string &commands) const {
        return run({"unshare", "--mount", "bash", "-euc",
                    "refuse() { if \"$@\"; then exit 9; fi; }; mount -t tmpfs none /run; "
                    "scripts=" MP_IPC_SOURCE_DIR "/scripts; work=" +
                        work_.path() + "; " + commands});
    }

  private:
    TempDir work_;
};

TEST_F(Scripts, UndoPassesOverAMountThatIsGone) {
    const Finished undone = in_namespace(
        "echo 'mounted /dev/hugepages-gone' >/run/mp_ipc_setup; $scripts/setup.sh --undo; "
        "test ! -e /run/mp_ipc_setup; $scripts/setup.sh --undo");
    EXPECT_EQ(undone.status, 0) << undone.out << undone.err;
    EXPECT_EQ(undone.out, "Not mounted any more: /dev/hugepages-gone\nNothing to undo\n");
}

TEST_F(Scripts, UndoTakesOneMountAndKeepsTheRecordOfOneInUse) {
    const Finished undone = in_namespace(
        "mkdir $work/free $work/used; for d in free used; do "
        "mount -t hugetlbfs -o pagesize=2M none $work/$d; "
        "echo \"mounted $work/$d\" >>/run/mp_ipc_setup; done; cd $work/used; "
        "refuse $scripts/setup.sh --undo; refuse mountpoint -q $work/free; "
        "cd /; $scripts/setup.sh --undo; refuse mountpoint -q $work/used; test ! -e "
        "/run/mp_ipc_setup");
    EXPECT_EQ(undone.status, 0) << undone.out << undone.err;
}

TEST_F(Scripts, SetupMountsPagesOf2MiBBesideOnesOf1GiB) {
    MP_IPC_NEEDS(std::filesystem::exists("/sys/kernel/mm/hugepages/hugepages-1048576kB"),
                 "a kernel with hugepages of 1 GiB");
    const Finished made = in_namespace(
        /* A /dev of its own: another run of this test makes and removes the same directory. */
        "umount -a -t hugetlbfs; mkdir $work/dev; mount -t tmpfs none $work/dev; "
        "mknod -m 666 $work/dev/null c 1 3; ln -s /proc/self/fd $work/dev/fd; "
        "mkdir $work/dev/hugepages; mount --bind $work/dev /dev; "
        "mount -t hugetlbfs -o pagesize=1G none /dev/hugepages; "
        "$scripts/setup.sh --hugepages 0; grep hugetlbfs /proc/mounts; cat /run/mp_ipc_setup; "
        "$scripts/setup.sh --hugepages 0; $scripts/setup.sh --undo");
    EXPECT_EQ(made.status, 0) << made.out << made.err;
    EXPECT_EQ(count_of(made.out, "Mounted hugetlbfs on /dev/hugepages-2M"), 1) << made.out;
    EXPECT_EQ(count_of(made.out, "pagesize=2M"), 1) << made.out;
    EXPECT_EQ(count_of(made.out, "\nmounted /dev/hugepages-2M"), 1) << made.out;
}

TEST_F(Scripts, WhatAPrefixLeavesIsRemovedWhereItLies) {
    const Finished removed = in_namespace(
        "umount -a -t hugetlbfs; mkdir \"$work/huge pages\"; "
        "mount -t hugetlbfs -o pagesize=2M none \"$work/huge pages\"; "
        "touch \"$work/huge pages/p1map_0\" \"$work/huge pages/p10map_0\"; "
        "mkdir -p /run/dpdk/p1 /run/dpdk/p10; source $scripts/lib.sh; RUNTIME_DIRECTORY=/run; "
        "remove_prefix_files p1; ls \"$work/huge pages\" /run/dpdk");
    EXPECT_EQ(removed.status, 0) << removed.out << removed.err;
    EXPECT_EQ(count_of(removed.out, "p10"), 2) << removed.out;
    EXPECT_EQ(count_of(removed.out, "p1map_0"), 0) << removed.out;
}

TEST_F(Scripts, CoresAreThoseOfTheCpuset) {
    const Finished cores = in_namespace(
        "source $scripts/lib.sh; echo $(cores_of 4-6,9,12-13); "
        "taskset -c " +
        last_core() +
        " bash -c \"source $scripts/lib.sh; echo \\$first_core \\$last_core; "
        "need_two_cores\" || echo refused");
    EXPECT_EQ(cores.out, "4 5 6 9 12 13\n" + last_core() + " " + last_core() + "\nrefused\n")
        << cores.err;
}

/* setup.sh where it may change nothing: as in a container without CAP_SYS_ADMIN, /sys and /proc/sys
 * read-only, no hugetlbfs. It ends with one line that says what the host must provide.
 */
class SetUpInContainer : public Scripts {
  protected:
    Finished set_up(const std::string &pages) const {
        return in_namespace(
            "umount -a -t hugetlbfs; for d in /sys /proc/sys; do"
            " mount --bind $d $d; mount -o remount,bind,ro $d; done; "
            "exec setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin "
            "$scripts/setup.sh --hugepages " +
            pages);
    }
};

TEST_F(SetUpInContainer, SaysThatTheHostMustReservePages) {
    expect_refusal(set_up("1000000"), 1,
                   {"cannot reserve hugepages: ", "is read-only",
                    "the host must have 1000000 free hugepages of 2 MiB",
                    "--volume /dev/hugepages:/dev/hugepages"});
}

TEST_F(SetUpInContainer, SaysThatTheHostMustPassInItsMount) {
    expect_refusal(
        set_up("1"), 1,
        {"cannot mount hugetlbfs on /dev/hugepages (",
         "the host must have 1 free hugepages of 2 MiB", "--volume /dev/hugepages:/dev/hugepages"});
}

}  // namespace
}  // namespace mp_ipc::test
