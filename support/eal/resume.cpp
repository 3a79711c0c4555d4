/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/eal/resume.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <vector>

#include "support/base/files.h"

namespace mp_ipc {
namespace {
constexpr const char *kVariable = "MP_IPC_RESUME";
constexpr const char *kFailedStarts = "MP_IPC_FAILED_STARTS";

/* A thread that was inside rte_eal_init() may have opened a file between the mark that exec()
 * closes all and exec() itself: here nothing is open yet but such, with a lock that keeps the next
 * primary out.
 */
void close_what_came_through() {
    if (syscall(SYS_close_range, 3U, ~0U, 0U) == 0)
        return;
    for (const int fd : open_fds().value_or(std::vector<int>())) {
        if (fd >= 3)
            close(fd);
    }
}

}  // namespace

std::optional<std::string> take_resume() {
    const char *text = std::getenv(kVariable);
    if (text == nullptr)
        return std::nullopt;
    close_what_came_through();
    std::string left = text;
    unsetenv(kVariable);
    prctl(PR_SET_NAME, program_invocation_short_name); /* the kernel took "exe" from the path */
    return left;
}

unsigned take_failed_starts() {
    const char *text = std::getenv(kFailedStarts);
    const unsigned long count = text != nullptr ? std::strtoul(text, nullptr, 10) : 0;
    unsetenv(kFailedStarts);
    return static_cast<unsigned>(std::min<unsigned long>(count, kMostFailedStarts));
}

void leave_failed_starts(unsigned count) {
    setenv(kFailedStarts, std::to_string(count).c_str(), 1);
}

bool close_on_exec_one_by_one(int first) {
    /* Those that are open, not all numbers up to the limit, which may be a thousand million. */
    const auto fds = open_fds();
    if (!fds)
        return false;
    for (const int fd : *fds) {
        if (fd >= first)
            fcntl(fd, F_SETFD, FD_CLOEXEC);
    }
    return true;
}

bool close_on_exec(int first) {
    /* By number: glibc has the function since 2.34 only. The kernel has the flag since 5.11, and a
     * sandbox may forbid the call. */
    return syscall(SYS_close_range, static_cast<unsigned>(first), ~0U,
                   static_cast<unsigned>(CLOSE_RANGE_CLOEXEC)) == 0 ||
           close_on_exec_one_by_one(first);
}

void run_again(char *const *argv, const std::string &to_resume) {
    setenv(kVariable, to_resume.c_str(), 1);
    if (!close_on_exec(3))
        return;
    alarm(0); /* a pending one would outlive execve(), and end the next run */
    execv("/proc/self/exe", argv);
}

}  // namespace mp_ipc
