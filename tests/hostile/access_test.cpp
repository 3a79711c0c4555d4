/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Only the owner has access: another user cannot look into the runtime directory, reach a socket or
 * map the memory. And the pair runs without root, with a mount and a runtime directory of its user.
 */
#include <gtest/gtest.h>

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>

#include "support/eal/hugepages.h"
#include "support/eal/runtime_dir.h"
#include "tests/harness/datagram.h"
#include "tests/harness/pair.h"

namespace mp_ipc::test {
namespace {

namespace fs = std::filesystem;

class Access : public Hugepages {
  protected:
    void SetUp() override {
        Hugepages::SetUp();
        MP_IPC_NEEDS_NOBODY();
    }
};

/* Runs `look` in a child that is nobody; its return value, an errno. */
int as_nobody(const std::function<int()> &look) {
    const pid_t child = fork();
    if (child == 0) {
        if (setgroups(0, nullptr) != 0 || setgid(kNobody) != 0 || setuid(kNobody) != 0)
            _exit(255);
        _exit(look());
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

int open_errno(const std::string &path, int flags) {
    const UniqueFd fd(open(path.c_str(), flags | O_CLOEXEC));
    return fd ? 0 : errno;
}

TEST_F(Access, NobodyReachesNothing) {
    RunningServer server_process(prefix_, {"--stats-interval", "0"});
    RunningClient client_process(prefix_, {"--sync-interval", "0", "--async-interval", "0"});
    const auto clients = client_sockets(prefix_.dir());
    ASSERT_EQ(clients.size(), 1U);

    /* As root the same calls succeed, so they fail for the right reason. */
    const WireMessage message = wire_message(kWireMessage, "nobody");
    for (const std::string &path : {prefix_.dir() + "/mp_socket", clients[0].path}) {
        const auto send = [&] { return RawSocket().send(path, message); };
        EXPECT_EQ(send(), 0) << path;
        EXPECT_EQ(as_nobody(send), EACCES) << path;
    }
    const std::string dir = prefix_.dir(); /* root's: it depends on the user */
    const auto list = [&] { return open_errno(dir, O_RDONLY | O_DIRECTORY); };
    EXPECT_EQ(list(), 0);
    EXPECT_EQ(as_nobody(list), EACCES);
    for (const auto &file : fs::directory_iterator(prefix_.dir())) {
        if (!file.is_regular_file())
            continue;
        EXPECT_EQ(as_nobody([&] { return open_errno(file.path(), O_RDONLY); }), EACCES)
            << file.path();
    }
    int pages = 0;
    for (const auto &file : fs::directory_iterator("/dev/hugepages")) {
        if (!file.path().filename().string().starts_with(prefix_.name() + "map_"))
            continue;
        pages++;
        EXPECT_EQ(as_nobody([&] { return open_errno(file.path(), O_RDONLY); }), EACCES)
            << file.path();
    }
    EXPECT_GT(pages, 0);
    struct stat status = {};
    ASSERT_EQ(stat(prefix_.dir().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0700U);
    EXPECT_EQ(status.st_uid, geteuid());
    /* Whatever the umask: the directories keep others out. */
    ASSERT_EQ(stat(runtime_root().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0700U);
}

TEST_F(Access, NobodysProgramsSaySoInOneLine) {
    RunningServer server_process(prefix_, {"--stats-interval", "0"});
    ProcessOptions options;
    options.uid = kNobody;
    /* Given root's runtime directory; without, it looks into its own, which is empty. */
    options.environment = {"RUNTIME_DIRECTORY=/var/run"};
    const Finished pointed = run(client(prefix_), options);
    EXPECT_EQ(pointed.status, 1);
    EXPECT_EQ(own_lines(pointed.err), "mp_client: error: no permission to look into " +
                                          prefix_.dir() +
                                          ": run mp_client as the user who runs mp_server\n");
    options.environment = {"XDG_RUNTIME_DIR=/tmp/nobody-has-none"};
    const Finished own = run(client(prefix_), options);
    EXPECT_EQ(own.status, 3);
    EXPECT_EQ(count_of(own_lines(own.err), "\n"), 1) << own.err;
    EXPECT_EQ(count_of(own.err, "no primary runs under file prefix"), 1) << own.err;
    EXPECT_TRUE(server_process.running());
}

/* What `scripts/setup.sh --user NAME` does, by hand: a hugetlbfs mount and a runtime directory that
 * belong to the user. Only this process and its children see the mount: other tests, at the same
 * time, check the messages for a user without one.
 */
class OwnPlaces {
  public:
    explicit OwnPlaces(const Prefix &prefix, bool with_mount = true)
        : root_("/tmp/" + prefix.name()) {
        fs::create_directories(pages());
        fs::create_directories(runtime());
        mounted_ = with_mount && unshare(CLONE_NEWNS) == 0 &&
                   mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                   mount("nodev", pages().c_str(), "hugetlbfs", 0,
                         "pagesize=2M,uid=65534,gid=65534,mode=0700") == 0;
        error_ = errno;
        ready_ = mounted_ == with_mount && chown(runtime().c_str(), kNobody, kNobody) == 0 &&
                 chmod(runtime().c_str(), 0700) == 0;
    }
    ~OwnPlaces() {
        if (mounted_)
            umount2(pages().c_str(), MNT_DETACH);
        std::error_code error;
        fs::remove_all(root_, error);
    }
    OwnPlaces(const OwnPlaces &) = delete;
    OwnPlaces &operator=(const OwnPlaces &) = delete;

    bool ready() const { return ready_; }
    int error() const { return error_; }
    std::string pages() const { return root_ + "/hugepages"; }
    std::string runtime() const { return root_ + "/run"; }

  private:
    std::string root_;
    bool mounted_ = false;
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
    const OwnPlaces places(prefix_);
    ASSERT_TRUE(places.ready()) << std::strerror(places.error());
    const ProcessOptions options = nobody_at(places);

    RunningServer server_process(on_mount(server(prefix_, {"--stats-interval", "0"}), places),
                                 options);
    const std::string dir = places.runtime() + "/dpdk/" + prefix_.name();
    struct stat status = {};
    ASSERT_EQ(stat(dir.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0700U);
    EXPECT_EQ(status.st_uid, kNobody);
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

/* If there is only root's mount, it ends with one line that says what to do. */
TEST_F(Access, AServerWithoutItsOwnMountSaysSo) {
    if (look_at_hugepages().mounts.size() > 1)
        GTEST_SKIP() << "this machine has mounts of other users";
    const OwnPlaces places(prefix_, false);
    ASSERT_TRUE(places.ready()) << std::strerror(places.error());
    const ProcessOptions options = nobody_at(places);
    const Finished finished = run(server(prefix_), options);
    EXPECT_EQ(finished.status, 1) << finished.err;
    EXPECT_EQ(count_of(own_lines(finished.err), "\n"), 1) << finished.err;
    EXPECT_EQ(count_of(finished.err, "no permission to write to"), 1) << finished.err;
    EXPECT_EQ(count_of(finished.err, "scripts/setup.sh --user NAME"), 1) << finished.err;
}

/* EAL takes the first mount of a page size, root's, even where the user has one. */
TEST_F(Access, AServerWithoutHugeDirNamesTheUsersMount) {
    MP_IPC_NEEDS_NAMESPACE("--mount");
    const OwnPlaces places(prefix_);
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
