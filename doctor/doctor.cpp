/* SPDX-License-Identifier: BSD-3-Clause */
#include "doctor/doctor.h"

#include <unistd.h>

#include <cstring>

#include <rte_eal.h>
#include <rte_version.h>

#include "doctor/checks.h"
#include "support/base/cores.h"
#include "support/base/exit_status.h"
#include "support/base/files.h"
#include "support/console/console.h"
#include "support/eal/eal_session.h"
#include "support/eal/ipc_filter.h"
#include "support/eal/ipc_socket.h"
#include "support/eal/node_memory.h"
#include "support/eal/primary_config.h"
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
        switch (finding.verdict) {
            case Finding::Verdict::good:
                good_++;
                say({"✓ {}", "✓ {}"}, finding.text);
                break;
            case Finding::Verdict::bad:
                bad_++;
                say({"✗ {}", "✗ {}"}, finding.text);
                break;
            case Finding::Verdict::unknown:
                unknown_++;
                say({"– {}", "– {}"}, finding.text);
                break;
        }
    }
    unsigned bad() const { return bad_; }
    int finish() const {
        say({"Doctor: {} good, {} wrong, {} not checked", "检查结果：{} 正常，{} 异常，{} 未检查"},
            good_, bad_, unknown_);
        return bad_ == 0 && !console_failed() ? kExitOk : kExitFailure;
    }

  private:
    unsigned good_ = 0;
    unsigned bad_ = 0;
    unsigned unknown_ = 0;
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

/* Whether the cores are given by something else than -l: a mask or a mapping. */
bool has_other_core_option(const EalArgs &args) {
    for (std::size_t i = 1; i < args.eal.size(); i++) {
        const std::string_view arg = args.eal[i];
        if (arg.starts_with("-c") || arg.starts_with("--lc") || arg.starts_with("--corem"))
            return true;
    }
    return false;
}

PrefixFacts look_at_own_prefix(const EalArgs &args, Watch &watch) {
    PrefixFacts own;
    own.name = args.file_prefix;
    const std::string dir = runtime_dir(args.file_prefix);
    watch.look_until(kReadyLimit, [&] {
        own.probe = probe_primary(dir);
        return own.probe.state != PrimaryProbe::State::starting &&
               (own.probe.state != PrimaryProbe::State::alive || read_primary_config(dir));
    });
    own.socket_left = own.probe.state == PrimaryProbe::State::dead &&
                      access((dir + "/mp_socket").c_str(), F_OK) == 0;
    return own;
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
    int status = kExitOk;
    Again again = Again::no;
    std::string why;
    now_at({"a free place to attach, and then the server's answer",
            "连接名额，以及 Server 对连接的响应"});
    if (!wait_for_primary(args, std::nullopt, watch, &status, &why) ||
        !start_secondary(args, watch, &status, &again, &why)) {
        if (watch.reason() == Watch::Reason::stuck)
            return; /* reported at the end */
        notes->add(bad(in_words({"Attaching: failed: {}", "连接：失败：{}"}, why)));
        notes->add(
            check_aslr(aslr_value, again == Again::addresses ? Attach::failed : Attach::not_tried));
        skip_rest(in_words({"not attached", "未连接"}));
        return;
    }
    const IpcSocket socket = IpcSocket::find();
    socket.limit_sends(kSendLimit);
    let_in_well_formed_only(socket, DescriptorsIn::none);
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
        not_in_time(g_visit.waits_for, std::chrono::duration<double>(kVisitLimit).count()));
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
    const PrefixFacts own = look_at_own_prefix(args, watch);
    const std::vector<PrefixFacts> all = look_at_prefixes(root);
    const bool alive = own.probe.state == State::alive;

    notes.add(check_versions(MP_IPC_DPDK_VERSION, rte_version()));

    const Hugepages pages = look_at_hugepages(args.huge_dir);
    std::vector<std::string> dead;
    for (const PrefixFacts &prefix : all) {
        if (prefix.probe.state == State::dead)
            dead.push_back(prefix.name);
    }
    notes.add(check_hugepages(pages, look_at_left_pages(pages.mounts, dead), alive));
    notes.add(check_hugepage_mount(pages, args.huge_dir, alive));

    notes.add(check_runtime(look_at_runtime(root, dir)));
    notes.add(check_prefix(own, lock_holders(dir), all));
    if (own.probe.state == State::unknown)
        notes.add(not_checked(in_words({"Client sockets", "Client 套接字"}),
                              std::strerror(own.probe.error)));
    else if (own.probe.state == State::forbidden)
        notes.add(not_checked(in_words({"Client sockets", "Client 套接字"}),
                              in_words({"no permission", "没有权限"})));
    else
        notes.add(check_stale_sockets(client_sockets(dir)));
    notes.add(check_path_length(dir));

    CoreFacts cores;
    cores.list = args.lcores;
    cores.other_option = has_other_core_option(args);
    cores.available = usable_cores();
    const ProcessFacts server = alive ? look_at_process(own.probe.pid) : ProcessFacts();
    if (server.seen)
        cores.server = server;
    cores.server_elsewhere = alive && !server.seen;
    const std::optional<Finding> options = check_options(args);
    const Finding start = options.value_or(check_cores(cores));
    notes.add(start);
    if (const auto process = check_process())
        notes.add(*process);

    if (!alive)
        notes.add(check_primary_room(dir, look_at_hugepage_room(args.huge_dir).nodes.size()));
    std::string stands; /* why this process cannot attach to the server, or empty */
    const std::string ipc_thread = in_words({"IPC thread", "IPC 线程"});
    if (start.verdict == Finding::Verdict::bad)
        stands = args.without_shared_files.empty()
                     ? in_words({"correct the cores first", "请先解决核的问题"})
                     : args.without_shared_files;
    else if (own.probe.state == State::forbidden || own.probe.state == State::unknown)
        stands = in_words({"the prefix cannot be looked at", "无法查看该 file-prefix"});
    else if (!alive)
        stands = in_words({"no live server", "没有运行中的 Server"});
    if (!stands.empty()) {
        notes.add(not_checked(ipc_thread, stands));
    } else {
        const bool reads = has_room(primary_socket(dir), kSendLimit);
        const Finding finding = check_ipc_thread(server, own.probe.pid, reads);
        notes.add(finding);
        /* To attach to such a server would take as long as its requests take to time out. */
        if (finding.verdict == Finding::Verdict::bad)
            stands = in_words({"the server takes no messages", "Server 不接收消息"});
    }
    const auto seen_before = notes.bad();
    if (alive) {
        for (const Finding &finding : check_attach(own.probe, args.file_prefix))
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
