/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The small pure pieces of support/.
 */
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <thread>

#include "support/base/books.h"
#include "support/base/histogram.h"
#include "support/base/received_fds.h"
#include "support/base/schedule.h"
#include "support/base/sealed_memory.h"
#include "support/console/console.h"
#include "support/eal/hugepages.h"
#include "support/eal/runtime_dir.h"
#include "support/ipc/client_table.h"
#include "support/ipc/gate.h"
#include "support/ipc/send_window.h"
#include "tests/harness/pair.h"

namespace mp_ipc {
namespace {

using std::chrono::milliseconds;

TEST(Schedule, IsDueAtOnceAndThenOnAGrid) {
    const Clock::time_point t0{};
    Schedule schedule(t0, milliseconds(100));
    EXPECT_TRUE(schedule.take(t0));
    EXPECT_FALSE(schedule.take(t0 + milliseconds(99)));
    EXPECT_TRUE(schedule.take(t0 + milliseconds(130))); /* served late */
    EXPECT_EQ(schedule.due(), t0 + milliseconds(200));  /* the grid stays */
    EXPECT_TRUE(schedule.take(t0 + milliseconds(200)));
}

TEST(Schedule, BeginsAnewAfterMissedTimes) {
    const Clock::time_point t0{};
    Schedule schedule(t0, milliseconds(100));
    EXPECT_TRUE(schedule.take(t0));
    EXPECT_TRUE(schedule.take(t0 + milliseconds(750)));
    EXPECT_EQ(schedule.due(), t0 + milliseconds(750)); /* once at once, not seven times */
    EXPECT_TRUE(schedule.take(t0 + milliseconds(750)));
    EXPECT_EQ(schedule.due(), t0 + milliseconds(850));
}

TEST(Schedule, OfIntervalZeroIsNeverDue) {
    Schedule schedule(Clock::time_point{}, Clock::duration::zero());
    EXPECT_FALSE(schedule.take(Clock::now()));
    EXPECT_EQ(schedule.due(), Clock::time_point::max());
}

TEST(ToTimespec, KeepsNanoseconds) {
    const timespec time = to_timespec(seconds(1.25));
    EXPECT_EQ(time.tv_sec, 1);
    EXPECT_EQ(time.tv_nsec, 250000000);
}

TEST(Histogram, IsEmptyAtFirst) {
    const Histogram histogram;
    EXPECT_EQ(histogram.count(), 0U);
    EXPECT_EQ(histogram.min(), 0U);
    EXPECT_EQ(histogram.max(), 0U);
}

TEST(Histogram, QuantilesAreWithinTwoPercent) {
    std::mt19937_64 random(1);
    for (const double scale : {1e1, 1e3, 1e5, 1e9, 1e15}) {
        std::vector<std::uint64_t> times;
        Histogram histogram;
        std::uniform_real_distribution<double> spread(0, scale);
        for (int i = 0; i < 5000; i++) {
            times.push_back(static_cast<std::uint64_t>(spread(random)));
            histogram.add(times.back());
        }
        std::sort(times.begin(), times.end());
        for (const double part : {0.01, 0.5, 0.9, 0.99, 1.0}) {
            const auto exact =
                times[static_cast<std::size_t>(part * static_cast<double>(times.size())) - 1];
            const auto got = histogram.quantile(part);
            EXPECT_GE(static_cast<double>(got), static_cast<double>(exact) * 0.98 - 1) << part;
            EXPECT_LE(static_cast<double>(got), static_cast<double>(exact) * 1.02 + 1) << part;
        }
        EXPECT_EQ(histogram.min(), times.front());
        EXPECT_EQ(histogram.max(), times.back());
    }
}

TEST(Histogram, TakesTheLargestTime) {
    Histogram histogram;
    histogram.add(UINT64_MAX);
    EXPECT_EQ(histogram.quantile(0.5), UINT64_MAX);
}

TEST(Books, CountEveryOutcomeOnce) {
    Books books;
    for (const Outcome outcome :
         {Outcome::answered, Outcome::late, Outcome::timed_out, Outcome::refused}) {
        EXPECT_EQ(books.closed(), books.sent);
        books.sent++;
        books.close(outcome);
    }
    EXPECT_EQ(books.closed(), 4U);
    EXPECT_EQ(books.answered, 1U);
}

TEST(HandlerGate, ClosesWhenTheLastHandlerHasLeft) {
    HandlerGate gate;
    std::atomic<bool> inside{false};
    std::atomic<bool> may_leave{false};
    std::atomic<bool> left{false};
    std::thread handler([&] {
        const HandlerGate::Pass pass(gate);
        ASSERT_TRUE(pass.open());
        inside = true;
        while (!may_leave)
            std::this_thread::yield();
        left = true;
    });
    while (!inside)
        std::this_thread::yield();
    std::thread end([&] {
        gate.close();
        EXPECT_TRUE(left);
    });
    /* as soon as close() has begun */
    EXPECT_TRUE(test::eventually([&] { return !HandlerGate::Pass(gate).open(); }));
    may_leave = true;
    end.join();
    handler.join();
    EXPECT_FALSE(HandlerGate::Pass(gate).open());
}

TEST(HandlerGate, AHandlerThatWaitsDoesNotHoldUpTheEnd) {
    HandlerGate gate;
    std::atomic<bool> inside{false};
    std::thread handler([&] {
        const HandlerGate::Pass pass(gate);
        inside = true;
        gate.wait_for(std::chrono::hours(1));
    });
    while (!inside)
        std::this_thread::yield();
    gate.close();
    handler.join();
}

TEST(SealedMemory, CarriesAText) {
    const std::string text(1000, 't');
    const UniqueFd fd = seal_text("test", text);
    ASSERT_TRUE(fd);
    std::string wrong;
    EXPECT_EQ(read_sealed_text(fd.get(), text.size(), &wrong), text) << wrong;
    EXPECT_EQ(write(fd.get(), "x", 1), -1);
    EXPECT_EQ(ftruncate(fd.get(), 1), -1);
}

TEST(SealedMemory, RefusesWhatMayChangeOrIsOfAnotherSize) {
    std::string wrong;
    const UniqueFd open_fd(memfd_create("open", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    ASSERT_EQ(write(open_fd.get(), "text", 4), 4);
    EXPECT_FALSE(read_sealed_text(open_fd.get(), 4, &wrong));
    EXPECT_NE(wrong.find("not sealed"), std::string::npos) << wrong;
    const UniqueFd fd = seal_text("test", "text");
    EXPECT_FALSE(read_sealed_text(fd.get(), 5, &wrong));
    EXPECT_NE(wrong.find("has 4 bytes, not the announced 5"), std::string::npos) << wrong;
    EXPECT_FALSE(read_sealed_text(STDIN_FILENO, 4, &wrong));
    const UniqueFd file(open("/proc/self/exe", O_RDONLY));
    EXPECT_FALSE(read_sealed_text(file.get(), 4, &wrong));
    EXPECT_NE(wrong.find("no memfd"), std::string::npos) << wrong;
    const UniqueFd large = seal_text("large", std::string((1U << 20) + 1, 'x'));
    EXPECT_FALSE(read_sealed_text(large.get(), (1U << 20) + 1, &wrong));
}

TEST(ReceivedFds, OnlyWhatIsNotOursIsClosed) {
    const UniqueFd own(memfd_create("own", MFD_CLOEXEC));
    remember_own_fds();
    const int received = memfd_create("received", MFD_CLOEXEC);
    rte_mp_msg msg = {};
    msg.num_fds = 4;
    msg.fds[0] = own.get();
    msg.fds[1] = STDERR_FILENO;
    msg.fds[2] = received;
    msg.fds[3] = 9999; /* not open at all */
    close_received_fds(msg);
    EXPECT_NE(fcntl(own.get(), F_GETFD), -1);
    EXPECT_NE(fcntl(STDERR_FILENO, F_GETFD), -1);
    EXPECT_EQ(fcntl(received, F_GETFD), -1);
}

TEST(ReceivedFds, ExactlyOneIsTaken) {
    remember_own_fds();
    rte_mp_msg msg = {};
    EXPECT_FALSE(take_received_fd(msg));
    msg.num_fds = 1;
    msg.fds[0] = memfd_create("received", MFD_CLOEXEC);
    EXPECT_EQ(take_received_fd(msg).get(), msg.fds[0]);
    msg.num_fds = 2;
    msg.fds[0] = memfd_create("received", MFD_CLOEXEC);
    msg.fds[1] = memfd_create("received", MFD_CLOEXEC);
    EXPECT_FALSE(take_received_fd(msg));
    EXPECT_EQ(fcntl(msg.fds[1], F_GETFD), -1);
    msg.num_fds = 1000;
    EXPECT_FALSE(take_received_fd(msg));
}

TEST(ClientTable, KnowsWhoSentWhat) {
    ClientTable table;
    table.note_message("/run/mp_socket_12_ab");
    table.note_message("/run/mp_socket_12_ab");
    table.note_message("/run/mp_socket_34_cd");
    table.note_name(12, "Alice");
    auto clients = table.list();
    ASSERT_EQ(clients.size(), 2U);
    EXPECT_EQ(clients[0].pid, 12);
    EXPECT_EQ(clients[0].requests, 2U);
    EXPECT_EQ(clients[0].name, "Alice");
    table.keep_only({"/run/mp_socket_34_cd"});
    clients = table.list();
    ASSERT_EQ(clients.size(), 1U);
    EXPECT_EQ(clients[0].pid, 34);
}

TEST(ClientTable, IsBounded) {
    ClientTable table;
    for (int i = 0; i < 10000; i++)
        table.note_message("/run/mp_socket_" + std::to_string(i) + "_0");
    EXPECT_EQ(table.list().size(), 4096U);
}

TEST(Console, WritesWholeLinesFromManyThreads) {
    ::testing::internal::CaptureStdout();
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; t++) {
        threads.emplace_back([t] {
            for (int i = 0; i < 200; i++)
                say({"[T{}] {}", "[T{}] {}"}, t, std::string(100, static_cast<char>('a' + t)));
        });
    }
    for (std::thread &thread : threads)
        thread.join();
    std::istringstream lines(::testing::internal::GetCapturedStdout());
    int count = 0;
    for (std::string line; std::getline(lines, line); count++) {
        const int t = line.at(2) - '0';
        ASSERT_EQ(line,
                  "[T" + std::to_string(t) + "] " + std::string(100, static_cast<char>('a' + t)));
    }
    EXPECT_EQ(count, 800);
}

TEST(Console, SpeaksTheLanguageThatIsSet) {
    ::testing::internal::CaptureStdout();
    set_language(Language::chinese);
    say({"[Server] {}, {}", "[Server] 已处理 {} 个, {} 个"}, 1, std::uint64_t{2});
    set_language(Language::english);
    say({"[Server] {} {{", "[Server] {} {{"}, "{}"); /* a value with braces is only a value */
    EXPECT_EQ(::testing::internal::GetCapturedStdout(),
              "[Server] 已处理 1 个, 2 个\n[Server] {} {{\n");
}

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
