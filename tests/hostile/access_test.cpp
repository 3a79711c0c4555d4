/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Only the owner has access to the runtime directory, its sockets and the memory. And the pair runs
 * without root, with a mount and a runtime directory of its user.
 */
#include <gtest/gtest.h>

#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "support/eal/runtime_dir.h"
#include "tests/harness/pair.h"
#include "tests/harness/temp_dir.h"

namespace mp_ipc::test {
namespace {

class Access : public Hugepages {
  protected:
    void SetUp() override {
        Hugepages::SetUp();
        MP_IPC_NEEDS_NOBODY();
    }
};

mode_t mode_of(const std::string &path) {
    struct stat status = {};
    EXPECT_EQ(stat(path.c_str(), &status), 0) << path;
    return status.st_mode & 07777;
}

/* Whatever the umask: the directories keep others from the sockets and all other files. */
TEST_F(Access, OthersReachNeitherSocketsNorMemory) {
    RunningServer server_process(prefix_, {"--stats-interval", "0"});
    EXPECT_EQ(mode_of(runtime_root()), 0700U);
    EXPECT_EQ(mode_of(prefix_.dir()), 0700U);
    const auto pages = entries("/dev/hugepages", prefix_.name() + "map_");
    EXPECT_FALSE(pages.empty());
    for (const std::string &page : pages)
        EXPECT_EQ(mode_of(page), 0600U) << page;
}

/* What `scripts/setup.sh --user NAME` does, by hand: a hugetlbfs mount and a runtime directory that
 * belong to the user. Only this process and its children see the mount: other tests, at the same
 * time, check the messages for a user without one.
 */
class OwnPlaces {
  public:
    OwnPlaces() {
        std::filesystem::permissions(root_.path(), std::filesystem::perms::others_exec,
                                     std::filesystem::perm_options::add);
        root_.make("hugepages");
        root_.make("run");
        ready_ = chown(runtime().c_str(), kNobody, kNobody) == 0 && unshare(CLONE_NEWNS) == 0 &&
                 mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                 mount("nodev", pages().c_str(), "hugetlbfs", 0,
                       "pagesize=2M,uid=65534,gid=65534,mode=0700") == 0;
        error_ = errno;
    }
    ~OwnPlaces() { umount2(pages().c_str(), MNT_DETACH); }
    OwnPlaces(const OwnPlaces &) = delete;
    OwnPlaces &operator=(const OwnPlaces &) = delete;

    bool ready() const { return ready_; }
    int error() const { return error_; }
    std::string pages() const { return root_ / "hugepages"; }
    std::string runtime() const { return root_ / "run"; }

  private:
    TempDir root_;
    bool ready_ = false;
    int error_ = 0;
};

ProcessOptions nobody_at(const OwnPlaces &places) {
    return {.environment = {"XDG_RUNTIME_DIR=" + places.runtime()}, .uid = kNobody};
}

/* argv with --huge-dir before `--`. */
Words on_mount(const Words &words, const OwnPlaces &places) {
    return with_eal(words, {"--huge-dir=" + places.pages()});
}

TEST_F(Access, ThePairRunsWithoutRoot) {
    MP_IPC_NEEDS_NAMESPACE("--mount");
    const OwnPlaces places;
    ASSERT_TRUE(places.ready()) << std::strerror(places.error());
    const ProcessOptions options = nobody_at(places);

    RunningServer server_process(on_mount(server(prefix_, {"--stats-interval", "0"}), places),
                                 options);
    const std::string dir = places.runtime() + "/dpdk/" + prefix_.name();
    EXPECT_EQ(mode_of(dir), 0700U);
    /* It has no capability at all. */
    EXPECT_TRUE(has(read_file("/proc/" + std::to_string(server_process.pid()) + "/status"),
                    "CapEff:\t0000000000000000"));

    const Finished hello = run(on_mount(client(prefix_, {"--count", "2", "--sync-interval", "0.05",
                                                         "--async-interval", "0.05"}),
                                        places),
                               options);
    EXPECT_EQ(hello.status, 0) << hello.out << hello.err;
    EXPECT_EQ(count_of(hello.out, "sent 2, answered 2"), 2) << hello.out;
    const Finished report = run(on_mount(client(prefix_, {"report"}), places), options);
    EXPECT_EQ(report.status, 0) << report.out << report.err;
    /* A client needs no --huge-dir. */
    const Finished doctor = run(client(prefix_, {"doctor"}), options);
    EXPECT_EQ(doctor.status, 0) << doctor.out << doctor.err;
    EXPECT_EQ(count_of(doctor.out, places.pages() + ", writable\n"), 1) << doctor.out;

    expect_end(server_process);
    EXPECT_EQ(own_lines(server_process.err()), "");
}

/* EAL takes the first mount of a page size, root's, even where the user has one. */
TEST_F(Access, AServerWithoutHugeDirNamesTheUsersMount) {
    MP_IPC_NEEDS_NAMESPACE("--mount");
    const OwnPlaces places;
    ASSERT_TRUE(places.ready()) << std::strerror(places.error());
    const ProcessOptions options = nobody_at(places);
    const Finished finished = run(server(prefix_), options);
    EXPECT_EQ(finished.status, 1) << finished.err;
    EXPECT_EQ(count_of(own_lines(finished.err), "\n"), 1) << finished.err;
    EXPECT_EQ(count_of(finished.err,
                       "where EAL takes its hugepages from: give it this user's own "
                       "mount, --huge-dir=" +
                           places.pages() + "\n"),
              1)
        << finished.err;
    const Finished doctor = run(client(prefix_, {"doctor"}), options);
    EXPECT_EQ(doctor.status, 1) << doctor.out;
    EXPECT_EQ(count_of(doctor.out, "give mp_server --huge-dir=" + places.pages() + "\n"), 1)
        << doctor.out;
}

}  // namespace
}  // namespace mp_ipc::test
