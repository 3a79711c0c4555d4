/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The checks at the start of a program, when /proc, a file or the kernel shows something unusual.
 */
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string>

#include "support/base/cores.h"
#include "support/base/unique_fd.h"
#include "support/eal/ipc_core.h"
#include "support/eal/resume.h"
#include "support/eal/runtime_dir.h"
#include "support/eal/watch.h"
#include "tests/harness/held.h"
#include "tests/harness/temp_dir.h"

namespace mp_ipc::test {
namespace {

TEST(Start, WhatCannotBeLookedAtIsNotCalledMissing) {
    using State = PrimaryProbe::State;
    const TempDir dir;
    EXPECT_EQ(probe_primary(dir.path()).state, State::no_files);
    EXPECT_EQ(probe_primary(dir.write("file")).state, State::no_files); /* ENOTDIR */
    dir.write("config");
    EXPECT_EQ(probe_primary(dir.path()).state, State::dead);
    EXPECT_EQ(probe_primary(dir / std::string(300, 'x')).error, ENAMETOOLONG);

    rlimit before = {};
    getrlimit(RLIMIT_NOFILE, &before);
    const rlimit none = {0, before.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
    const PrimaryProbe probe = probe_primary(dir.path());
    setrlimit(RLIMIT_NOFILE, &before);
    EXPECT_EQ(probe.state, State::unknown);
    EXPECT_EQ(probe.error, EMFILE);
}

TEST(Start, AProcessWithoutANameIsAQuestionMark) {
    const Held nameless([] { return prctl(PR_SET_NAME, "") == 0; });
    EXPECT_EQ(process_name(nameless.pid()), "?");
}

TEST(Start, CoresAreThoseOfTheCpusetWhateverTheAffinity) {
    cpu_set_t before;
    ASSERT_EQ(sched_getaffinity(0, sizeof(before), &before), 0);
    const std::vector<int> cores = usable_cores();
    ASSERT_FALSE(cores.empty());
    EXPECT_TRUE(std::is_sorted(cores.begin(), cores.end()));
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(static_cast<std::size_t>(cores.back()), &one);
    ASSERT_EQ(sched_setaffinity(0, sizeof(one), &one), 0); /* as EAL's init does */
    EXPECT_EQ(usable_cores(), cores);
    cpu_set_t after;
    ASSERT_EQ(sched_getaffinity(0, sizeof(after), &after), 0);
    EXPECT_TRUE(CPU_EQUAL(&after, &one)) << "looking has changed it";
    sched_setaffinity(0, sizeof(before), &before);
}

TEST(IpcCore, IsOneOfThisMachineAndOfThisProcess) {
    std::optional<int> core;
    EXPECT_EQ(read_ipc_core("3", &core, {2, 3}, "0-3"), "");
    EXPECT_EQ(core, 3);
    EXPECT_EQ(read_ipc_core("4", &core, {2, 3}, "0-3"), "takes a core of this machine (0-3)");
    EXPECT_EQ(read_ipc_core("1", &core, {2, 3}, "0-3"),
              "takes a core that is available to this process (2-3; the machine has 0-3)");
    for (const char *text : {"", "x", "1x", "-1", "+1", " 1", "1.5", "1024", "99999999999"})
        EXPECT_EQ(read_ipc_core(text, &core, {2, 3}, "0-3"),
                  "takes the number of a core that is available here (2-3)")
            << text;
    EXPECT_EQ(core, 3) << "a wrong value changes nothing";
    EXPECT_EQ(read_ipc_core("5", &core, {}, ""), "") << "what is not known is not refused";
}

/* What another thread had opened when this program ran itself again. */
TEST(Start, TheNextRunClosesWhatCameThrough) {
    const UniqueFd came(open("/dev/null", O_RDONLY));
    const pid_t child = fork();
    if (child == 0) {
        setenv("MP_IPC_RESUME", "2 a state", 1);
        const auto resumed = take_resume();
        const bool taken = resumed && resumed->failed_starts == 2 && resumed->state == "a state";
        _exit(taken && fcntl(came.get(), F_GETFD) == -1 ? 0 : 1);
    }
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
}

/* Stopped as a whole for longer than a call may take: its main thread gets a last chance. */
TEST(Start, AProcessThatWasStoppedIsNotTakenForStuck) {
    using std::chrono::milliseconds;
    const pid_t child = fork();
    if (child == 0) {
        Watch watch([](Watch::Reason) { _exit(1); });
        {
            const Watch::Blocking blocking(watch, Watch::Call::until_done, milliseconds(200));
            const Clock::time_point before = Clock::now();
            kill(getpid(), SIGSTOP);
            while (Clock::now() - before < milliseconds(600)) /* another thread may have taken it */
                usleep(1000);
            usleep(150'000);
        }
        _exit(0);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, WUNTRACED), child);
    ASSERT_TRUE(WIFSTOPPED(status));
    usleep(700'000);
    kill(child, SIGCONT);
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
}

/* Between the look at the lock and pidfd_open() the primary may end, and its pid be another's. */
TEST(Start, AReusedPidIsNotFollowedAsThePrimary) {
    sigset_t before;
    pthread_sigmask(SIG_SETMASK, nullptr, &before);
    {
        const TempDir dir;
        dir.write("config");
        Watch watch([](Watch::Reason) { _exit(1); });
        watch.follow_primary(getpid(), dir.path()); /* lives, and holds no lock there */
        EXPECT_EQ(watch.reason(), Watch::Reason::primary_gone);
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace
}  // namespace mp_ipc::test
