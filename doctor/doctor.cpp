/* SPDX-License-Identifier: BSD-3-Clause */
#include "doctor/doctor.h"

#include <unistd.h>

#include <cstring>
#include <fstream>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_memzone.h>
#include <rte_version.h>

#include "common.h"
#include "doctor/checks.h"
#include "exercises/ping.h"
#include "support/base/cores.h"
#include "support/base/exit_status.h"
#include "support/base/files.h"
#include "support/base/message.h"
#include "support/base/received_fds.h"
#include "support/console/console.h"
#include "support/eal/eal_session.h"
#include "support/eal/ipc_filter.h"
#include "support/eal/ipc_socket.h"
#include "support/eal/linkage.h"
#include "support/eal/watch.h"
#include "support/ipc/reply_messages.h"

namespace mp_ipc {
namespace {

/* A primary between its lock and its socket is done with that well within this. */
constexpr auto kReadyLimit = std::chrono::seconds(2);

/* Of the whole visit, whatever the server does. Should even the last lines take too long, the
 * process ends a second later. */
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
    int finish() const {
        say({"Doctor: {} good, {} wrong, {} not checked", "检查结果: {} 正常, {} 异常, {} 未检查"},
            good_, bad_, unknown_);
        return bad_ == 0 && !console_failed() ? kExitOk : kExitFailure;
    }

  private:
    unsigned good_ = 0;
    unsigned bad_ = 0;
    unsigned unknown_ = 0;
};

/* For leave(), which ends it while the main thread does not come out of a call. */
struct {
    Notes notes;
    std::string waits_for; /* what the main thread is at */
    Clock::time_point ends_at;
} g_visit;

void now_at(const Line<0> &line) {
    g_visit.waits_for = std::string(line.in(language()));
}

std::string words(const Line<0> &line) {
    return std::string(line.in(language()));
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
        return own.probe.state != PrimaryProbe::State::starting;
    });
    own.socket_left = own.probe.state == PrimaryProbe::State::dead &&
                      access((dir + "/mp_socket").c_str(), F_OK) == 0;
    return own;
}

ZoneFacts look_at_zone() {
    ZoneFacts facts;
    const rte_memzone *zone = rte_memzone_lookup(kSharedInfoName);
    if (zone == nullptr)
        return facts;
    facts.found = true;
    facts.size = zone->len;
    if (zone->len < sizeof(SharedInfo))
        return facts;
    const auto *shared = static_cast<const SharedInfo *>(zone->addr);
    facts.boot_id = shared->boot_id;
    facts.shutting_down = shared->force_quit != 0;
    return facts;
}

/* One ping_request, as mp_client's ping sends it. */
PingFacts ping(std::uint64_t boot_id, double timeout_s, Watch &watch) {
    PingFacts facts;
    const Clock::time_point begin = Clock::now();
    /* What is left of the visit, less a moment to say what came of it. */
    const Clock::duration left = g_visit.ends_at - begin - std::chrono::milliseconds(500);
    facts.timeout_s =
        std::min(timeout_s, std::max(0.1, std::chrono::duration<double>(left).count()));
    const timespec timeout = to_timespec(seconds(facts.timeout_s));
    PingRequest ping;
    ping.header = {kVersion, Status::ok, 1, boot_id};
    ping.sent_ns = monotonic_ns(begin);
    rte_mp_msg request = make_message(kMsgPing);
    fill(request, ping);
    struct rte_mp_reply reply = {}; /* rte_mp_reply names a function as well */
    int result = 0;
    {
        const Watch::Blocking blocking(watch, Watch::Blocking::Interruptible::yes);
        result = rte_mp_request_sync(&request, &reply, &timeout);
    }
    const ReplyMessages messages(reply);
    facts.time_ms = std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
    PingReply answer;
    if (result != 0) {
        facts.timed_out = rte_errno == ETIMEDOUT;
        facts.trouble = rte_strerror(rte_errno);
    } else if (messages.count() == 0) {
        facts.trouble = "the server asked to be ignored";
    } else if (const Status status = read_struct(messages[0], &answer); status != Status::ok) {
        facts.trouble = status_text(status);
    } else if (answer.header.status != Status::ok) {
        facts.trouble = status_text(answer.header.status);
    } else if (answer.header.sequence != 1 || answer.sent_ns != ping.sent_ns) {
        facts.trouble = "it answers another request";
    }
    return facts;
}

