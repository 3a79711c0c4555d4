/* SPDX-License-Identifier: BSD-3-Clause
 *
 * File systems without room or permission, limits of a process, paths that are too long: each is
 * reported in one line before EAL's init, which would end by SIGBUS, an abort, or a line about
 * something else.
 */
#include <sys/mount.h>

#include <csignal>
#include <filesystem>

#include "support/eal/runtime_dir.h"
#include "tests/deploy/place.h"

namespace mp_ipc::test {
namespace {

class Limits : public Place {};

/* A small tmpfs as runtime directory, for processes with environment(). */
class SmallRuntime : public Limits {
  protected:
    void SetUp() override {
        Limits::SetUp();
        if (IsSkipped())
            return;
        ASSERT_EQ(mount("none", dir_.path().c_str(), "tmpfs", 0, "size=4m,nr_inodes=40"), 0);
    }
    void TearDown() override { umount2(dir_.path().c_str(), MNT_DETACH); }
    ProcessOptions environment() const {
        return {.environment = {"RUNTIME_DIRECTORY=" + dir_.path()}};
    }
    std::string runtime() const { return dir_.path() + "/dpdk/" + prefix_.name(); }
    /* Fills the file system but for `room` bytes. */
    void fill(std::uintmax_t room) const {
        const std::uintmax_t free = std::filesystem::space(dir_.path()).available;
        ASSERT_GT(free, room);
        std::ofstream(dir_ / "fill") << std::string(free - room, 'x');
    }
    TempDir dir_;
};

TEST_F(SmallRuntime, HasNoRoomForAClient) {
    RunningServer server_process(server(prefix_), environment());
    ASSERT_NO_FATAL_FAILURE(fill(std::uintmax_t{1024} * 1024));
    expect_refused(
        {"1024 KiB are free in " + runtime(), "KiB are needed there for EAL's files", "make room"},
        ":", environment());
    std::filesystem::remove(dir_ / "fill");
    EXPECT_EQ(run(client(prefix_, {"ping", "--count", "1"}), environment()).status, 0);
    /* Nor without a free inode. */
    for (int i = 0; std::filesystem::exists(dir_.path()) && i < 40; i++)
        std::ofstream(dir_ / ("file" + std::to_string(i)));
    expect_refusal(run(client(prefix_, {"--count", "1"}), environment()), 1,
                   {"takes no more files (df -i)"});
}

TEST_F(SmallRuntime, HasRoomForAClientWhereAKilledOneLeftItsFiles) {
    RunningServer server_process(server(prefix_), environment());
    Process killed(client(prefix_), environment());
    expect_out(killed, "[SYNC] Reply");
    killed.signal(SIGKILL);
    killed.wait();
    ASSERT_NO_FATAL_FAILURE(fill(std::uintmax_t{256} * 1024));
    const Finished pinged = run(client(prefix_, {"ping", "--count", "1"}), environment());
    EXPECT_EQ(pinged.status, 0) << pinged.err;
}

TEST_F(SmallRuntime, HasNoRoomForAServer) {
    ASSERT_NO_FATAL_FAILURE(fill(std::uintmax_t{1000} * 1024));
    const Finished refused = run(server(prefix_), environment());
    expect_refusal(refused, 1, {"1000 KiB are free in " + dir_.path(), "make room"});
    EXPECT_EQ(count_of(run(client(prefix_, {"doctor"}), environment()).out,
                       "✗ Room: 1000 KiB are free in " + dir_.path()),
              1);
    /* The files of its earlier run count as free: it replaces them. */
    std::filesystem::remove(dir_ / "fill");
    RunningServer first(server(prefix_), environment());
    ASSERT_NO_FATAL_FAILURE(fill(std::uintmax_t{100} * 1024));
    expect_end(first);
    RunningServer second(server(prefix_), environment());
}

TEST_F(Limits, ARuntimeDirectoryThatIsReadOnly) {
    const Prefix other;
    RunningServer server_process(prefix_);
    const std::string read_only =
        "mount --bind /var/run/dpdk /var/run/dpdk; mount -o remount,ro,bind /var/run/dpdk";
    expect_refused(
        {prefix_.dir() + " is on a file system that is read-only here: mount it writable"},
        read_only);
    expect_refusal(run(after(read_only, server(other))), 1,
                   {"/var/run/dpdk is on a file system that is read-only here"});
}

TEST_F(Limits, AddressSpace) {
    const std::string limit = "ulimit -v 8000000";
    const Finished refused_server = run(after(limit, server(prefix_)));
    EXPECT_EQ(refused_server.status, 1);
    EXPECT_EQ(count_of(own_lines(refused_server.err), "limited to 7812 MiB (ulimit -v)"), 1)
        << refused_server.err;
    RunningServer server_process(prefix_);
    expect_refused({"limited to 7 GiB (ulimit -v), and EAL reserves 64 GiB"}, limit);
}

/* EAL would abort, or report something else, with too few descriptors, and end by SIGXFSZ with too
 * small a limit of file sizes.
 */
TEST_F(Limits, OpenFilesFileSizesAndProc) {
    RunningServer server_process(prefix_);
    const Prefix other;
    for (const auto &[limit, found] :
         {std::pair{"ulimit -n 10", "may open 10 files at most (ulimit -n)"},
          {"ulimit -n 24", "may open 24 files at most (ulimit -n)"},
          {"ulimit -n 64", "may open 64 files at most (ulimit -n)"},
          {"ulimit -f 100", "bytes at most (ulimit -f)"}}) {
        SCOPED_TRACE(limit);
        expect_refused({found}, limit);
        if (std::string(limit) != "ulimit -n 64") /* those of the hugepages are missing */
            expect_refusal(run(after(limit, server(other))), 1, {found});
    }
    for (const Words &argv : {server(other), client(prefix_, {"--count", "1"})})
        expect_refusal(run(after("umount -l /proc", argv)), 1, {"/proc is not mounted here"});
}

TEST_F(Limits, Threads) {
    const auto expect_none = [](const Words &argv) {
        for (const char *count : {"0", "1", "2"}) {
            const Finished refused = run(argv, faulty("few-threads", count));
            EXPECT_EQ(refused.status, 1) << refused.err;
            EXPECT_EQ(count_of(own_lines(refused.err), "no more threads can be started here"), 1)
                << count << refused.err;
        }
    };
    expect_none(server(prefix_));
    RunningServer server_process(prefix_);
    expect_none(client(prefix_, {"--count", "1"}));
}

TEST_F(Limits, APrefixThatIsTooLong) {
    const std::string name(95, 'p');
    for (const Words &more : {Words{}, Words{"--no-telemetry"}}) {
        const Words argv = {MP_SERVER, "-l", "0", "--no-pci", "--file-prefix=" + name};
        expect_refusal(run(joined(argv, more)), 1,
                       {"a unix socket's address takes 107", "use a shorter --file-prefix"});
        EXPECT_FALSE(std::filesystem::exists(runtime_dir(name)));
    }
    /* Not even a file name. */
    const std::string longer(300, 'p');
    expect_refusal(run({MP_SERVER, "-l", "0", "--no-pci", "--file-prefix=" + longer}), 1,
                   {"use a shorter --file-prefix"});
    expect_refusal(run({MP_CLIENT, "-l", "1", "--no-pci", "--file-prefix=" + longer}), 1,
                   {"use a shorter --file-prefix"});
}

/* EAL would wait for it without a limit, and without a word. */
TEST_F(Limits, WhoHoldsTheLockOfTheHugepagesIsNamed) {
    const TempDir huge;
    Words argv = with_eal(server(prefix_), {"--huge-dir=" + huge.path()});
    argv.insert(argv.begin(), {"flock", huge.path(), "timeout", "-s", "KILL", "25"});
    expect_refusal(run(after("mount -t hugetlbfs none " + huge.path(), argv)), 1,
                   {"another process holds the lock of " + huge.path(), ", flock)"});
}

/* The machine has pages; the mount does not let this server have one. */
TEST_F(Limits, AMountWithASizeThatIsUsedUp) {
    const TempDir huge;
    ASSERT_EQ(mount("none", huge.path().c_str(), "hugetlbfs", 0, "size=2M,pagesize=2M"), 0);
    const std::string huge_dir = "--huge-dir=" + huge.path();
    {
        const Prefix prefix;
        const Prefix other;
        RunningServer server_process(with_eal(server(prefix), {huge_dir}));
        const std::string found =
            "(0 for this process: the limit, size=, of the mount " + huge.path() + ")";
        const Finished refused = run(with_eal(server(other), {huge_dir}));
        EXPECT_EQ(refused.status, 1);
        EXPECT_EQ(count_of(own_lines(refused.err), found), 1) << refused.err;
        const Finished doctor = run(with_eal(client(other, {"doctor"}), {huge_dir}));
        EXPECT_EQ(count_of(doctor.out, found), 1) << doctor.out;
        EXPECT_EQ(count_of(doctor.out, "was killed and left its files, or failed in its start"), 1)
            << doctor.out;
        expect_end(server_process);
    }
    umount2(huge.path().c_str(), MNT_DETACH);
}

}  // namespace
}  // namespace mp_ipc::test
