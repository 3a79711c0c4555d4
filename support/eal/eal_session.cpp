/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/eal/eal_session.h"

#include <unistd.h>

#include <atomic>
#include <csignal>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#endif

namespace mp_ipc {

void limit_the_end(unsigned limit_s, int status) {
    static std::atomic<int> final_status;
    final_status = status;
    std::signal(SIGALRM, [](int) { _exit(final_status); });
    alarm(limit_s);
}

void end_process(int status) {
#if defined(__SANITIZE_ADDRESS__)
    __lsan_do_leak_check();
#endif
    _exit(status);
}

}  // namespace mp_ipc
