/* SPDX-License-Identifier: BSD-3-Clause
 *
 * How the programs start, end, and find each other.
 */
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sched.h>
#include <sys/file.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "support/base/cores.h"
#include "support/base/unique_fd.h"
#include "support/eal/ipc_socket.h"
#include "support/eal/runtime_dir.h"
#include "tests/harness/pair.h"

namespace mp_ipc::test {
namespace {

using std::chrono::milliseconds;

class Lifecycle : public Hugepages {};

constexpr const char *kSyncReply =
    "[SYNC] Reply: Server SYNC reply: Got 'SYNC Hello 1 from Client'";

TEST_F(Lifecycle, TheTutorialsRunLinesStandAsTheyAre) {
    /* From the build folder, in the tutorial's words, but for the cores of a small machine. The
     * default prefix may be somebody else's: then it is left alone; that of this test in another
     * build is waited for. */
    const UniqueFd lock(open("/var/run", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    ASSERT_EQ(flock(lock.get(), LOCK_EX), 0) << std::strerror(errno);
    const bool default_is_free = !std::filesystem::exists(runtime_dir("rte"));
    const Prefix prefix;
    std::vector<Words> prefixes = {{"--file-prefix=" + prefix.name()}};
    if (default_is_free)
        prefixes.push_back({});
    for (const Words &file_prefix : prefixes) {
        Words server_argv = {MP_SERVER, "-l", "0", "-n", "4", "--proc-type=primary", "--no-pci"};
        Words client_argv = {MP_CLIENT, "-l", "1", "-n", "4", "--proc-type=secondary", "--no-pci"};
        server_argv.insert(server_argv.end(), file_prefix.begin(), file_prefix.end());
        client_argv.insert(client_argv.end(), file_prefix.begin(), file_prefix.end());
        Process server_process(server_argv);
        ASSERT_TRUE(server_process.wait_for_out(kServerReady)) << server_process.describe();
        Process client_process(client_argv);
        EXPECT_TRUE(client_process.wait_for_out(kSyncReply)) << client_process.describe();
        EXPECT_TRUE(client_process.wait_for_out("[ASYNC] Reply")) << client_process.describe();
        client_process.signal(SIGINT);
        EXPECT_EQ(client_process.wait(), 0) << client_process.describe();
        server_process.signal(SIGINT);
        EXPECT_EQ(server_process.wait(), 0) << server_process.describe();
    }
    if (default_is_free)
        remove_prefix_files("rte");
}

/* The thread of this process that is the EAL's IPC thread; 0: none. */
pid_t ipc_thread_of(pid_t pid) {
    for (const auto &task :
         std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task")) {
        std::string name;
        std::getline(std::ifstream(task.path() / "comm") >> std::ws, name);
        if (is_ipc_thread(name))
            return std::stoi(task.path().filename());
    }
    return 0;
}

TEST_F(Lifecycle, TheIpcThreadRunsWhereItWasPut) {
    const std::vector<int> usable = usable_cores();
    for (const int core : {usable.front(), usable.back()}) {
        const Prefix prefix;
        const std::string number = std::to_string(core);
        Process server_process(server(prefix, {"--ipc-core", number}));
        ASSERT_TRUE(server_process.wait_for_out(kServerReady)) << server_process.describe();
        Process client_process(client(prefix, {"--ipc-core", number}));
        ASSERT_TRUE(client_process.wait_for_out(kSyncReply)) << client_process.describe();
        for (const pid_t pid : {server_process.pid(), client_process.pid()}) {
            cpu_set_t cores;
            ASSERT_EQ(sched_getaffinity(ipc_thread_of(pid), sizeof(cores), &cores), 0);
            EXPECT_TRUE(CPU_COUNT(&cores) == 1 &&
                        CPU_ISSET(static_cast<std::size_t>(core), &cores));
            EXPECT_EQ(sched_getscheduler(ipc_thread_of(pid)), SCHED_BATCH);
            EXPECT_EQ(sched_getscheduler(pid), SCHED_BATCH);
        }
        const Finished report = run(client(prefix, {"report"}));
        EXPECT_NE(report.out.find("[REPORT] ipc_thread_cores: " + number + "\n"), std::string::npos)
            << report.out;
        const Finished doctor = run(client(prefix, {"doctor"}));
        EXPECT_NE(doctor.out.find("IPC thread: the server's is running, on core " + number + "\n"),
                  std::string::npos)
            << doctor.out;
        client_process.signal(SIGINT);
        EXPECT_EQ(client_process.wait(), 0) << client_process.describe();
        server_process.signal(SIGINT);
        EXPECT_EQ(server_process.wait(), 0) << server_process.describe();
    }
}

TEST_F(Lifecycle, EverySignalEndsBothProgramsCleanly) {
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
        const Prefix prefix;
        Process server_process(server(prefix));
        ASSERT_TRUE(server_process.wait_for_out(kServerReady));
        Process client_process(client(prefix));
        ASSERT_TRUE(client_process.wait_for_out("[ASYNC] Reply"));
        EXPECT_EQ(client_sockets(prefix.dir()).size(), 1U);
        client_process.signal(number);
        EXPECT_EQ(client_process.wait(), 0) << client_process.describe();
        EXPECT_EQ(own_lines(client_process.err()), "");
        EXPECT_EQ(client_sockets(prefix.dir()).size(), 0U) << "the client left its socket behind";
        server_process.signal(number);
        EXPECT_EQ(server_process.wait(), 0) << server_process.describe();
        EXPECT_EQ(own_lines(server_process.err()), "");
        EXPECT_FALSE(std::filesystem::exists(prefix.dir() + "/mp_socket"));
    }
}

TEST_F(Lifecycle, ClientsEndWhenTheServerShutsDown) {
    const Prefix prefix;
    Process server_process(server(prefix));
    ASSERT_TRUE(server_process.wait_for_out(kServerReady));
    Process idle(client(prefix, {"--sync-interval", "0", "--async-interval", "0"}));
    Process busy(client(prefix, {"ping", "--flood"}));
    ASSERT_TRUE(idle.wait_for_out("Attached"));
    ASSERT_TRUE(busy.wait_for_out("Attached"));
    server_process.signal(SIGTERM);
    EXPECT_EQ(server_process.wait(), 0);
    EXPECT_EQ(idle.wait(), 0) << idle.describe();
    EXPECT_NE(idle.out().find("[Client] The server has shut down"), std::string::npos);
    EXPECT_TRUE(busy.wait()) << busy.describe();
    EXPECT_NE(busy.out().find("[Client] The server has shut down"), std::string::npos)
        << busy.describe();
}

TEST_F(Lifecycle, ClientsEndWhenAServerOfAnotherMakeSetsForceQuit) {
    const Prefix prefix;
    Process primary(helper("quitting-primary", prefix));
    ASSERT_TRUE(primary.wait_for_out("ready")) << primary.describe();
    Process client_process(
        client(prefix, {"--sync-interval", "0.1", "--timeout", "0.1", "--async-interval", "0"}));
    ASSERT_TRUE(client_process.wait_for_out("[SYNC] No reply")) << client_process.describe();
    primary.signal(SIGUSR1);
    EXPECT_EQ(client_process.wait(), 0) << client_process.describe();
    EXPECT_NE(client_process.out().find("[Client] The server has shut down"), std::string::npos);
    EXPECT_TRUE(primary.running()) << primary.describe();
}

TEST_F(Lifecycle, CtrlCEndsAClientInsideABlockedRequest) {
    const Prefix prefix;
    Process server_process(server(prefix, {"--fault", "silent"}));
    ASSERT_TRUE(server_process.wait_for_out(kServerReady));
    Process client_process(client(prefix, {"--timeout", "3600"}));
    ASSERT_TRUE(server_process.wait_for_out("[SYNC] Received")); /* it waits for the reply now */
    client_process.signal(SIGINT);
    EXPECT_EQ(client_process.wait(), 0) << client_process.describe();
    EXPECT_EQ(client_sockets(prefix.dir()).size(), 0U);
    EXPECT_NE(client_process.out().find("[Client] Sync: sent 1, answered 0"), std::string::npos)
        << client_process.describe();
}

TEST_F(Lifecycle, AKilledServerEndsItsClientsWithStatus3) {
    const Prefix prefix;
    Process server_process(server(prefix, {"--fault", "silent"}));
    ASSERT_TRUE(server_process.wait_for_out(kServerReady));
    Process idle(client(prefix, {"--sync-interval", "0", "--async-interval", "0"}));
    Process in_sync(client(prefix, {"--timeout", "3600", "--async-interval", "0"}));
    Process async_pending(client(prefix, {"--timeout", "3600", "--sync-interval", "0"}));
    ASSERT_TRUE(idle.wait_for_out("Attached"));
    ASSERT_TRUE(server_process.wait_for_out("[SYNC] Received"));
    ASSERT_TRUE(async_pending.wait_for_out("[ASYNC] Request sent"));
    server_process.signal(SIGKILL);
    for (Process *client_process : {&idle, &in_sync, &async_pending}) {
        EXPECT_EQ(client_process->wait(), 3) << client_process->describe();
        EXPECT_NE(client_process->err().find("error: the server went away without shutting down"),
                  std::string::npos)
            << client_process->describe();
    }
    EXPECT_NE(async_pending.out().find("[ASYNC] Not answered: 'ASYNC Hello 1 from Client'"),
              std::string::npos)
        << async_pending.describe();
    EXPECT_TRUE(lock_holders(prefix.dir()).empty()) << "a client still keeps a new server out";
}

TEST_F(Lifecycle, CountedRunsTellWhetherAllWereAnswered) {
    const Prefix prefix;
    Process server_process(server(prefix));
    ASSERT_TRUE(server_process.wait_for_out(kServerReady));
    const Words quick = {"--sync-interval", "0.01", "--async-interval", "0.01", "--count", "5"};
    const Finished all = run(client(prefix, quick));
    EXPECT_EQ(all.status, 0) << all.out;
    EXPECT_NE(all.out.find("Sync: sent 5, answered 5"), std::string::npos) << all.out;
    EXPECT_NE(all.out.find("Async: sent 5, answered 5"), std::string::npos) << all.out;
    const Finished sync_only =
        run(client(prefix, {"--async-interval", "0", "--sync-interval", "0.01", "--count", "3"}));
    EXPECT_EQ(sync_only.status, 0);
    EXPECT_NE(sync_only.out.find("Async: sent 0,"), std::string::npos);
    server_process.signal(SIGTERM);
    ASSERT_EQ(server_process.wait(), 0);

    Process silent(server(prefix, {"--fault", "silent"}));
    ASSERT_TRUE(silent.wait_for_out(kServerReady));
    const Finished none = run(client(prefix, {"--count", "1", "--timeout", "0.05"}));
    EXPECT_EQ(none.status, 4) << none.out << none.err;
    EXPECT_NE(none.out.find("[SYNC] No reply to 'SYNC Hello 1 from Client' within 0.050 s"),
              std::string::npos)
        << none.out;
    EXPECT_NE(none.out.find("[ASYNC] No reply to 'ASYNC Hello 1 from Client' within 0.050 s"),
              std::string::npos)
        << none.out;
    EXPECT_NE(none.out.find("Sync: sent 1, answered 0, late 0, timed out 1, refused 0"),
              std::string::npos);
}

TEST_F(Lifecycle, TwoServersDoNotSeeEachOther) {
    const Prefix one;
    const Prefix two;
    Process server_one(server(one));
    Process server_two(server(two));
    ASSERT_TRUE(server_one.wait_for_out(kServerReady)) << server_one.describe();
    ASSERT_TRUE(server_two.wait_for_out(kServerReady)) << server_two.describe();
    const Words quick = {"--sync-interval", "0.01", "--async-interval", "0.01", "--count"};
    Words three = quick;
    three.insert(three.end(), {"3", "--name", "One"});
    Words four = quick;
    four.insert(four.end(), {"4", "--name", "Two"});
    Process client_one(client(one, three));
    Process client_two(client(two, four));
    EXPECT_EQ(client_one.wait(), 0) << client_one.describe();
    EXPECT_EQ(client_two.wait(), 0) << client_two.describe();
    for (Process *server_process : {&server_one, &server_two}) {
        server_process->signal(SIGTERM);
        EXPECT_EQ(server_process->wait(), 0);
    }
    EXPECT_NE(server_one.out().find("sync requests: 3, async requests: 3"), std::string::npos);
    EXPECT_EQ(server_one.out().find("from Two"), std::string::npos);
    EXPECT_NE(server_two.out().find("sync requests: 4, async requests: 4"), std::string::npos);
    EXPECT_EQ(server_two.out().find("from One"), std::string::npos);
}

#if !defined(__SANITIZE_THREAD__) /* whose runtime wakes by itself */
/* Voluntary context switches of all threads of a process: how often they woke and slept again. */
long wake_ups(pid_t pid) {
    long sum = 0;
    for (const auto &task :
         std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task")) {
        std::ifstream status(task.path() / "status");
        for (std::string line; std::getline(status, line);) {
            if (line.starts_with("voluntary_ctxt_switches:"))
                sum += std::stol(line.substr(line.find('\t') + 1));
        }
    }
    return sum;
}

TEST_F(Lifecycle, IdleProgramsDoNotPoll) {
    const Prefix prefix;
    Process server_process(server(prefix, {"--stats-interval", "0"}));
    ASSERT_TRUE(server_process.wait_for_out(kServerReady));
    Process client_process(client(prefix, {"--sync-interval", "3600", "--async-interval", "3600"}));
    ASSERT_TRUE(client_process.wait_for_out("[ASYNC] Reply"));
    /* Nothing is due for an hour: over three seconds, a loop that polls ten times a second would
     * show as 30. Where the kernel has no pidfd for threads (before 6.9) there are two a second. */
    std::this_thread::sleep_for(milliseconds(200)); /* what the start set in motion comes to rest */
    const long server_before = wake_ups(server_process.pid());
    const long client_before = wake_ups(client_process.pid());
    std::this_thread::sleep_for(milliseconds(3000));
    EXPECT_LE(wake_ups(server_process.pid()) - server_before, 8);
    EXPECT_LE(wake_ups(client_process.pid()) - client_before, 8);
}
#endif

}  // namespace
}  // namespace mp_ipc::test
