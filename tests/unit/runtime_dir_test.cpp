/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What is found in the runtime directory and the mounts, and how it is reported.
 */
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>

#include <rte_version.h>

#include "support/eal/hugepages.h"
#include "support/eal/runtime_dir.h"
#include "tests/harness/datagram.h"
#include "tests/harness/held.h"
#include "tests/harness/temp_dir.h"

namespace mp_ipc {
namespace {

/* A runtime directory of our own making. */
class RuntimeDir : public ::testing::Test {
  protected:
    RuntimeDir() {
        setenv("RUNTIME_DIRECTORY", root_.path().c_str(), 1);
        root_.make("dpdk/p");
    }
    ~RuntimeDir() override { unsetenv("RUNTIME_DIRECTORY"); }
    const test::TempDir root_;
    const std::string dir_ = root_ / "dpdk/p";
};

TEST_F(RuntimeDir, FollowsTheEnvironmentAsEalDoes) {
    EXPECT_EQ(runtime_dir("p"), dir_);
    unsetenv("RUNTIME_DIRECTORY");
    if (getuid() == 0) {
        EXPECT_EQ(runtime_dir("rte"), "/var/run/dpdk/rte");
    }
}

/* The first fields of the configuration that a primary of this version shares. */
std::string config_of(std::uint32_t version, std::uint8_t status, std::uint32_t magic = 19820526) {
    std::string head(64, '\0');
    head.replace(0, 4, reinterpret_cast<const char *>(&magic), 4);
    head.replace(4, 4, reinterpret_cast<const char *>(&version), 4);
    head[version >= RTE_VERSION_NUM(23, 11, 0, 0) ? 40 : 36] = static_cast<char>(status);
    return head;
}

/* In a process of its own, which keeps the lock. */
bool lock_as_primary(const std::string &config) {
    static UniqueFd lock;
    lock = test::hold_write_lock(config);
    return bool(lock);
}

TEST_F(RuntimeDir, TellsALivePrimaryFromADeadOne) {
    using State = PrimaryProbe::State;
    EXPECT_EQ(probe_primary(dir_).state, State::no_files);
    EXPECT_EQ(probe_primary(runtime_dir("other")).state, State::no_files);
    const std::string config = root_.write("dpdk/p/config");
    EXPECT_EQ(probe_primary(dir_).state, State::dead);
    ASSERT_EQ(probe_prefixes().size(), 1U);
    EXPECT_FALSE(probe_prefixes()[0].lives());
    {
        const test::Held primary([&] { return lock_as_primary(config); });
        EXPECT_EQ(probe_primary(dir_).state, State::starting);
        EXPECT_EQ(probe_primary(dir_).pid, primary.pid());
        EXPECT_EQ(probe_prefixes()[0].prefix(), "p");
        EXPECT_TRUE(probe_prefixes()[0].lives());
        root_.write("dpdk/p/config", config_of(RTE_VERSION, 2));
        EXPECT_EQ(probe_primary(dir_).state, State::starting) << "this is the earlier one's";
        const test::RawSocket socket(dir_ + "/mp_socket", test::RawSocket::File::stays);
        EXPECT_EQ(probe_primary(dir_).state, State::alive);
        root_.write("dpdk/p/config", config_of(RTE_VERSION, 2, 0));
        EXPECT_EQ(probe_primary(dir_).state, State::starting) << "its init is not complete";
    }
    EXPECT_EQ(probe_primary(dir_).state, State::dead);
}

TEST_F(RuntimeDir, APrimarySaysWhyItTakesNoSecondaries) {
    const std::string config = root_.write("dpdk/p/config", config_of(RTE_VERSION, 2));
    const test::Held primary([&] { return lock_as_primary(config); });
    const test::RawSocket socket(dir_ + "/mp_socket");
    EXPECT_FALSE(probe_primary(dir_).no_secondaries);
    EXPECT_FALSE(probe_primary(dir_).other_version);
    root_.write("dpdk/p/config", config_of(RTE_VERSION, 1));
    EXPECT_TRUE(probe_primary(dir_).no_secondaries);
    constexpr std::uint32_t kOthers[] = {RTE_VERSION_NUM(22, 7, 0, 99),
                                         RTE_VERSION_NUM(99, 3, 0, 99)};
    for (const std::uint32_t version : kOthers) {
        root_.write("dpdk/p/config", config_of(version, 1));
        EXPECT_TRUE(probe_primary(dir_).other_version) << version;
        EXPECT_TRUE(probe_primary(dir_).no_secondaries) << version;
    }
}

TEST_F(RuntimeDir, NamesWhoHoldsTheFiles) {
    const std::string file = root_.write("dpdk/p/fbarray_memzone");
    EXPECT_TRUE(lock_holders(dir_).empty());
    {
        const test::Held other([&] { return flock(open(file.c_str(), O_RDWR), LOCK_SH) == 0; });
        EXPECT_EQ(holders_text(lock_holders(dir_)),
                  "pid " + std::to_string(other.pid()) + ", " + process_name(getpid()));
    }
    EXPECT_TRUE(lock_holders(dir_).empty());
}

TEST_F(RuntimeDir, ListsSocketsWithTheirPids) {
    {
        const test::RawSocket socket(dir_ + "/mp_socket_77_1f", test::RawSocket::File::stays);
        const auto sockets = client_sockets(dir_);
        ASSERT_EQ(sockets.size(), 1U);
        EXPECT_EQ(sockets[0].pid, 77);
        EXPECT_TRUE(sockets[0].live);
    }
    ASSERT_EQ(client_sockets(dir_).size(), 1U);
    EXPECT_FALSE(client_sockets(dir_)[0].live);
    EXPECT_FALSE(socket_is_live("/" + std::string(200, 'x')));
}

/* A server without free descriptors must not take live clients for exited ones: it removes the
 * sockets of those.
 */
TEST_F(RuntimeDir, ASocketThatCannotBeAskedIsTakenForLive) {
    const std::string path = dir_ + "/live";
    {
        const test::RawSocket socket(path);
        EXPECT_TRUE(socket_is_live(path));
        rlimit before = {};
        getrlimit(RLIMIT_NOFILE, &before);
        const rlimit none = {0, before.rlim_max};
        setrlimit(RLIMIT_NOFILE, &none);
        const bool without = socket_is_live(path);
        setrlimit(RLIMIT_NOFILE, &before);
        EXPECT_TRUE(without);
    }
    EXPECT_FALSE(socket_is_live(path)); /* no such file */
    EXPECT_FALSE(socket_is_live(root_.write("dpdk/p/no_socket")));
}

TEST(HugepageTrouble, NamesWhatIsMissingAndTheScript) {
    Hugepages pages;
    EXPECT_NE(hugepage_trouble(pages)->find("no hugepages are reserved: run scripts/setup.sh"),
              std::string::npos);
    pages.sizes = {{.kib = 2048, .reserved = 8, .free = 0, .usable = 0, .limited_by = ""}};
    EXPECT_NE(hugepage_trouble(pages)->find("no hugetlbfs is mounted"), std::string::npos);
    pages.mounts = {"/dev/hugepages", "/dev/hugepages-me"};
    EXPECT_EQ(*hugepage_trouble(pages),
              "--huge-dir names no hugetlbfs: give it a directory of one, such as /dev/hugepages");
    pages.taken = "/dev/hugepages";
    EXPECT_EQ(*hugepage_trouble(pages),
              "no permission to write to /dev/hugepages, where EAL takes its hugepages from: run "
              "as root, or mount one for this user: scripts/setup.sh --user NAME");
    pages.other = "/dev/hugepages-me";
    EXPECT_EQ(*hugepage_trouble(pages),
              "no permission to write to /dev/hugepages, where EAL takes its hugepages from: give "
              "it this user's own mount, --huge-dir=/dev/hugepages-me");
    pages.writable = true;
    EXPECT_NE(hugepage_trouble(pages)->find("is free for this process: 8 reserved, 0 free"),
              std::string::npos);
    pages.sizes[0].free = 4; /* a mount with size= */
    pages.sizes[0].limited_by = "/dev/hugepages-me";
    EXPECT_NE(hugepage_trouble(pages)->find(
                  "8 reserved, 4 free (0 for this process: the limit, size=, of the mount "
                  "/dev/hugepages-me)"),
              std::string::npos)
        << *hugepage_trouble(pages);
    pages.sizes[0].usable = 1;
    EXPECT_FALSE(hugepage_trouble(pages));
}

}  // namespace
}  // namespace mp_ipc
