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

/* A thread inside rte_eal_init() may have opened a file after close_on_exec() and before exec().
 * Its lock would keep the next primary out. Nothing else is open yet, so all is closed.
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
    prctl(PR_SET_NAME, program_invocation_short_name); /* it is "exe", of the path that was run */
    return left;
}

unsigned take_failed_starts() {
    const char *text = std::getenv(kFailedStarts);
    const unsigned long count = text != nullptr ? std::strtoul(text, nullptr, 10) : 0;
    unsetenv(kFailedStarts);
    return static_cast<unsigned>(std::min<unsigned long>(count, kMostFailedStarts));
}

void hand_over_failed_starts(unsigned count) {
    setenv(kFailedStarts, std::to_string(count).c_str(), 1);
}

bool close_on_exec_one_by_one(int first) {
    /* Only those that are open: the limit of numbers may be a thousand million. */
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
    /* By syscall(2): glibc has the function only since 2.34. The kernel has the flag since 5.11,
     * and a sandbox may forbid the call. */
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
