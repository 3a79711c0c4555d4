/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/eal/watch.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <system_error>

#include "support/console/console.h"
#include "support/eal/ipc_socket.h"
#include "support/eal/runtime_dir.h"
#include "support/eal/start_checks.h"

namespace mp_ipc {
namespace {

/* How often to look for an end that the kernel does not report (that of a thread before Linux 6.9,
 * or of a process in another pid namespace).
 */
constexpr int kTickMs = 500;

/* How long a main thread inside a call may take to return from it, for an orderly end: enough for a
 * request that is just being answered.
 */
constexpr auto kGrace = std::chrono::milliseconds(50);

constexpr unsigned kPidfdThread = O_EXCL; /* PIDFD_THREAD of linux/pidfd.h, since 6.9 */

int open_pidfd(pid_t pid, unsigned flags) {
    return static_cast<int>(syscall(SYS_pidfd_open, pid, flags));
}

void post(int event_fd) {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(event_fd, &one, sizeof(one));
}

void drain(int event_fd) {
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t got = ::read(event_fd, &count, sizeof(count));
}

}  // namespace

Watch::Watch(std::function<void(Reason)> exit_blocked)
    : exit_blocked_(std::move(exit_blocked)),
      control_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      wake_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
        struct sigaction action = {};
        sigaction(number, nullptr, &action);
        /* Under nohup(1), SIGHUP stays ignored: if it were blocked, signalfd would still deliver
         * it. In a script's background processes SIGINT is ignored, but still ends the program. */
        if (number != SIGHUP || action.sa_handler != SIG_IGN)
            sigaddset(&signals, number);
    }
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN); /* a closed stdout is reported as an error of write() */
    signal_fd_ = UniqueFd(signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!signal_fd_ || !control_fd_ || !wake_fd_) {
        error(
            {"cannot open the descriptors for signals; is the limit of open files (ulimit -n) "
             "reached?",
             "无法打开用于信号的描述符；是否已达到打开文件数的上限（ulimit -n）？"});
        std::exit(1);
    }
    on_console_failure([this] { wake(); });
    try {
        thread_ = std::thread([this] { run(); });
    } catch (const std::system_error &) {
        const auto why = check_threads();
        error(kComposed, why ? why->text : in_words({"cannot start a thread", "无法创建线程"}));
        std::exit(1);
    }
    pthread_setname_np(thread_.native_handle(), "watch");
}

Watch::~Watch() {
    on_console_failure(nullptr);
    finished_ = true;
    post(control_fd_.get());
    thread_.join();
    for (const int fd : {primary_fd_.load(), ipc_fd_.load()}) {
        if (fd >= 0)
            close(fd);
    }
}

void Watch::follow_primary(pid_t pid, const std::string &dir) {
    if (pid > 0)
        primary_fd_ = open_pidfd(pid, 0);
    if (primary_fd_ >= 0 && probe_primary(dir).pid != pid) {
        /* It has ended since its pid was read, and the number may be another process's by now. */
        primary_gone_ = true;
        set_reason(Reason::primary_gone);
    }
    if (primary_fd_ < 0) {
        if (pid > 0 && errno == ESRCH) { /* it ended since its pid was read */
            primary_gone_ = true;
            set_reason(Reason::primary_gone);
        }
        primary_dir_ = dir;
        primary_by_tick_ = true;
    }
    post(control_fd_.get());
}

bool Watch::follow_ipc_thread() {
    const pid_t tid = find_ipc_thread();
    if (tid == 0)
        return false;
    ipc_fd_ = open_pidfd(tid, kPidfdThread);
    if (ipc_fd_ < 0)
        ipc_tid_ = tid;
    post(control_fd_.get());
    return true;
}

void Watch::sleep_until(Clock::time_point due) {
    if (ending())
        return;
    timespec time = {};
    const timespec *timeout = nullptr;
    if (due != Clock::time_point::max()) {
        const auto left = std::max(due - Clock::now(), Clock::duration::zero());
        time = to_timespec(left);
        timeout = &time;
    }
    pollfd wait = {wake_fd_.get(), POLLIN, 0};
    if (ppoll(&wait, 1, timeout, nullptr) > 0)
        drain(wake_fd_.get());
}

void Watch::wake() {
    post(wake_fd_.get());
}

void Watch::end_by(Clock::time_point time) {
    end_by_ = time.time_since_epoch().count();
    post(control_fd_.get());
}

Watch::Blocking::Blocking(Watch &watch, Call call, Clock::time_point limit) : watch_(watch) {
    const Clock::rep until = limit.time_since_epoch().count();
    watch_.limit_ = until; /* before looks_at_ is read: timeout_ms() uses them in the other order */
    watch_.main_ = call;
    /* Wake the watching thread for a reason that came before main_ was set, which it has not acted
     * on, and for a limit that ends before it looks next. Otherwise it need not wake: this is the
     * path of every request. */
    if (until < watch_.looks_at_ || (call != Call::until_done && watch_.ending()))
        post(watch_.control_fd_.get());
}

Watch::Blocking::~Blocking() {
    Call call = watch_.main_;
    while (call == Call::taken_over || !watch_.main_.compare_exchange_weak(call, Call::none)) {
        if (call == Call::taken_over)
            pause(); /* the watching thread is ending the process */
    }
    watch_.limit_ = kNever;
}

void Watch::set_reason(Reason reason) {
    Reason none = Reason::none;
    reason_.compare_exchange_strong(none, reason);
    wake();
}

