/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/eal/resume.h"

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

/* The files of the previous run: all of them where run_again() could not mark them for exec(), else
 * what a thread inside rte_eal_init() had opened after that. Their locks would keep the next
 * primary out. Nothing else is open yet, so all is closed.
 */
void close_what_came_through() {
    if (syscall(SYS_close_range, 3U, ~0U, 0U) == 0)
        return;
    /* Only those that are open: the limit of numbers may be a thousand million. */
    for (const int fd : open_fds().value_or(std::vector<int>())) {
        if (fd >= 3)
            close(fd);
    }
}

}  // namespace

std::optional<Resumed> take_resume() {
    const char *text = std::getenv(kVariable);
    if (text == nullptr)
        return std::nullopt;
    close_what_came_through();
    char *rest = nullptr;
    Resumed resumed;
    resumed.failed_starts = static_cast<unsigned>(
        std::min<unsigned long>(std::strtoul(text, &rest, 10), kMostFailedStarts));
    resumed.state = *rest == ' ' ? rest + 1 : rest;
    unsetenv(kVariable);
    prctl(PR_SET_NAME, program_invocation_short_name); /* it is "exe", of the path that was run */
    return resumed;
}

void run_again(char *const *argv, const Resumed &to_resume) {
    const std::string text = std::to_string(to_resume.failed_starts) + " " + to_resume.state;
    setenv(kVariable, text.c_str(), 1);
    /* By syscall(2): glibc has the function only since 2.34. The kernel has the flag since 5.11,
     * and a sandbox may forbid the call: then the next run closes them. */
    syscall(SYS_close_range, 3U, ~0U, static_cast<unsigned>(CLOSE_RANGE_CLOEXEC));
    alarm(0); /* a pending one would outlive execve(), and end the next run */
    execv("/proc/self/exe", argv);
}

}  // namespace mp_ipc