/* What only a secondary can see. `stands`: why it is not attached, or empty. */
void visit_server(const EalArgs &args, double timeout_s, const std::string &stands, Watch &watch) {
    Notes *notes = &g_visit.notes;
    const std::optional<unsigned long> aslr = number_in("/proc/sys/kernel/randomize_va_space");
    const auto aslr_value = aslr ? std::optional(static_cast<int>(*aslr)) : std::nullopt;
    const std::string attach = words({"Attaching", "连接"});
    const std::string zone_name = std::string("Memzone ") + kSharedInfoName;
    const std::optional<HeapAnswer> heap =
        stands.empty() ? ask_for_heap(runtime_dir(args.file_prefix)) : std::nullopt;
    notes->add(stands.empty() ? check_heap(heap) : not_checked("Heap", stands));
    const auto skip_rest = [&](const std::string &why) {
        notes->add(not_checked(zone_name, why));
        notes->add(not_checked("Ping", why));
    };
    if (!stands.empty()) {
        notes->add(not_checked(attach, stands));
        notes->add(check_aslr(aslr_value, Attach::not_tried));
        skip_rest(stands);
        return;
    }
    if (const std::string trouble = linkage_trouble(runtime_dir(args.file_prefix));
        !trouble.empty()) {
        notes->add({Finding::Verdict::bad, attach + ": " + trouble});
        notes->add(check_aslr(aslr_value, Attach::not_tried));
        skip_rest(words({"not attached", "未连接"}));
        return;
    }
    int status = kExitOk;
    now_at({"a place among the clients that attach, and the server's part in it",
            "连接名额, 以及 Server 对连接的响应"});
    if (!wait_for_primary(args, std::nullopt, watch, &status) ||
        !start_secondary(args, watch, &status)) {
        if (watch.reason() == Watch::Reason::stuck)
            return; /* said at the end */
        notes->add({Finding::Verdict::bad,
                    words({"Attaching: failed; the line before this one, on stderr, says why",
                           "连接: 失败; 原因见此行之前的 stderr 输出"})});
        notes->add(check_aslr(aslr_value, Attach::failed));
        skip_rest(words({"not attached", "未连接"}));
        return;
    }
    const IpcSocket socket = IpcSocket::find();
    socket.limit_sends(kSendLimit);
    let_in_well_formed_only(socket, DescriptorsIn::none);
    remember_own_fds();
    notes->add({Finding::Verdict::good,
                words({"Attaching: done, as a secondary", "连接: 成功 (secondary)"})});
    notes->add(check_aslr(aslr_value, Attach::done));
    now_at({"the lock of the memzones", "memzone 的锁"});
    const ZoneFacts zone = [&] {
        const Watch::Blocking blocking(watch, Watch::Blocking::Interruptible::yes);
        return look_at_zone();
    }();
    now_at({"the server's reply to a ping", "Server 对 ping 的回复"});
    const Finding zone_finding = check_zone(zone);
    notes->add(zone_finding);
    if (zone_finding.verdict == Finding::Verdict::bad)
        notes->add(not_checked("Ping", words({"no mp_server to ask", "没有可询问的 mp_server"})));
    else
        notes->add(check_ping(ping(zone.boot_id, timeout_s, watch)));
}

/* Of a visit whose time is over. */
void finish_late() {
    g_visit.notes.add(
        not_in_time(g_visit.waits_for, std::chrono::duration<double>(kVisitLimit).count()));
    g_visit.notes.finish();
}

/* The end while a call of the library does not return. */
[[noreturn]] void leave(Watch::Reason reason) {
    if (reason == Watch::Reason::primary_gone)
        error("the server went away during the check");
    else if (reason == Watch::Reason::stuck)
        finish_late();
    IpcSocket::find().remove_file();
    _exit(kExitFailure);
}

}  // namespace

int run_doctor(const EalArgs &args, double timeout_s) {
    using State = PrimaryProbe::State;
    g_visit.ends_at = Clock::now() + kVisitLimit;
    limit_the_end(static_cast<unsigned>(kVisitLimit.count()) + 1, kExitFailure);
    Watch watch(leave);
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
        notes.add(not_checked(words({"Client sockets", "Client 套接字"}),
                              std::strerror(own.probe.error)));
    else if (own.probe.state == State::forbidden)
        notes.add(not_checked(words({"Client sockets", "Client 套接字"}),
                              words({"no permission", "没有权限"})));
    else
        notes.add(check_stale_sockets(client_sockets(dir)));
    constexpr unsigned long kPidMax = 4194304; /* of 64-bit Linux */
    notes.add(check_path_length(dir, number_in("/proc/sys/kernel/pid_max").value_or(kPidMax)));

    CoreFacts cores;
    cores.list = args.lcores;
    cores.other_option = has_other_core_option(args);
    cores.available = usable_cores();
    const ProcessFacts server = alive ? look_at_process(own.probe.pid) : ProcessFacts();
    if (server.seen)
        cores.server = server;
    const Finding core_finding = check_cores(cores);
    notes.add(core_finding);

    if (!args.without_shared_files.empty())
        notes.add({Finding::Verdict::bad, args.without_shared_files +
                                              words({": leaves nothing to share with a server: "
                                                     "leave it out of both programs",
                                                     ": 无法与 Server 共享: 请从两个程序中去掉"})});
    std::string stands; /* between this process and the server */
    const std::string ipc_thread = words({"IPC thread", "IPC 线程"});
    if (!args.without_shared_files.empty())
        stands = args.without_shared_files;
    else if (own.probe.state == State::forbidden || own.probe.state == State::unknown)
        stands = words({"the prefix cannot be looked at", "无法查看该 file-prefix"});
    else if (!alive)
        stands = words({"no live server", "没有运行中的 Server"});
    if (!stands.empty()) {
        notes.add(not_checked(ipc_thread, stands));
    } else {
        const bool reads = has_room(primary_socket(dir), kSendLimit);
        const Finding finding = check_ipc_thread(server, own.probe.pid, reads);
        notes.add(finding);
        /* To attach to such a one would take as long as its requests take to time out. */
        if (finding.verdict == Finding::Verdict::bad)
            stands = words({"the server takes no messages", "Server 不接收消息"});
    }
    if (stands.empty() && core_finding.verdict == Finding::Verdict::bad)
        stands = words({"the cores are to be put right first", "请先解决核的问题"});
    visit_server(args, timeout_s, stands, watch);
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
