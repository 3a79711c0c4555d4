/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/eal/eal_session.h"

#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_service_component.h>

#include "support/base/cores.h"
#include "support/base/exit_status.h"
#include "support/base/text.h"
#include "support/console/console.h"
#include "support/eal/attach_gate.h"
#include "support/eal/heap.h"
#include "support/eal/heap_question.h"
#include "support/eal/hugepages.h"
#include "support/eal/ipc_socket.h"
#include "support/eal/node_memory.h"
#include "support/eal/primary_config.h"
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#endif

namespace mp_ipc {
namespace {

constexpr auto kLookAgain = std::chrono::milliseconds(50);
/* A primary that holds its lock has finished its init well within this, or is stuck in it. */
constexpr auto kStartLimit = std::chrono::seconds(10);
/* The same for the secondary's own rte_eal_init(), which may wait 5 s for a busy primary's reply.
 */
constexpr auto kAttachLimit = std::chrono::seconds(20);
constexpr auto kCleanupLimit = std::chrono::seconds(2);

constexpr const char *kBadOptions =
    "EAL does not take its options; its own lines above say which and why";

bool g_in_eal_init = false;

/* Since 25.11 EAL ends the process itself, with status 234, where it does not know an option. */
void end_of_eal_init(int status, void *) {
    if (!g_in_eal_init || status == 0)
        return;
    error(kBadOptions);
    _exit(kExitUsage);
}

int run_eal_init(std::vector<std::string> arguments) {
    /* EAL reorders argv and keeps pointers into it: it gets a copy that is never freed. */
    static std::vector<std::string> words;
    static std::vector<char *> argv;
    words = std::move(arguments);
    argv.reserve(words.size() + 1);
    for (std::string &word : words)
        argv.push_back(word.data());
    argv.push_back(nullptr);
    on_exit(end_of_eal_init, nullptr);
    g_in_eal_init = true;
    const int result = rte_eal_init(static_cast<int>(argv.size()) - 1, argv.data());
    g_in_eal_init = false;
    return result;
}

/* What rte_eal_init() of a secondary takes in the primary's heap, for services that it does not
 * run: 150 KB in 22.11. At once, and not at the end, for two reasons. A client that is killed
 * leaves nothing behind; and the heap does not grow with the number of clients. Where it has grown,
 * whoever frees the last of a page holds two locks of shared memory until the primary has answered,
 * for 5 s if it is busy: a process that ends meanwhile keeps all others out for good.
 */
void give_back_service_memory() {
    rte_service_finalize();
}

/* The EAL option of a primary for memory on every node where clients may come; none where the user
 * said how much. Without, the heap begins on the nodes of the primary's own cores, with a page, and
 * grows as secondaries attach.
 */
std::string memory_option(const EalArgs &args) {
    if (!args.memory.empty() || !args.without_shared_files.empty())
        return {};
    const auto plan = plan_node_memory(look_at_hugepage_room(args.huge_dir));
    return plan.empty() ? std::string() : "--socket-mem=" + socket_mem(plan);
}

/* What the heap has and for how many it is enough: one line. */
void say_memory() {
    const auto heap = look_at_heap();
    if (!heap)
        return;
    const std::string text = "memory: " + heap_text(*heap) + " at one moment";
    if (heap->clients_fit() < AttachGate::kPlaces)
        diagnose(Severity::warning, text + "; to have more: " + heap_advice(*heap) +
                                        " (scripts/setup.sh reserves the hugepages)");
    else
        diagnose(Severity::info, text);
}

std::string joined(const std::vector<std::string> &words) {
    std::string text;
    for (const std::string &word : words)
        text += (text.empty() ? "" : ", ") + word;
    return text;
}

std::string process(pid_t pid) {
    return pid > 0 ? "pid " + std::to_string(pid) + ", " + process_name(pid) : "pid unknown";
}

std::string holders_text(const std::vector<Holder> &holders) {
    std::vector<std::string> words;
    words.reserve(holders.size());
    for (const Holder &holder : holders)
        words.push_back(process(holder.pid));
    return joined(words);
}

/* What is wrong with -l, where it names cores that this process cannot run on: EAL refuses them
 * without a reason, or ends in a panic.
 */
std::optional<std::string> core_trouble(const EalArgs &args) {
    const std::vector<int> usable = usable_cores();
    if (!args.lcores || usable.empty())
        return std::nullopt;
    std::vector<std::string> missing;
    for (const int core : cores_of_list(*args.lcores)) {
        if (!std::binary_search(usable.begin(), usable.end(), core))
            missing.push_back(std::to_string(core));
    }
    if (missing.empty())
        return std::nullopt;
    if (missing.size() > 8) {
        missing.resize(8);
        missing.emplace_back("…");
    }
    std::vector<std::string> available;
    for (const int core : usable)
        available.push_back(std::to_string(core));
    if (available.size() > 64)
        available.resize(64);
    return "-l " + *args.lcores + " names cores that are not available here: " + joined(missing) +
           " (available: " + joined(available) +
           "); give primary and secondary different ones of these, such as -l " +
           available.front() + " and -l " + available.back();
}

/* What neither program can start with, looked at before EAL's init. */
bool check_options(const EalArgs &args) {
    if (!args.without_shared_files.empty()) {
        error(args.without_shared_files +
              " leaves nothing that a secondary could attach to: leave it out of both programs");
        return false;
    }
    if (const auto trouble = core_trouble(args)) {
        error(*trouble);
        return false;
    }
    return true;
}

/* Whether EAL has read its options as scan_eal_args() did, on which all that was looked at before
 * its init depends.
 */
bool runs_under_prefix(const EalArgs &args) {
    const std::string expected = runtime_dir(args.file_prefix);
    if (rte_eal_get_runtime_dir() == expected)
        return true;
    error("EAL runs in " + std::string(rte_eal_get_runtime_dir()) + ", not in " + expected +
          ": it has taken --file-prefix for the value of the option before; give that its value");
    return false;
}

std::string second_primary(const EalArgs &args, const PrimaryProbe &probe) {
    return "a primary (" + process(probe.pid) + ") already runs under file prefix '" +
           printable(args.file_prefix) + "': end it first, or choose another --file-prefix";
}

std::string left_over(const EalArgs &args, const std::vector<Holder> &holders) {
    return "processes of an earlier primary still hold the files of file prefix '" +
           printable(args.file_prefix) + "': " + holders_text(holders) +
           "; end them, or choose another --file-prefix";
}

std::string cannot_look(const PrimaryProbe &probe) {
    return "cannot look at " + probe.dir + "/config: " + std::strerror(probe.error);
}

/* A secondary whose socket cannot be made starts all the same, and hears no reply. */
std::string no_socket(const std::string &dir) {
    struct statvfs space = {};
    const bool full =
        statvfs(dir.c_str(), &space) == 0 && (space.f_bavail == 0 || space.f_favail == 0);
    return "EAL could not make this client's socket in " + dir + ", so no reply can reach it: " +
           (full ? "its file system is full"
                 : "its own lines above say why (socket paths of more than 107 bytes do not fit)");
}

std::string eal_error() {
    return rte_errno != 0 ? std::string(" (") + rte_strerror(rte_errno) + ")" : std::string();
}

/* `memory`: the option that was added to the user's own, or none. */
int say_why_primary_failed(const EalArgs &args, const PrimaryProbe &probe,
                           const std::string &memory) {
    const bool bad_options = rte_errno == EINVAL;
    const bool no_access = access(runtime_root().c_str(), W_OK) != 0 && errno != ENOENT;
    const auto holders = lock_holders(probe.dir);
    const auto pages = hugepage_trouble(look_at_hugepages(args.huge_dir));
    if (probe.state == PrimaryProbe::State::forbidden || no_access) {
        error("no permission to use the runtime directory " + probe.dir +
              ": run as root, or set XDG_RUNTIME_DIR to a directory of this user");
    } else if (bad_options) {
        error(kBadOptions);
        return kExitUsage;
    } else if (probe.state == PrimaryProbe::State::alive ||
               probe.state == PrimaryProbe::State::starting) {
        error(second_primary(args, probe));
    } else if (!holders.empty()) {
        error(left_over(args, holders));
    } else if (pages) {
        error("EAL could not start: " + *pages);
    } else {
        error("EAL could not start" + eal_error() + "; its own lines above say why" +
              (memory.empty() ? ""
                              : " (where it is memory: " + memory +
                                    " was to be reserved; give -m or --socket-mem for less)"));
    }
    return kExitFailure;
}

std::string no_primary(const EalArgs &args, const PrimaryProbe &probe) {
    using State = PrimaryProbe::State;
    std::string text = "no primary runs under file prefix '" + printable(args.file_prefix) + "': ";
    if (probe.state == State::no_files)
        text += "there is no " + probe.dir + "/config";
    else if (probe.state == State::dead)
        text += probe.dir + "/config is there, but the primary that made it has ended";
    else
        text += "the primary (" + process(probe.pid) + ") has not finished its start";
    text += std::string("; start ") + program().peer + " with the same --file-prefix first";
    const auto live = live_prefixes();
    return text + (live.empty()
                       ? " (no prefix under " + runtime_root() + " has a live primary)"
                       : " (prefixes with a live primary: " + printable(joined(live)) + ")");
}

}  // namespace

EalSession::~EalSession() {
    const Watch::Blocking blocking(watch_, Watch::Blocking::Interruptible::no, kCleanupLimit);
    rte_eal_cleanup();
}

namespace {

/* The primary's init takes the locks of the hugetlbfs mounts, and waits for them without a limit
 * and without a word. false: one is held for good, which has been said, or the program is to end.
 */
bool wait_for_hugepage_locks(const EalArgs &args, Watch &watch, int *status) {
    constexpr auto kLimit = std::chrono::seconds(10);
    for (const std::string &mount : look_at_hugepages(args.huge_dir).mounts) {
        if (watch.look_until(kLimit, [&] { return !directory_is_locked(mount); }))
            continue;
        *status = watch.ending() ? kExitOk : kExitFailure;
        if (!watch.ending())
            error("another process holds the lock of " + mount + " (" +
                  holders_text(flock_holders({mount})) +
                  "), stopped perhaps: let it go on, or end it");
        return false;
    }
    return true;
}

}  // namespace

std::unique_ptr<EalSession> start_primary(const EalArgs &args, Clock::duration leftover_wait,
                                          Watch &watch, int *status) {
    using State = PrimaryProbe::State;
    if (!check_options(args)) {
        *status = kExitUsage;
        return nullptr;
    }
    const std::string dir = runtime_dir(args.file_prefix);
    const PrimaryProbe other = probe_primary(dir);
    *status = kExitFailure;
    if (other.state == State::alive || other.state == State::starting) {
        error(second_primary(args, other));
        return nullptr;
    }
    if (other.state == State::unknown) {
        error(cannot_look(other));
        return nullptr;
    }
    const auto give_up = Clock::now() + leftover_wait;
    bool said = false;
    for (auto holders = lock_holders(dir); !holders.empty(); holders = lock_holders(dir)) {
        if (watch.ending()) {
            *status = kExitOk;
            return nullptr;
        }
        if (Clock::now() >= give_up) {
            error(left_over(args, holders));
            return nullptr;
        }
        if (!said)
            diagnose(Severity::warning,
                     "waiting for processes that hold the files of file prefix '" +
                         printable(args.file_prefix) + "': " + holders_text(holders));
        said = true;
        watch.sleep_until(Clock::now() + kLookAgain);
    }
    if (!wait_for_hugepage_locks(args, watch, status))
        return nullptr;
    std::vector<std::string> words = args.eal;
    const std::string memory = memory_option(args);
    if (!memory.empty())
        words.push_back(memory);
    rte_errno = 0;
    int result = 0;
    {
        /* A primary that leaves half-way leaves files that look alive: it is not interrupted. */
        const Watch::Blocking blocking(watch, Watch::Blocking::Interruptible::no);
        result = run_eal_init(words);
    }
    if (result < 0) {
        *status = say_why_primary_failed(args, probe_primary(dir), memory);
        return nullptr;
    }
    auto session = std::make_unique<EalSession>(watch);
    if (rte_eal_process_type() != RTE_PROC_PRIMARY) {
        error(std::string(program().name) +
              " must be the primary, but EAL made it a secondary: leave --proc-type out");
        return nullptr;
    }
    if (!runs_under_prefix(args)) {
        *status = kExitUsage;
        return nullptr;
    }
    measure_attach_bytes();
    AttachGate::make(dir);
    say_memory();
    *status = kExitOk;
    return session;
}

bool wait_for_primary(const EalArgs &args, std::optional<Clock::duration> wait, Watch &watch,
                      int *status) {
    using State = PrimaryProbe::State;
    if (!check_options(args)) {
        *status = kExitUsage;
        return false;
    }
    const std::string dir = runtime_dir(args.file_prefix);
    const auto begin = Clock::now();
    for (bool said = false;;) {
        const PrimaryProbe probe = probe_primary(dir);
        if (probe.state == State::alive) {
            watch.follow_primary(probe.pid, dir);
            return true;
        }
        if (watch.ending()) {
            *status = kExitOk;
            return false;
        }
        if (probe.state == State::forbidden) {
            error("no permission to look into " + dir + ": run " + program().name +
                  " as the user who runs " + program().peer);
            *status = kExitFailure;
            return false;
        }
        if (probe.state == State::unknown) {
            error(cannot_look(probe));
            *status = kExitFailure;
            return false;
        }
        const auto waited = Clock::now() - begin;
        const bool in_time = wait ? (*wait == Clock::duration::zero() || waited < *wait)
                                  : (probe.state == State::starting && waited < kStartLimit);
        if (!in_time) {
            error(no_primary(args, probe));
            *status = kExitNoPrimary;
            return false;
        }
        if (wait && !said)
            say({"[{}] Waiting for a server under file prefix '{}'",
                 "[{}] 等待 Server, file-prefix '{}'"},
                program().tag, printable(args.file_prefix));
        said = true;
        watch.sleep_until(Clock::now() + kLookAgain);
    }
}

namespace {

/* Waits for a place among those that attach, and makes sure that the server's heap has room. false:
 * this process is not to attach, and has said why; *status is the exit status.
 */
bool may_attach(AttachGate &gate, const std::string &dir, Watch &watch, int *status) {
    const auto outcome = gate.enter([&](std::chrono::milliseconds pause) {
        watch.sleep_until(Clock::now() + pause);
        return !watch.ending();
    });
    if (outcome == AttachGate::Outcome::interrupted) {
        *status = kExitOk; /* the reason to end says it */
        return false;
    }
    if (gate.row() > 0) {
        std::vector<std::string> words;
        for (const pid_t pid : gate.holders(gate.row() - 1))
            words.push_back(process(pid));
        diagnose(Severity::warning, "clients that are attaching do not get on, stopped perhaps: " +
                                        joined(words) + "; not waiting for them");
    }
    /* Who is stopped within that moment keeps all others waiting, without a word. */
    constexpr auto kLockLimit = std::chrono::seconds(5);
    if (!watch.look_until(kLockLimit, [&] { return !directory_is_locked(dir); })) {
        *status = watch.ending() ? kExitOk : kExitFailure;
        if (!watch.ending())
            error("another process holds the lock of " + dir + " (" +
                  holders_text(flock_holders({dir})) +
                  "), stopped perhaps: let it go on, or end it");
        return false;
    }
    /* Attaching sends a request, and keeps locks while it waits for room. */
    constexpr auto kRoomLimit = std::chrono::seconds(10);
    const auto has_room_now = [&] {
        return has_room(primary_socket(dir), std::chrono::milliseconds(0));
    };
    if (!watch.look_until(kRoomLimit, has_room_now)) {
        *status = watch.ending() ? kExitOk : kExitFailure;
        if (!watch.ending())
            error(
                "the server does not read its messages, its queue is full: is it stopped, or busy? "
                "Let it go on, or start it anew");
        return false;
    }
    const auto heap = ask_for_heap(dir);
    if (heap && heap->clients_fit == 0) {
        error("the server's heap has no room for another client (" + printable(heap->heap) +
              "): start " + program().peer + " with more memory, such as " +
              printable(heap->advice));
        *status = kExitFailure;
        return false;
    }
    return true;
}

}  // namespace

bool start_secondary(const EalArgs &args, Watch &watch, int *status, bool *addresses_taken) {
    const std::string dir = runtime_dir(args.file_prefix);
    AttachGate gate(dir); /* left at the end, by whatever way */
    if (!may_attach(gate, dir, watch, status))
        return false;
    rte_errno = 0;
    int result = 0;
    {
        /* Ctrl-C waits for its end: leaving in the midst of it may leave a lock in shared memory
         * held, for good. It takes 0.1 s. */
        const Watch::Blocking blocking(watch, Watch::Blocking::Interruptible::if_primary_gone,
                                       kAttachLimit);
        result = run_eal_init(args.eal);
        if (result >= 0 && rte_eal_process_type() == RTE_PROC_SECONDARY)
            give_back_service_memory();
    }
    const int why = rte_errno;
    *status = kExitFailure;
    if (result >= 0) {
        if (rte_eal_process_type() != RTE_PROC_SECONDARY) {
            error(std::string(program().name) +
                  " must be a secondary, but EAL made it a primary: leave --proc-type out");
        } else if (!runs_under_prefix(args)) {
            *status = kExitUsage;
        } else if (!IpcSocket::find().found()) {
            error(no_socket(rte_eal_get_runtime_dir()));
        } else {
            *status = kExitOk;
            return true;
        }
        return false;
    }
    const PrimaryConfig primary =
        read_primary_config(runtime_dir(args.file_prefix)).value_or(PrimaryConfig());
    if (watch.ending()) {
        *status = kExitOk; /* the reason to end says it */
    } else if (primary.other_version) {
        error("the primary runs another DPDK version; both must use the same library");
    } else if (primary.no_secondaries) {
        error("the primary takes no secondaries: it has called rte_mp_disable()");
    } else if (why == EINVAL) {
        error(kBadOptions);
        *status = kExitUsage;
    } else {
        /* EAL sets ENOMEM where it cannot map the memory, and nothing where it is the
         * configuration.
         */
        if (addresses_taken != nullptr)
            *addresses_taken = why == ENOMEM || why == 0;
        error("EAL could not attach to the primary" + eal_error() +
              "; its own lines above say why. Where it could not map memory at the same address, "
              "try again, or see the README on address space randomization");
    }
    return false;
}

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
