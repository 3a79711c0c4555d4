/* SPDX-License-Identifier: BSD-3-Clause */
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <initializer_list>
#include <string_view>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_service_component.h>

#include "support/base/exit_status.h"
#include "support/base/text.h"
#include "support/console/console.h"
#include "support/eal/attach_gate.h"
#include "support/eal/eal_init.h"
#include "support/eal/eal_session.h"
#include "support/eal/heap_question.h"
#include "support/eal/ipc_socket.h"
#include "support/eal/start_checks.h"

namespace mp_ipc {
namespace {

/* A primary that holds its lock finishes its init within this, or is stuck in it. */
constexpr auto kStartLimit = std::chrono::seconds(10);
/* The same for the secondary's own rte_eal_init(), which may wait 5 s for a busy primary's reply.
 */
constexpr auto kAttachLimit = std::chrono::seconds(20);

/* Frees what rte_eal_init() of a secondary took of the primary's heap for services that it does not
 * run: 150 KB in 22.11. At once, and not at the end, for two reasons. A client that is killed later
 * holds none of it; and the heap does not grow with the number of clients. If it has grown, the
 * process that frees the last of a page holds two locks of shared memory until the primary has
 * answered, for 5 s if that is busy. If it ends meanwhile, no other process gets these locks again.
 */
void give_back_service_memory() {
    rte_service_finalize();
}

std::string no_primary(const EalArgs &args, const PrimaryProbe &probe) {
    using State = PrimaryProbe::State;
    std::string why;
    const RuntimeFacts runtime = look_at_runtime(runtime_root(), probe.dir);
    if (probe.state == State::no_files && runtime.error == ENOENT)
        why = in_words({"there is no {} to look in", "{} 不存在"}, runtime.missing_at);
    else if (probe.state == State::no_files && runtime.error == ENOTDIR)
        why = in_words({"{}: {}", "{}：{}"}, runtime.missing_at, std::strerror(runtime.error));
    else if (probe.state == State::no_files)
        why = in_words({"there is no {}/config", "{}/config 不存在"}, probe.dir);
    else if (probe.state == State::dead)
        why = in_words({"{}/config is there, but the primary that made it has ended",
                        "有 {}/config，但创建它的 primary 已结束"},
                       probe.dir);
    else
        why = in_words({"the primary ({}) has not finished its start", "primary（{}）没有完成启动"},
                       process_text(probe.pid));
    const std::string others = elsewhere(args.file_prefix);
    auto live = probe_prefixes();
    std::erase_if(live, [](const PrimaryProbe &other) { return !other.lives(); });
    return in_words(
        {"no primary runs under file prefix '{}': {}{} ({})",
         "file-prefix '{}' 下没有 primary 运行：{}{}（{}）"},
        args.file_prefix, why,
        others.empty() ? in_words({"; start {} with the same --file-prefix first",
                                   "；请先用相同的 --file-prefix 启动 {}"},
                                  program().peer)
                       : others,
        live.empty()
            ? in_words({"no prefix under {} has a live primary", "{} 下没有运行中的 primary"},
                       runtime_root())
            : in_words({"prefixes with a live primary: {}", "有 primary 运行的 file-prefix：{}"},
                       joined(live, [](const PrimaryProbe &other) { return other.prefix(); })));
}

}  // namespace

std::optional<Failure> wait_for_primary(const EalArgs &args, std::optional<Clock::duration> wait,
                                        Watch &watch) {
    using State = PrimaryProbe::State;
    const std::string dir = runtime_dir(args.file_prefix);
    const auto begin = Clock::now();
    for (bool first = true;; first = false) {
        const PrimaryProbe probe = probe_primary(dir);
        if (first || probe.state == State::unknown) {
            if (auto failure = check_before(args, probe))
                return failure;
        }
        if (probe.state == State::alive) {
            watch.follow_primary(probe.pid, dir);
            return std::nullopt;
        }
        if (watch.ending())
            return Failure{kExitOk, {}};
        if (probe.state == State::forbidden)
            return Failure{
                kExitFailure,
                in_words({"no permission to look into {}: run {} as the user who runs {}{}",
                          "没有查看 {} 的权限：运行 {} 的用户应与运行 {} 的用户相同{}"},
                         dir, program().name, program().peer, elsewhere(args.file_prefix))};
        const auto waited = Clock::now() - begin;
        const bool in_time = wait ? (*wait == Clock::duration::zero() || waited < *wait)
                                  : (probe.state == State::starting && waited < kStartLimit);
        if (!in_time)
            return Failure{kExitNoPrimary, no_primary(args, probe)};
        if (wait && first)
            say({"[{}] Waiting for a server under file prefix '{}'",
                 "[{}] 等待 Server, file-prefix '{}'"},
                program().tag, args.file_prefix);
        watch.sleep_until(Clock::now() + kLookAgain);
    }
}

namespace {

/* Waits for a place among those that attach, and checks that nothing prevents it. */
std::optional<Failure> check_attachable(AttachGate &gate, const EalArgs &args, Watch &watch) {
    const std::string dir = runtime_dir(args.file_prefix);
    const auto outcome = gate.enter([&](std::chrono::milliseconds pause) {
        watch.sleep_until(Clock::now() + pause);
        return !watch.ending();
    });
    if (outcome == AttachGate::Outcome::interrupted)
        return Failure{kExitOk, {}};
    if (gate.row() > 0)
        warn({"clients that are attaching make no progress, stopped perhaps: {}; not waiting for "
              "them",
              "正在连接的 Client 没有进展，可能已暂停：{}；不再等待它们"},
             holders_text(gate.holders(gate.row() - 1)));
    const PrimaryProbe primary = probe_primary(dir);
    make_room(dir);
    if (const auto trouble = first_bad(
            {check_runtime_usable(look_at_runtime(runtime_root(), dir)), check_path_length(dir)}))
        return Failure{kExitFailure, trouble->text};
    if (const auto trouble = first_bad(check_attach(primary, args.file_prefix)))
        return Failure{kExitFailure, trouble->text};
    constexpr auto kLockLimit = std::chrono::seconds(5);
    if (auto failure = wait_for_lock(dir, kLockLimit, watch))
        return failure;
    /* Attaching sends a request, and holds locks while that waits for room. */
    constexpr auto kRoomLimit = std::chrono::seconds(10);
    const auto has_room_now = [&] {
        return has_room(primary_socket(dir), std::chrono::milliseconds(0));
    };
    if (!watch.look_until(kRoomLimit, has_room_now))
        return Failure{kExitFailure,
                       in_words({"the server does not read its messages, its queue is full: is it "
                                 "stopped, or busy? Let it go on, or restart it",
                                 "Server 没有读取消息，队列已满：是否已暂停，或繁忙？"
                                 "请让它继续运行，或重新启动它"})};
    const auto heap = ask_for_heap(dir);
    if (heap && heap->clients_fit == 0)
        return Failure{
            kExitFailure,
            in_words({"the server's heap has no room for another client ({}): start {} with "
                      "more memory, such as {}",
                      "Server 的堆无法再连接 Client（{}）：请给 {} 更多内存，如 {}"},
                     heap->heap, program().peer, heap->advice)};
    return std::nullopt;
}

bool has_line(const std::vector<std::string> &errors,
              std::initializer_list<std::string_view> parts) {
    return std::ranges::any_of(errors, [&](const std::string &line) {
        return std::ranges::any_of(
            parts, [&](std::string_view part) { return line.find(part) != std::string::npos; });
    });
}

/* Whether EAL could not lock the files of its memory map that it had just made, though no other
 * process has files of this name. At the end of its init each process locks files to see whether
 * they are left over, and then removes them. It may lock one between the open() and the flock() of
 * another start.
 */
bool files_were_locked(const EalArgs &args, Watch &watch, const std::vector<std::string> &errors) {
    constexpr auto kMoment =
        std::chrono::milliseconds(200); /* a client keeps its locks for longer */
    return has_line(errors, {"Cannot initialize local memory map"}) &&
           watch.look_until(kMoment, [&] {
               return check_own_names(runtime_dir(args.file_prefix)).verdict ==
                      Finding::Verdict::good;
           });
}

Again may_succeed_again(const EalArgs &args, Watch &watch, const std::vector<std::string> &errors) {
    /* In EAL's errors about memory areas, fbarrays and the configuration: 22.11 to 26.07. */
    if (has_line(errors, {"area at requested address", "base-virtaddr"}))
        return Again::addresses;
    return files_were_locked(args, watch, errors) ? Again::files : Again::no;
}

/* `start` and the reason: what is found to be wrong now, or the first error that EAL logged. */
std::string eal_failure(const EalArgs &args, const std::string &start,
                        const std::vector<std::string> &errors, Again again) {
    if (const auto threads = check_threads())
        return in_words({"{}: {}", "{}：{}"}, start, threads->text);
    const Finding room = check_secondary_room(runtime_dir(args.file_prefix));
    if (room.verdict == Finding::Verdict::bad)
        return in_words({"{}: {}", "{}：{}"}, start, room.text);
    if (again == Again::addresses)
        return in_words(
            {"{}: the addresses of the primary's memory are taken in this process, by address "
             "space randomization (ASLR); if this goes on, start the primary with "
             "--base-virtaddr=0x200000000000",
             "{}：由于地址空间随机化（ASLR），primary 内存所在的地址在本进程中已被占用；"
             "如果一直如此，请用 --base-virtaddr=0x200000000000 启动 primary"},
            start);
    if (again == Again::files)
        return in_words({"{}: another process that started at this moment took its files for "
                         "those of an exited one",
                         "{}：同时启动的另一个进程把它的文件当成了已退出进程的遗留文件"},
                        start);
    if (errors.empty())
        return in_words({"{}; the reason is not known: EAL has logged no error (is its log off, by "
                         "--log-level?)",
                         "{}；原因未知：EAL 没有输出错误（日志是否被 --log-level 关闭？）"},
                        start);
    return in_words({"{}; the reason is not known; EAL's first error: {}",
                     "{}；原因未知；EAL 的第一条错误：{}"},
                    start, errors.front());
}

}  // namespace

std::optional<Failure> start_secondary(const EalArgs &args, Watch &watch) {
    AttachGate gate(runtime_dir(args.file_prefix)); /* its place is free again at every return */
    if (auto failure = check_attachable(gate, args, watch))
        return failure;
    rte_errno = 0;
    int result = 0;
    std::vector<std::string> errors;
    {
        /* Ctrl-C waits for its end: to exit inside may leave a lock in shared memory held for ever.
         * It takes 0.1 s. */
        const Watch::Blocking blocking(watch, Watch::Call::until_primary_gone, kAttachLimit);
        result = run_eal_init(args.eal, &errors);
        if (result >= 0 && rte_eal_process_type() == RTE_PROC_SECONDARY)
            give_back_service_memory();
    }
    if (result < 0) {
        if (rte_errno == EINVAL)
            return Failure{kExitUsage, in_words(kBadOptions)};
        const std::string start = in_words(
            {"EAL could not attach to the primary{}", "EAL 无法连接 primary{}"}, eal_error());
        const Again again = may_succeed_again(args, watch, errors);
        return Failure{kExitFailure, eal_failure(args, start, errors, again), again};
    }
    if (rte_eal_process_type() != RTE_PROC_SECONDARY)
        return Failure{
            kExitFailure,
            in_words({"{} must be a secondary, but EAL made it a primary: omit --proc-type",
                      "{} 必须是 secondary，但 EAL 使它成为 primary：请去掉 --proc-type"},
                     program().name)};
    if (auto failure = check_prefix_of_eal(args))
        return failure;
    /* If EAL cannot make a secondary's socket or its thread, rte_eal_init() still succeeds, but no
     * reply arrives. */
    if (!IpcSocket::find().found()) {
        const std::string start =
            in_words({"EAL could not make this client's socket in {}, so no reply can reach it",
                      "EAL 无法在 {} 中创建本 Client 的套接字，因此收不到任何回复"},
                     rte_eal_get_runtime_dir());
        return Failure{kExitFailure,
                       eal_failure(args, start, errors, may_succeed_again(args, watch, errors))};
    }
    return std::nullopt;
}

}  // namespace mp_ipc
