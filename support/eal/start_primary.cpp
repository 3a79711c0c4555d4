/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/eal/eal_session.h"

#include <sys/resource.h>

#include <cerrno>
#include <utility>

#include <rte_eal.h>
#include <rte_errno.h>

#include "support/base/exit_status.h"
#include "support/base/unique_fd.h"
#include "support/console/console.h"
#include "support/eal/attach_gate.h"
#include "support/eal/eal_init.h"
#include "support/eal/heap.h"
#include "support/eal/hugepages.h"
#include "support/eal/linkage.h"
#include "support/eal/page_files.h"
#include "support/eal/start_checks.h"

namespace mp_ipc {
namespace {

/* The EAL option for memory on every node that may have clients; "" if the user has given one.
 * Without it the heap begins with a page on the nodes of the primary's own cores, and grows as
 * secondaries attach.
 */
std::string memory_option(const EalArgs &args, const Hugepages &pages) {
    if (!args.memory.empty() || !args.without_shared_files.empty())
        return {};
    const auto plan = plan_node_memory(pages);
    return plan.empty() ? std::string() : "--socket-mem=" + socket_mem(plan);
}

/* Prints the size of the heap and for how many clients it is enough, in one line. */
void say_memory() {
    const auto heap = look_at_heap();
    if (!heap)
        return;
    const std::string text = language() == Language::english
                                 ? "memory: " + heap_text(*heap) + " at one moment"
                                 : "内存：" + heap_sizes(*heap) + "，可同时连接 " +
                                       std::to_string(heap->clients_fit()) + " 个 Client";
    if (heap->clients_fit() < AttachGate::kPlaces)
        warn({"{}; to have more: {} (scripts/setup.sh reserves the hugepages)",
              "{}；如需更多：{}（scripts/setup.sh 预留大页）"},
             text, heap_advice(*heap));
    else
        diagnose(Severity::info, kComposed, text);
}

std::string second_primary(const EalArgs &args, const PrimaryProbe &probe) {
    return in_words({"a primary ({}) already runs under file prefix '{}': end it first, or choose "
                     "another --file-prefix",
                     "已有 primary（{}）在 file-prefix '{}' 下运行：请先结束它，或使用其他 "
                     "--file-prefix"},
                    process_text(probe.pid), args.file_prefix);
}

std::string left_over(const EalArgs &args, const std::vector<pid_t> &holders) {
    return in_words({"processes of an earlier primary still hold the files of file prefix '{}': "
                     "{}; end them, or choose another --file-prefix",
                     "之前的 primary 的进程仍占用 file-prefix '{}' 的文件：{}；请结束它们，"
                     "或使用其他 --file-prefix"},
                    args.file_prefix, holders_text(holders));
}

/* Waits for processes that hold the files of an earlier primary: arrays in the runtime directory,
 * hugepages.
 */
std::optional<Failure> wait_for_leftovers(const EalArgs &args,
                                          const std::vector<std::string> &huge_dirs,
                                          Clock::duration limit, Watch &watch) {
    const std::string dir = runtime_dir(args.file_prefix);
    const auto give_up = Clock::now() + limit;
    for (bool said = false;; said = true) {
        const auto holders = lock_holders(dir);
        const auto pages = check_page_files_free(huge_dirs, args.file_prefix);
        if (watch.ending())
            return Failure{kExitOk, {}};
        if (holders.empty() && !pages)
            return std::nullopt;
        if (Clock::now() >= give_up)
            return Failure{kExitFailure, holders.empty() ? pages->text : left_over(args, holders)};
        if (!said)
            warn({"waiting for processes that hold the files of file prefix '{}': {}",
                  "等待占用 file-prefix '{}' 的文件的进程：{}"},
                 args.file_prefix,
                 holders.empty() ? in_words({"its hugepages", "大页文件"}) : holders_text(holders));
        watch.sleep_until(Clock::now() + kLookAgain);
    }
}

/* `memory`: the option that was added to the user's own, or none. */
Failure why_primary_failed(const EalArgs &args, const PrimaryProbe &probe,
                           const std::string &memory) {
    const int why = rte_errno;
    const auto holders = lock_holders(probe.dir);
    rlimit addresses = {};
    getrlimit(RLIMIT_AS, &addresses);
    if (why == EINVAL)
        return Failure{kExitUsage, in_words(kBadOptions)};
    const auto failed = [](std::string text) { return Failure{kExitFailure, std::move(text)}; };
    const Line<1> because{"EAL could not start: {}", "EAL 无法启动：{}"};
    if (probe.lives())
        return failed(second_primary(args, probe));
    if (!holders.empty())
        return failed(left_over(args, holders));
    if (const auto threads = check_threads())
        return failed(in_words(because, threads->text));
    if (why == ENOMEM && addresses.rlim_cur != RLIM_INFINITY)
        return failed(in_words(
            {"EAL could not start{}: the address space of this process is limited to {} MiB "
             "(ulimit -v), and EAL reserves 64 GiB and more: raise the limit",
             "EAL 无法启动{}：本进程的地址空间上限是 {} MiB（ulimit -v），而 EAL 需要保留 64 GiB "
             "以上：请提高上限"},
            eal_error(), addresses.rlim_cur >> 20));
    if (const auto pages = hugepage_trouble(look_at_hugepages(args.huge_dir)))
        return failed(in_words(because, *pages));
    return failed(in_words(
        {"EAL could not start{}; its own lines above say why{}",
         "EAL 无法启动{}；原因见上面 EAL 自己的输出{}"},
        eal_error(),
        memory.empty() || why != ENOMEM
            ? ""
            : in_words({" ({} was to be reserved; give -m or --socket-mem for less memory)",
                        "（当时要预留 {}；可用 -m 或 --socket-mem 减少内存）"},
                       memory)));
}

}  // namespace

std::optional<Failure> start_primary(const EalArgs &args, Clock::duration leftover_wait,
                                     Watch &watch) {
    const std::string dir = runtime_dir(args.file_prefix);
    const PrimaryProbe other = probe_primary(dir);
    if (auto failure = check_before(args, other))
        return failure;
    if (other.lives())
        return Failure{kExitFailure, second_primary(args, other)};
    const Hugepages hugepages = look_at_hugepages(args.huge_dir);
    if (const auto trouble = first_bad({check_path_length(dir),
                                        check_runtime_usable(look_at_runtime(runtime_root(), dir)),
                                        check_primary_room(dir, hugepages.nodes.size())}))
        return Failure{kExitFailure, trouble->text};
    if (auto failure = wait_for_leftovers(args, hugepages.dirs, leftover_wait, watch))
        return failure;
    constexpr auto kLockLimit = std::chrono::seconds(10);
    for (const std::string &mount : hugepages.dirs) {
        if (auto failure = wait_for_lock(mount, kLockLimit, watch))
            return failure;
    }
    std::vector<std::string> words = args.eal;
    const std::string memory = memory_option(args, hugepages);
    if (!memory.empty())
        words.push_back(memory);
    rte_errno = 0;
    int result = 0;
    {
        /* Not interrupted: a primary that exits during its init leaves files that look alive. */
        const Watch::Blocking blocking(watch, Watch::Call::until_done);
        result = run_eal_init(words);
    }
    if (result < 0)
        return why_primary_failed(args, probe_primary(dir), memory);
    if (rte_eal_process_type() != RTE_PROC_PRIMARY)
        return Failure{
            kExitFailure,
            in_words({"{} must be the primary, but EAL made it a secondary: omit --proc-type",
                      "{} 必须是 primary，但 EAL 使它成为 secondary：请去掉 --proc-type"},
                     program().name)};
    if (auto failure = check_prefix_of_eal(args))
        return failure;
    note_linkage(dir);
    static const UniqueFd page_files = record_page_files(dir); /* until this process has ended */
    measure_attach_bytes();
    AttachGate::make(dir);
    say_memory();
    return std::nullopt;
}

}  // namespace mp_ipc
