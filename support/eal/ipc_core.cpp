/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/eal/ipc_core.h"

#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "support/base/files.h"
#include "support/console/console.h"
#include "support/eal/ipc_socket.h"
#include "support/eal/watch.h"
#include "support/options/eal_args.h"

namespace mp_ipc {
namespace {

/* Under the default policy a thread that is woken may take the core from the one that wakes it. On
 * one core that is always too early: the IPC thread wakes the caller while it still holds the
 * library's lock, and the caller sleeps again on that. A policy that the user chose stays.
 */
void let_others_finish(pid_t tid) {
    const sched_param none = {};
    if (sched_getscheduler(tid) == SCHED_OTHER)
        sched_setscheduler(tid, SCHED_BATCH, &none); /* if refused: only slower */
}

}  // namespace

std::string read_ipc_core(std::string_view text, std::optional<int> *core,
                          const std::vector<int> &usable, const std::string &online) {
    const auto has = [](const std::vector<int> &cores, int wanted) {
        return cores.empty() ||
               std::ranges::find(cores, wanted) != cores.end(); /* empty: unknown */
    };
    int value = -1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < 0 ||
        value >= CPU_SETSIZE)
        return in_words({"takes the number of a core that is available here ({})",
                         "应为这里可用的一个核的编号（{}）"},
                        core_list(usable));
    if (!has(cores_of_list(online), value))
        return in_words({"takes a core of this machine ({})", "应为本机的一个核（{}）"}, online);
    if (!has(usable, value))
        return in_words({"takes a core that is available to this process ({}; the machine has {})",
                         "应为本进程可用的一个核（{}；本机有 {}）"},
                        core_list(usable), online);
    *core = value;
    return {};
}

bool put_ipc_thread_on(int core) {
    const pid_t tid = find_ipc_thread();
    if (tid == 0) {
        error(kNoIpcThread);
        return false;
    }
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<std::size_t>(core), &set);
    if (sched_setaffinity(tid, sizeof(set), &set) == 0) {
        let_others_finish(tid);
        let_others_finish(0);
        return true;
    }
    error(
        {"cannot put the EAL's IPC thread on core {}: {}", "无法将 EAL 的 IPC 线程绑定到核 {}：{}"},
        core, std::strerror(errno));
    return false;
}

std::string ipc_thread_cores() {
    return field_of("/proc/self/task/" + std::to_string(find_ipc_thread()) + "/status",
                    "Cpus_allowed_list:");
}

}  // namespace mp_ipc
