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
#include "support/eal/runtime_dir.h"
#include "tests/harness/pair.h"

namespace mp_ipc::test {
namespace {

using std::chrono::milliseconds;

class Lifecycle : public Hugepages {};

constexpr const char *kSyncReply =
    "[SYNC] Reply: Server SYNC reply: Got 'SYNC Hello 1 from Client'";

TEST_F(Lifecycle, TheTutorialsRunLinesStandAsTheyAre) {
    /* In the build folder, as the tutorial has them, except for the cores of a small machine. If
     * another process uses the default prefix, the test is skipped; for this test in another build
     * it waits. */
    const UniqueFd lock(open("/var/run", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    ASSERT_EQ(flock(lock.get(), LOCK_EX), 0) << std::strerror(errno);
    /* Files of one that was killed are in nobody's way, and go with those of this test. */
    using State = PrimaryProbe::State;
    const State state = probe_primary(runtime_dir("rte")).state;
    const bool default_is_free = (state == State::no_files || state == State::dead) &&
                                 lock_holders(runtime_dir("rte")).empty();
    std::vector<Words> prefixes = {{"--file-prefix=" + prefix_.name()}};
    if (default_is_free)
        prefixes.push_back({});
    for (const Words &file_prefix : prefixes) {
        Words server_argv = {MP_SERVER, "-l", "0", "-n", "4", "--proc-type=primary", "--no-pci"};
        Words client_argv = {MP_CLIENT, "-l", "1", "-n", "4", "--proc-type=secondary", "--no-pci"};
        server_argv = joined(server_argv, file_prefix);
        client_argv = joined(client_argv, file_prefix);
        RunningServer server_process(server_argv);
        Process client_process(client_argv);
        expect_out(client_process, kSyncReply);
        expect_out(client_process, "[ASYNC] Reply");
        expect_end(client_process);
        expect_end(server_process);
    }
    if (default_is_free)
        remove_prefix_files("rte");
}

TEST_F(Lifecycle, TheIpcThreadRunsWhereItWasPut) {
    const std::vector<int> usable = usable_cores();
    for (const int core : {usable.front(), usable.back()}) {
        const Prefix prefix;
        const std::string number = std::to_string(core);
        RunningServer server_process(prefix, {"--ipc-core", number});
        Process client_process(client(prefix, {"--ipc-core", number}));
        expect_out(client_process, kSyncReply);
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
        expect_end(client_process);
        expect_end(server_process);
    }
}

TEST_F(Lifecycle, EverySignalEndsBothProgramsCleanly) {
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
        const Prefix prefix;
        RunningServer server_process(prefix);
        Process client_process(client(prefix));
        expect_out(client_process, "[ASYNC] Reply");
        EXPECT_EQ(client_sockets(prefix.dir()).size(), 1U);
        expect_end(client_process, number);
        EXPECT_EQ(own_lines(client_process.err()), "");
        EXPECT_EQ(client_sockets(prefix.dir()).size(), 0U) << "the client left its socket behind";
        expect_end(server_process, number);
        EXPECT_EQ(own_lines(server_process.err()), "");
        EXPECT_FALSE(std::filesystem::exists(prefix.dir() + "/mp_socket"));
    }
}

TEST_F(Lifecycle, ClientsEndWhenTheServerShutsDown) {
    RunningServer server_process(prefix_);
    RunningClient idle(prefix_, {"--sync-interval", "0", "--async-interval", "0"});
    RunningClient busy(prefix_, {"ping", "--flood", "--count", "1000000"});
    expect_end(server_process, SIGTERM);
    EXPECT_EQ(idle.wait(), 0) << idle.describe();
    EXPECT_TRUE(has(idle.out(), "[Client] The server has shut down"));
    EXPECT_EQ(busy.wait(), 4) << "cut short" << busy.describe();
    EXPECT_TRUE(has(busy.out(), "[Client] The server has shut down"));
}

TEST_F(Lifecycle, ClientsEndWhenAnotherServerProgramSetsForceQuit) {
    Process primary(helper("quitting-primary", prefix_));
    expect_out(primary, "ready");
    Process client_process(
        client(prefix_, {"--sync-interval", "0.1", "--timeout", "0.1", "--async-interval", "0"}));
    expect_out(client_process, "[SYNC] No reply");
    primary.signal(SIGUSR1);
    EXPECT_EQ(client_process.wait(), 0) << client_process.describe();
    EXPECT_TRUE(has(client_process.out(), "[Client] The server has shut down"));
    EXPECT_TRUE(primary.running()) << primary.describe();
}

TEST_F(Lifecycle, CtrlCEndsAClientInsideABlockedRequest) {
    RunningServer server_process(prefix_, {"--fault", "silent"});
    Process client_process(client(prefix_, {"--timeout", "3600"}));
    expect_out(server_process, "[SYNC] Received"); /* it waits for the reply now */
    expect_end(client_process);
    EXPECT_EQ(client_sockets(prefix_.dir()).size(), 0U);
    EXPECT_TRUE(has(client_process.out(),
                    "[Client] Sync: sent 1, answered 0, late 0, timed out 0, refused 1\n"));
}

TEST_F(Lifecycle, AKilledServerEndsItsClientsWithStatus3) {
    RunningServer server_process(prefix_, {"--fault", "silent"});
    RunningClient idle(prefix_, {"--sync-interval", "0", "--async-interval", "0"});
    RunningClient in_sync(prefix_, {"--timeout", "3600", "--async-interval", "0"});
    RunningClient async_pending(prefix_, {"--timeout", "3600", "--sync-interval", "0"});
    expect_out(server_process, "[SYNC] Received");
    expect_out(async_pending, "[ASYNC] Request sent");
    server_process.signal(SIGKILL);
    for (Process *client_process : {&idle, &in_sync, &async_pending}) {
        EXPECT_EQ(client_process->wait(), 3) << client_process->describe();
        EXPECT_TRUE(
            has(client_process->err(), "error: the server went away without shutting down"));
    }
    EXPECT_TRUE(has(async_pending.out(), "[ASYNC] Not answered: 'ASYNC Hello 1 from Client'"));
    EXPECT_TRUE(lock_holders(prefix_.dir()).empty()) << "a client still keeps a new server out";
}

TEST_F(Lifecycle, TwoServersDoNotSeeEachOther) {
    const Prefix one;
    const Prefix two;
    RunningServer server_one(one);
    RunningServer server_two(two);
    const Words quick = {"--sync-interval", "0.01", "--async-interval", "0.01", "--count"};
    Process client_one(client(one, joined(quick, {"3", "--name", "One"})));
    Process client_two(client(two, joined(quick, {"4", "--name", "Two"})));
    EXPECT_EQ(client_one.wait(), 0) << client_one.describe();
    EXPECT_EQ(client_two.wait(), 0) << client_two.describe();
    expect_end(server_one, SIGTERM);
    expect_end(server_two, SIGTERM);
    EXPECT_TRUE(has(server_one.out(), "sync requests: 3, async requests: 3"));
    EXPECT_FALSE(has(server_one.out(), "from Two"));
    EXPECT_TRUE(has(server_two.out(), "sync requests: 4, async requests: 4"));
    EXPECT_FALSE(has(server_two.out(), "from One"));
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
    RunningServer server_process(prefix_, {"--stats-interval", "0"});
    Process client_process(
        client(prefix_, {"--sync-interval", "3600", "--async-interval", "3600"}));
    expect_out(client_process, "[ASYNC] Reply");
    /* Nothing is due for an hour: over three seconds, a loop that polls ten times a second would
     * show as 30. Where the kernel has no pidfd for threads (before 6.9) there are two a second. */
    std::this_thread::sleep_for(milliseconds(200)); /* until the activity of the start has ended */
    const long server_before = wake_ups(server_process.pid());
    const long client_before = wake_ups(client_process.pid());
    std::this_thread::sleep_for(milliseconds(3000));
    EXPECT_LE(wake_ups(server_process.pid()) - server_before, 8);
    EXPECT_LE(wake_ups(client_process.pid()) - client_before, 8);
}
#endif

}  // namespace
}  // namespace mp_ipc::test