/* Whether exit_blocked_ may be called while the main thread is inside this call. */
bool Watch::may_exit(Call call) const {
    return call == Call::interruptible || (call == Call::until_primary_gone && primary_gone_);
}

/* Ends the process in place of a blocked main thread; returns if that is not blocked. */
void Watch::try_exit(Reason reason) {
    Call call = main_;
    const bool may = may_exit(call) || (call != Call::none && reason == Reason::stuck);
    if (!may || !main_.compare_exchange_strong(call, Call::taken_over))
        return;
    set_reason(reason);
    exit_blocked_(reason);
    _exit(1); /* exit_blocked_ does not return */
}

bool Watch::tick_needed() const {
    return primary_by_tick_ || ipc_tid_ != 0;
}

Clock::rep Watch::limit() const {
    const Clock::rep limit = limit_;
    return std::min<Clock::rep>(end_by_,
                                limit == excused_limit_ ? std::max(limit, excused_until_) : limit);
}

void Watch::look_at_limit() {
    constexpr Clock::duration kLate = std::chrono::milliseconds(200);
    constexpr Clock::duration kLastChance = std::chrono::seconds(1);
    const Clock::rep limit = limit_;
    const Clock::rep now = Clock::now().time_since_epoch().count();
    if (now < this->limit())
        return;
    if (now >= end_by_) {
        end_by_ = kNever; /* once; run() goes on from the reason */
        try_exit(Reason::stuck);
        set_reason(Reason::stuck);
        return;
    }
    if (limit != excused_limit_ && now - limit > kLate.count()) {
        excused_limit_ =
            limit; /* this thread did not run in time either: the process was stopped */
        excused_until_ = now + kLastChance.count();
        return;
    }
    try_exit(Reason::stuck);
}

/* Until when to poll, published in looks_at_. */
int Watch::timeout_ms() {
    Clock::time_point look = Clock::time_point::max();
    if (tick_needed())
        look = Clock::now() + std::chrono::milliseconds(kTickMs);
    if (exit_at_ && may_exit(main_))
        look = std::min(look, *exit_at_);
    const Clock::rep own = look.time_since_epoch().count();
    Clock::rep until;
    do { /* a limit that is set meanwhile may have been compared with the old looks_at_ */
        until = std::min(own, limit());
        looks_at_ = until;
    } while (limit() < until);
    if (until == kNever)
        return -1;
    const auto left = Clock::time_point(Clock::duration(until)) - Clock::now();
    return static_cast<int>(std::clamp<std::int64_t>(
        std::chrono::ceil<std::chrono::milliseconds>(left).count(), 0, 3'600'000));
}

void Watch::tick() {
    if (primary_by_tick_) {
        const auto state = probe_primary(primary_dir_).state;
        if (state == PrimaryProbe::State::dead || state == PrimaryProbe::State::no_files) {
            primary_gone_ = true;
            set_reason(Reason::primary_gone);
        }
    }
    const pid_t tid = ipc_tid_;
    if (tid != 0 && access(("/proc/self/task/" + std::to_string(tid)).c_str(), F_OK) != 0)
        set_reason(Reason::ipc_thread_gone);
}

bool Watch::keep_signals_pending() {
    const std::lock_guard lock(signal_lock_);
    signals_stay_pending_ = !first_signal_;
    return signals_stay_pending_;
}

void Watch::note_signal() {
    const std::lock_guard lock(signal_lock_);
    if (signals_stay_pending_)
        return;
    signalfd_siginfo info = {};
    while (::read(signal_fd_.get(), &info, sizeof(info)) == sizeof(info)) {
    }
    /* One Ctrl-C may arrive twice (a supervisor signals the process and its group). Another one
     * more than a second later ends the process at once, whatever blocks the main thread. */
    const Clock::time_point now = Clock::now();
    if (!first_signal_) {
        first_signal_ = now;
    } else if (now - *first_signal_ > std::chrono::seconds(1)) {
        _exit(1); /* without a message: the console may be what blocks */
    }
    set_reason(Reason::signal);
}

void Watch::run() {
    bool ipc_gone_seen = false;
    while (!finished_) {
        pollfd fds[] = {{control_fd_.get(), POLLIN, 0},
                        {signal_fd_.get(), POLLIN, 0},
                        {primary_gone_ ? -1 : primary_fd_.load(), POLLIN, 0},
                        {ipc_gone_seen ? -1 : ipc_fd_.load(), POLLIN, 0}};
        if (poll(fds, std::size(fds), timeout_ms()) < 0 && errno != EINTR)
            break;
        if (fds[0].revents != 0)
            drain(control_fd_.get());
        if (fds[2].revents != 0) {
            primary_gone_ = true;
            set_reason(Reason::primary_gone);
        }
        if (fds[1].revents != 0)
            note_signal();
        if (fds[3].revents != 0) {
            ipc_gone_seen = true;
            /* rte_eal_cleanup() ends that thread too: it runs as until_done. */
            if (main_ != Call::until_done)
                set_reason(Reason::ipc_thread_gone);
        }
        if (tick_needed() && main_ != Call::until_done)
            tick();
        if (ending() && !exit_at_)
            exit_at_ = Clock::now() + kGrace;
        if (exit_at_ && Clock::now() >= *exit_at_)
            try_exit(reason_);
        look_at_limit();
    }
}

}  // namespace mp_ipc
