/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/eal/eal_session.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_log.h>
#include <rte_service_component.h>

#include "support/base/exit_status.h"
#include "support/base/text.h"
#include "support/console/console.h"
#include "support/eal/hugepages.h"
#include "support/eal/ipc_socket.h"
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

/* Passes EAL's log on to stderr while rte_eal_init() runs, and keeps it, since some of its reasons
 * are told nowhere else.
 */
class EalLog {
  public:
    EalLog() {
        cookie_io_functions_t functions = {};
        functions.write = [](void *self, const char *text, std::size_t size) -> ssize_t {
            static_cast<EalLog *>(self)->text_.append(text, size);
            std::fwrite(text, 1, size, stderr);
            return static_cast<ssize_t>(size);
        };
        stream_ = fopencookie(this, "w", functions);
        if (stream_ != nullptr)
            rte_openlog_stream(stream_);
    }
    ~EalLog() {
        if (stream_ != nullptr) {
            rte_openlog_stream(nullptr);
            std::fclose(stream_);
        }
    }
    EalLog(const EalLog &) = delete;
    EalLog &operator=(const EalLog &) = delete;

    bool says(const char *phrase) const { return text_.find(phrase) != std::string::npos; }

  private:
    FILE *stream_ = nullptr;
    std::string text_;
};

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

int run_eal_init(const EalArgs &args) {
    /* EAL reorders argv and keeps pointers into it: it gets a copy that is never freed. */
    static std::vector<std::string> words;
    static std::vector<char *> argv;
    words = args.eal;
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

/* What is wrong with -l, where it names cores that this process cannot run on. */
std::optional<std::string> core_trouble(const EalArgs &args) {
    cpu_set_t mine;
    if (!args.lcores || sched_getaffinity(0, sizeof(mine), &mine) != 0)
        return std::nullopt;
    std::vector<std::string> missing;
    for (const int core : cores_of_list(*args.lcores)) {
        if (core >= CPU_SETSIZE || !CPU_ISSET(static_cast<std::size_t>(core), &mine))
            missing.push_back(std::to_string(core));
    }
    if (missing.empty())
        return std::nullopt;
    if (missing.size() > 8) {
        missing.resize(8);
        missing.emplace_back("…");
    }
    std::vector<std::string> usable;
    for (int core = 0; core < CPU_SETSIZE && usable.size() < 64; core++) {
        if (CPU_ISSET(static_cast<std::size_t>(core), &mine))
            usable.push_back(std::to_string(core));
    }
    return "-l " + *args.lcores + " names cores that are not available here: " + joined(missing) +
           " (available: " + joined(usable) + "); give mp_server and mp_client different ones of " +
           "these, such as -l " + usable.front() + " and -l " + usable.back();
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

std::string eal_error() {
    return rte_errno != 0 ? std::string(" (") + rte_strerror(rte_errno) + ")" : std::string();
}

int say_why_primary_failed(const EalArgs &args, const PrimaryProbe &probe) {
    if (const auto trouble = core_trouble(args)) {
        error(*trouble);
        return kExitUsage;
    }
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
    } else if (pages && args.without_shared_files.empty()) {
        error("EAL could not start: " + *pages);
    } else {
        error("EAL could not start" + eal_error() + "; its own lines above say why");
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
    text += "; start mp_server with the same --file-prefix first";
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

std::unique_ptr<EalSession> start_primary(const EalArgs &args, Clock::duration leftover_wait,
                                          Watch &watch, int *status) {
    using State = PrimaryProbe::State;
    const std::string dir = runtime_dir(args.file_prefix);
    const PrimaryProbe other = probe_primary(dir);
    *status = kExitFailure;
    if (args.without_shared_files.empty()) {
        if (other.state == State::alive || other.state == State::starting) {
            error(second_primary(args, other));
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
                         "waiting for processes that hold the files of file "
                         "prefix '" +
                             printable(args.file_prefix) + "': " + holders_text(holders));
            said = true;
            watch.sleep_until(Clock::now() + kLookAgain);
        }
    }
    rte_errno = 0;
    int result = 0;
    {
        /* A primary that leaves half-way leaves files that look alive: it is not interrupted. */
        const EalLog log;
        const Watch::Blocking blocking(watch, Watch::Blocking::Interruptible::no);
        result = run_eal_init(args);
    }
    if (result < 0) {
        *status = say_why_primary_failed(args, probe_primary(dir));
        return nullptr;
    }
    auto session = std::make_unique<EalSession>(watch);
    if (rte_eal_process_type() != RTE_PROC_PRIMARY) {
        error("mp_server must be the primary, but EAL made it a secondary: leave --proc-type out");
        return nullptr;
    }
    *status = kExitOk;
    return session;
}

bool wait_for_primary(const EalArgs &args, std::optional<Clock::duration> wait, Watch &watch,
                      int *status) {
    using State = PrimaryProbe::State;
    if (!args.without_shared_files.empty()) {
        error(args.without_shared_files +
              " leaves no files to share: a secondary needs them, and so does its primary; leave "
              "it out of both");
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
            error("no permission to look into " + dir +
                  ": run mp_client as the user who runs mp_server");
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
            say({"[Client] Waiting for a server under file prefix '{}'",
                 "[Client] 等待 Server, file-prefix '{}'"},
                printable(args.file_prefix));
        said = true;
        watch.sleep_until(Clock::now() + kLookAgain);
    }
}

bool start_secondary(const EalArgs &args, Watch &watch, int *status, bool *addresses_taken) {
    rte_errno = 0;
    int result = 0;
    bool refused = false;
    bool other_version = false;
    {
        const EalLog log;
        /* Ctrl-C waits for its end: leaving in the midst of it may leave a lock in shared memory
         * held, for good. It takes 0.1 s. */
        const Watch::Blocking blocking(watch, Watch::Blocking::Interruptible::if_primary_gone,
                                       kAttachLimit);
        result = run_eal_init(args);
        if (result >= 0 && rte_eal_process_type() == RTE_PROC_SECONDARY)
            give_back_service_memory();
        refused = log.says("refused secondary attachment");
        other_version = log.says("version mismatch");
        if (addresses_taken != nullptr)
            *addresses_taken = result < 0 && !watch.ending() &&
                               (log.says("Cannot init memory") ||
                                log.says("Cannot mmap memory for rte_config at"));
    }
    if (result >= 0) {
        if (rte_eal_process_type() == RTE_PROC_SECONDARY)
            return true;
        error("mp_client must be a secondary, but EAL made it a primary: leave --proc-type out");
        *status = kExitFailure;
        return false;
    }
    *status = kExitFailure;
    if (watch.ending()) {
        *status = kExitOk; /* the reason to end says it */
    } else if (const auto trouble = core_trouble(args)) {
        error(*trouble);
        *status = kExitUsage;
    } else if (refused) {
        error(
            "the primary takes no secondaries: it has called rte_mp_disable() "
            "(mp_server --no-secondaries)");
    } else if (other_version) {
        error("the primary runs another DPDK version; both must use the same library");
    } else if (rte_errno == EINVAL) {
        error(kBadOptions);
        *status = kExitUsage;
    } else {
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
