/* SPDX-License-Identifier: BSD-3-Clause */
#include "doctor/doctor.h"

#include <unistd.h>

#include <array>
#include <cstring>

#include <rte_eal.h>
#include <rte_version.h>

#include "doctor/checks.h"
#include "support/base/cores.h"
#include "support/base/exit_status.h"
#include "support/base/files.h"
#include "support/base/text.h"
#include "support/console/console.h"
#include "support/eal/eal_session.h"
#include "support/eal/heap_question.h"
#include "support/eal/ipc_filter.h"
#include "support/eal/ipc_socket.h"
#include "support/eal/page_files.h"
#include "support/eal/start_checks.h"
#include "support/eal/watch.h"

namespace mp_ipc {
namespace {

/* A primary that has taken its lock finishes its init within this. */
constexpr auto kReadyLimit = std::chrono::seconds(2);

/* Of the whole visit, whatever the server does. If even the last lines take too long, the process
 * ends one second later. */
constexpr auto kVisitLimit = std::chrono::seconds(9);

/* The lines of a visit, and how many of each kind there were. */
class Notes {
  public:
    void add(const Finding &finding) {
        constexpr const char *kMarks[] = {"✓", "✗", "–"}; /* as counts_ */
        const auto verdict = static_cast<std::size_t>(finding.verdict);
        counts_[verdict]++;
        say({"{} {}", "{} {}"}, kMarks[verdict], finding.text);
    }
    unsigned bad() const { return count(Finding::Verdict::bad); }
    int finish() const {
        say({"Doctor: {} good, {} wrong, {} not checked", "检查结果：{} 正常，{} 异常，{} 未检查"},
            count(Finding::Verdict::good), bad(), count(Finding::Verdict::unknown));
        return bad() == 0 && !console_failed() ? kExitOk : kExitFailure;
    }

  private:
    unsigned count(Finding::Verdict verdict) const {
        return counts_[static_cast<std::size_t>(verdict)];
    }

