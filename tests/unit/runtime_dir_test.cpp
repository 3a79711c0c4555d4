/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the runtime directory and the mounts tell, and what is said of them.
 */
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "support/base/unique_fd.h"
#include "support/eal/hugepages.h"
#include "support/eal/runtime_dir.h"

namespace mp_ipc {
namespace {

/* A runtime directory of our own making. */
class RuntimeDir : public ::testing::Test {
  protected:
    void SetUp() override {
        char path[] = "/tmp/mp_ipc_test_XXXXXX";
        root_ = mkdtemp(path);
        setenv("RUNTIME_DIRECTORY", root_.c_str(), 1);
        std::filesystem::create_directories(runtime_dir("p"));
    }
    void TearDown() override {
        unsetenv("RUNTIME_DIRECTORY");
        std::filesystem::remove_all(root_);
    }
    std::string root_;
};

TEST_F(RuntimeDir, FollowsTheEnvironmentAsEalDoes) {
    EXPECT_EQ(runtime_dir("p"), root_ + "/dpdk/p");
    unsetenv("RUNTIME_DIRECTORY");
    if (getuid() == 0) {
        EXPECT_EQ(runtime_dir("rte"), "/var/run/dpdk/rte");
    }
}

TEST_F(RuntimeDir, TellsALivePrimaryFromADeadOne) {
    using State = PrimaryProbe::State;
    EXPECT_EQ(probe_primary(runtime_dir("p")).state, State::no_files);
    EXPECT_EQ(probe_primary(runtime_dir("other")).state, State::no_files);
    const std::string config = runtime_dir("p") + "/config";
    const UniqueFd made(open(config.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    EXPECT_EQ(probe_primary(runtime_dir("p")).state, State::dead);
    EXPECT_TRUE(live_prefixes().empty());

    int ready[2];
    ASSERT_EQ(pipe(ready), 0);
    const pid_t child = fork();
    if (child == 0) {
        const int fd = open(config.c_str(), O_RDWR);
        struct flock lock = {};
        lock.l_type = F_WRLCK;
        const char ok = fcntl(fd, F_SETLK, &lock) == 0 ? 'y' : 'n';
        if (write(ready[1], &ok, 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    char ok = 0;
    ASSERT_EQ(::read(ready[0], &ok, 1), 1);
    ASSERT_EQ(ok, 'y');
    EXPECT_EQ(probe_primary(runtime_dir("p")).state, State::starting);
    EXPECT_EQ(probe_primary(runtime_dir("p")).pid, child);
    EXPECT_EQ(live_prefixes(), std::vector<std::string>{"p"});

    const UniqueFd socket_fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    (runtime_dir("p") + "/mp_socket").copy(address.sun_path, sizeof(address.sun_path) - 1);
    ASSERT_EQ(bind(socket_fd.get(), reinterpret_cast<sockaddr *>(&address), sizeof(address)), 0);
    EXPECT_EQ(probe_primary(runtime_dir("p")).state, State::alive);
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    EXPECT_EQ(probe_primary(runtime_dir("p")).state, State::dead);
    close(ready[0]);
    close(ready[1]);
}

TEST_F(RuntimeDir, NamesWhoHoldsTheFiles) {
    const std::string file = runtime_dir("p") + "/fbarray_memzone";
    const UniqueFd made(open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    EXPECT_TRUE(lock_holders(runtime_dir("p")).empty());
    int ready[2];
    ASSERT_EQ(pipe(ready), 0);
    const pid_t child = fork();
    if (child == 0) {
        const int fd = open(file.c_str(), O_RDWR);
        const char ok = flock(fd, LOCK_SH) == 0 ? 'y' : 'n';
        if (write(ready[1], &ok, 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    char ok = 0;
    ASSERT_EQ(::read(ready[0], &ok, 1), 1);
    const auto holders = lock_holders(runtime_dir("p"));
    ASSERT_EQ(holders.size(), 1U);
    EXPECT_EQ(holders[0].pid, child);
    EXPECT_EQ(holders[0].name, process_name(getpid()));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    EXPECT_TRUE(lock_holders(runtime_dir("p")).empty());
    close(ready[0]);
    close(ready[1]);
}

TEST_F(RuntimeDir, ListsSocketsWithTheirPids) {
    const std::string path = runtime_dir("p") + "/mp_socket_77_1f";
    {
        const UniqueFd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        sockaddr_un address = {};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof(address.sun_path) - 1);
        ASSERT_EQ(bind(fd.get(), reinterpret_cast<sockaddr *>(&address), sizeof(address)), 0);
        const auto sockets = client_sockets(runtime_dir("p"));
        ASSERT_EQ(sockets.size(), 1U);
        EXPECT_EQ(sockets[0].pid, 77);
        EXPECT_TRUE(sockets[0].live);
    }
    ASSERT_EQ(client_sockets(runtime_dir("p")).size(), 1U);
    EXPECT_FALSE(client_sockets(runtime_dir("p"))[0].live);
    EXPECT_FALSE(socket_is_live("/" + std::string(200, 'x')));
}

TEST(HugepageTrouble, NamesWhatIsMissingAndTheScript) {
    Hugepages pages;
    EXPECT_NE(hugepage_trouble(pages)->find("no hugepages are reserved: run scripts/setup.sh"),
              std::string::npos);
    pages.reserved = 8;
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
    EXPECT_NE(hugepage_trouble(pages)->find("all 8 hugepages are in use"), std::string::npos);
    pages.free = 1;
    EXPECT_FALSE(hugepage_trouble(pages));
}

}  // namespace
}  // namespace mp_ipc
