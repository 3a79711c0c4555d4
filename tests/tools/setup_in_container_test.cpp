/* SPDX-License-Identifier: BSD-3-Clause
 *
 * scripts/setup.sh where it may change nothing: as in a container without CAP_SYS_ADMIN, /sys and
 * /proc/sys read-only, no hugetlbfs. It ends with one line that says what the host must provide.
 */
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/harness/pair.h"

namespace mp_ipc::test {
namespace {

class SetUpInContainer : public Hugepages {
  protected:
    void SetUp() override {
        Hugepages::SetUp();
        MP_IPC_NEEDS_NAMESPACE("--mount");
    }
    static Finished set_up(const std::string &pages) {
        return run({"unshare", "--mount", "sh", "-c",
                    "umount -a -t hugetlbfs; "
                    "for d in /sys /proc/sys; do"
                    " mount --bind $d $d && mount -o remount,bind,ro $d || exit 99; done; "
                    "exec setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin " +
                        std::string(MP_IPC_SOURCE_DIR) + "/scripts/setup.sh --hugepages " + pages});
    }
    static void expect_one_line(const Finished &finished, const Words &parts) {
        EXPECT_EQ(finished.status, 1) << finished.out << finished.err;
        EXPECT_EQ(std::count(finished.err.begin(), finished.err.end(), '\n'), 1) << finished.err;
        for (const std::string &part : parts)
            EXPECT_EQ(count_of(finished.err, part), 1) << part << " in:\n" << finished.err;
    }
};

TEST_F(SetUpInContainer, SaysThatTheHostMustReservePages) {
    expect_one_line(set_up("1000000"), {"cannot reserve hugepages: ", "is read-only",
                                        "the host must have 1000000 free hugepages of 2 MiB",
                                        "--volume /dev/hugepages:/dev/hugepages"});
}

TEST_F(SetUpInContainer, SaysThatTheHostMustPassInItsMount) {
    expect_one_line(set_up("1"), {"cannot mount hugetlbfs on /dev/hugepages (",
                                  "the host must have 1 free hugepages of 2 MiB",
                                  "--volume /dev/hugepages:/dev/hugepages"});
}

}  // namespace
}  // namespace mp_ipc::test