    std::array<unsigned, 3> counts_{}; /* good, bad, unknown */
};

/* The visit that runs; exit_blocked() ends it if the main thread does not return from a call. */
struct {
    Notes notes;
    std::string waits_for; /* what the main thread waits for */
    Clock::time_point ends_at;
} g_visit;

void now_at(const Line<0> &line) {
    g_visit.waits_for = in_words(line);
}

/* `heap`: the server's answer; nullopt: it gave none. */
Finding check_heap(const std::optional<HeapAnswer> &heap) {
    if (!heap)
        return not_checked(in_words({"Heap", "堆"}),
                           in_words({"the server does not report it by telemetry",
                                     "Server 没有通过 telemetry 提供"}));
    if (heap->clients_fit == 0)
        return bad(in_words({"Heap of the server: {} in use, no room for another client: start "
                             "mp_server with more, such as {}",
                             "Server 的堆：已用 {}，无法再连接 Client：请给 mp_server 更多内存，"
                             "如 {}"},
                            printable(heap->heap), printable(heap->advice)));
    return good(in_words({"Heap of the server: {} in use, room for {} clients at one moment",
                          "Server 的堆：已用 {}，可同时连接 {} 个 Client"},
                         printable(heap->heap), heap->clients_fit));
}

/* The checks that only a secondary can make. `stands`: why it cannot attach, or empty. */
void look_from_inside(const EalArgs &args, double timeout_s, const Visit &visit,
                      const std::string &stands, Watch &watch) {
    Notes *notes = &g_visit.notes;
    const std::optional<unsigned long> aslr = number_in("/proc/sys/kernel/randomize_va_space");
    const auto aslr_value = aslr ? std::optional(static_cast<int>(*aslr)) : std::nullopt;
    const std::string attach = in_words({"Attaching", "连接"});
    const std::optional<HeapAnswer> heap =
        stands.empty() ? ask_for_heap(runtime_dir(args.file_prefix)) : std::nullopt;
    notes->add(stands.empty() ? check_heap(heap) : not_checked(in_words({"Heap", "堆"}), stands));
    const auto skip_rest = [&](const std::string &why) {
        for (const Question &question : visit)
            notes->add(not_checked(question.name, why));
    };
    if (!stands.empty()) {
        notes->add(not_checked(attach, stands));
        notes->add(check_aslr(aslr_value, Attach::not_tried));
        skip_rest(stands);
        return;
    }
    now_at({"a free place to attach, and then the server's answer",
            "连接名额，以及 Server 对连接的响应"});
    std::optional<Failure> failure = wait_for_primary(args, std::nullopt, watch);
    if (!failure)
        failure = start_secondary(args, watch);
    if (failure) {
        if (watch.reason() == Watch::Reason::stuck)
            return; /* reported at the end */
        notes->add(bad(in_words({"Attaching: failed: {}", "连接：失败：{}"}, failure->text)));
        notes->add(check_aslr(
            aslr_value, failure->again == Again::addresses ? Attach::failed : Attach::not_tried));
        skip_rest(in_words({"not attached", "未连接"}));
        return;
    }
    const IpcSocket socket = IpcSocket::find();
    socket.limit_sends(kSendLimit);
    attach_datagram_filter(socket, DescriptorsIn::none);
    notes->add(good(in_words({"Attaching: done, as a secondary", "连接：成功（secondary）"})));
    notes->add(check_aslr(aslr_value, Attach::done));
    const unsigned bad_before = notes->bad();
    for (const Question &question : visit) {
        /* What remains of the visit, less a moment to print its result. */
        const std::chrono::duration<double> left = g_visit.ends_at - Clock::now();
        now_at(question.waits_for);
        notes->add(notes->bad() == bad_before
                       ? question.ask(timeout_s, std::max(0.1, left.count() - 0.5), watch)
                       : not_checked(question.name,
                                     in_words({"no mp_server to ask", "没有可询问的 mp_server"})));
    }
}

/* Prints the end of a visit whose time is over. */
void finish_late() {
    g_visit.notes.add(
        bad(in_words({"Not finished within {} s: waited for {}", "{} 秒内未完成：在等待{}"},
                     kVisitLimit.count(), g_visit.waits_for)));
    g_visit.notes.finish();
}

/* The end while a call of the library does not return: on the watching thread. */
[[noreturn]] void exit_blocked(Watch::Reason reason) {
    if (reason == Watch::Reason::primary_gone)
        error({"the server went away during the check", "检查期间 Server 已断开"});
    else if (reason == Watch::Reason::stuck)
        finish_late();
    IpcSocket::find().remove_file();
    _exit(kExitFailure);
}

}  // namespace

int run_doctor(const EalArgs &args, double timeout_s, const Visit &visit) {
    using State = PrimaryProbe::State;
    g_visit.ends_at = Clock::now() + kVisitLimit;
    limit_the_end(static_cast<unsigned>(kVisitLimit.count()) + 1, kExitFailure);
    Watch watch(exit_blocked);
    watch.end_by(g_visit.ends_at);
    Notes &notes = g_visit.notes;
    now_at({"the server's start", "Server 启动"});
    const std::string root = runtime_root();
    const std::string dir = runtime_dir(args.file_prefix);
    PrimaryProbe own;
    watch.look_until(kReadyLimit, [&] {
        own = probe_primary(dir);
        return own.state != State::starting;
    });
    const std::vector<PrimaryProbe> all = probe_prefixes();
    const bool alive = own.state == State::alive;

    notes.add(check_versions(MP_IPC_DPDK_VERSION, rte_version()));

    const Hugepages pages = look_at_hugepages(args.huge_dir);
    std::vector<std::string> left;
    for (const PrimaryProbe &other : all) {
        if (other.state != State::dead)
            continue;
        if (const std::size_t files = page_files(pages.mounts, other.prefix()).size(); files > 0)
            left.push_back(printable(other.prefix()) + "map_* (" + std::to_string(files) + ")");
    }
    notes.add(check_hugepages(pages, left, alive));
    notes.add(check_hugepage_mount(pages, args.huge_dir, alive));

    notes.add(check_runtime(look_at_runtime(root, dir)));
    notes.add(check_prefix(args.file_prefix, own, lock_holders(dir), all));
    if (own.state == State::unknown)
        notes.add(
            not_checked(in_words({"Client sockets", "Client 套接字"}), std::strerror(own.error)));
    else if (own.state == State::forbidden)
        notes.add(not_checked(in_words({"Client sockets", "Client 套接字"}),
                              in_words({"no permission", "没有权限"})));
    else
        notes.add(check_stale_sockets(client_sockets(dir)));
    notes.add(check_path_length(dir));

    const ProcessFacts server = alive ? look_at_process(own.pid) : ProcessFacts();
    const std::optional<Finding> options = check_options(args);
    const Finding start = options.value_or(check_cores(args, usable_cores(), alive, server));
    notes.add(start);
    if (const auto process = check_process())
        notes.add(*process);

    if (!alive)
        notes.add(check_primary_room(dir, pages.nodes.size()));
    std::string stands; /* why this process cannot attach to the server, or empty */
    const std::string ipc_thread = in_words({"IPC thread", "IPC 线程"});
    if (start.verdict == Finding::Verdict::bad)
        stands = args.without_shared_files.empty()
                     ? in_words({"correct the cores first", "请先解决核的问题"})
                     : args.without_shared_files;
    else if (own.state == State::forbidden || own.state == State::unknown)
        stands = in_words({"the prefix cannot be looked at", "无法查看该 file-prefix"});
    else if (!alive)
        stands = in_words({"no live server", "没有运行中的 Server"});
    if (!stands.empty()) {
        notes.add(not_checked(ipc_thread, stands));
    } else {
        const bool reads = has_room(primary_socket(dir), kSendLimit);
        const Finding finding = check_ipc_thread(server, own.pid, reads);
        notes.add(finding);
        /* To attach to such a server would take as long as its requests take to time out. */
        if (finding.verdict == Finding::Verdict::bad)
            stands = in_words({"the server takes no messages", "Server 不接收消息"});
    }
    const auto seen_before = notes.bad();
    if (alive) {
        for (const Finding &finding : check_attach(own, args.file_prefix))
            notes.add(finding);
    }
    if (stands.empty() && notes.bad() > seen_before)
        stands = in_words({"see above", "见上"});
    look_from_inside(args, timeout_s, visit, stands, watch);
    const Watch::Reason reason = watch.reason();
    int status = kExitFailure;
    if (reason == Watch::Reason::stuck)
        finish_late();
    else if (reason == Watch::Reason::none || reason == Watch::Reason::primary_gone)
        status = notes.finish();
    IpcSocket::find().remove_file();
    return status;
}

}  // namespace mp_ipc
