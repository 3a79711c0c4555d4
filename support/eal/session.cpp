/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/eal/session.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include <rte_eal.h>

#include "support/base/exit_status.h"
#include "support/base/text.h"
#include "support/console/console.h"
#include "support/eal/eal_init.h"
#include "support/eal/ipc_core.h"

namespace mp_ipc {
namespace {

constexpr auto kCleanupLimit = std::chrono::seconds(2);
/* A primary that ends has ended within this. */
constexpr auto kLongestEnd = std::chrono::seconds(5);
/* The last lines may block on a console that nobody reads: then the process ends after this. */
constexpr unsigned kLastLinesS = 3;

/* For a program that has not checked its command line itself; false: reported. */
bool takes_role(EalArgs *args, const char *proc_type) {
    const std::string wrong = take_role(args, proc_type);
    if (!wrong.empty())
        error(kComposed, wrong);
    return wrong.empty();
}

void report(const Failure &failure) {
    if (!failure.text.empty())
        error(kComposed, failure.text);
}

/* From now on the end of the EAL's IPC thread is a reason to end. false: there is no such thread,
 * which has been reported.
 */
bool follow(Watch &watch) {
    if (watch.follow_ipc_thread())
        return true;
    error(kNoIpcThread);
    return false;
}

}  // namespace

/* ---- a primary ------------------------------------------------------------------------------ */

PrimarySession::PrimarySession(EalArgs args, const Setup &setup, std::function<void(int)> tell_end)
    : tell_end_(std::move(tell_end)),
      status_(kExitFailure),
      watch_([this](Watch::Reason reason) { exit_blocked(reason); }) {
    if (!takes_role(&args, "primary")) {
        status_ = kExitUsage;
        return;
    }
    if (const auto failure = start_primary(args, setup.leftover_wait, watch_)) {
        report(*failure);
        status_ = failure->status;
        return;
    }
    const IpcSocket socket = IpcSocket::find();
    if (setup.filtered)
        attach_datagram_filter(socket, DescriptorsIn::none); /* no handler here takes any */
    if (setup.limited)
        socket.limit_sends(kSendLimit);
    started_ = follow(watch_) && (!setup.ipc_core || put_ipc_thread_on(*setup.ipc_core));
}

PrimarySession::~PrimarySession() {
    if (!eal_runs())
        return;
    const Watch::Blocking blocking(watch_, Watch::Call::until_done, kCleanupLimit);
    rte_eal_cleanup();
}

bool PrimarySession::going_on() const {
    return !watch_.ending() && !console_failed();
}

int PrimarySession::conclude(Watch::Reason reason) const {
    if (reason == Watch::Reason::ipc_thread_gone) {
        error(kIpcThreadGone);
        return kExitFailure;
    }
    return console_failed() ? kExitFailure : kExitOk;
}

int PrimarySession::conclude() {
    status_ = conclude(watch_.reason());
    concluded_ = true;
    return status_;
}

void PrimarySession::tell_end() {
    if (!told_.exchange(true) && tell_end_)
        tell_end_(status_);
}

/* The end while the main thread is blocked: on the watching thread. */
void PrimarySession::exit_blocked(Watch::Reason reason) {
    limit_the_end(kLastLinesS, kExitFailure);
    if (reason != Watch::Reason::stuck)
        status_ = conclude(reason);
    tell_end();
    if (reason == Watch::Reason::stuck && concluded_)
        warn({"shutdown did not finish in time; exiting without it", "未能及时完成清理；直接退出"});
    else if (reason == Watch::Reason::stuck)
        error(
            {"a call of the DPDK library does not return: its lock is lost, and no message can be "
             "received any more; exiting with status 1; restart this program",
             "DPDK 库的一个调用没有返回：它的锁已丢失，此后收不到任何消息；"
             "以退出码 1 退出；请重新启动本程序"});
    _exit(status_);
}

/* ---- a secondary ---------------------------------------------------------------------------- */

SecondarySession::SecondarySession(char **argv, EalArgs args, const Setup &setup, Run run)
    : argv_(argv),
      setup_(setup),
      run_(std::move(run)),
      resumed_(take_resume()),
      watch_([this](Watch::Reason reason) { exit_blocked(reason); }) {
    if (resumed_)
        run_.resume(resumed_->state);
    if (!takes_role(&args, "secondary"))
        end_process(kExitUsage);
    if (const auto failure = wait_for_primary(args, setup.wait, watch_)) {
        report(*failure);
        run_.last_words();
        end_process(resumed_ && watch_.ending() ? run_.status(true) : failure->status);
    }
    if (const auto failure = start_secondary(args, watch_)) {
        /* To attach to a primary that is just ending fails in many ways; then its end is the
         * reason, and is reported in place of the failure. */
        const std::string dir = runtime_dir(args.file_prefix);
        watch_.look_until(kLongestEnd,
                          [&] { return probe_primary(dir).state == PrimaryProbe::State::alive; });
        if (watch_.ending())
            end(kExitOk);
        report(*failure);
        if (failure->again != Again::no)
            start_again();
        end(failure->status);
    }
    if (setup.filtered)
        attach_datagram_filter(IpcSocket::find(), setup.descriptors);
    if (!follow(watch_) || (setup.ipc_core && !put_ipc_thread_on(*setup.ipc_core)))
        end(kExitFailure);
}

bool SecondarySession::going_on() const {
    return !watch_.ending() && !console_failed() && !shut_down();
}

/* Returns only if it fails, which has been reported. */
void SecondarySession::run_again(unsigned failed_starts) {
    IpcSocket::find().remove_file();
    run_.abandon(
        in_words({"the server went away before a reply came", "收到回复之前 Server 已断开"}));
    mp_ipc::run_again(argv_, {failed_starts, run_.to_resume()});
    error({"cannot run again: {}", "无法重新运行：{}"}, std::strerror(errno));
}

/* Waits, for as long as `wait`, until a primary that has set force_quit has exited: a client that
 * ran again before would attach to the same primary. Main thread.
 */
void SecondarySession::await_end_of_primary() {
    const Clock::time_point give_up = *setup_.wait == Clock::duration::zero()
                                          ? Clock::time_point::max()
                                          : Clock::now() + *setup_.wait;
    while (!watch_.ending() && Clock::now() < give_up)
        watch_.sleep_until(give_up);
}

void SecondarySession::say_shut_down() {
    if (!std::exchange(shut_down_said_, true))
        say({"[{}] The server has shut down", "[{}] Server 已退出"}, program().tag);
}

/* With `wait`, the program runs again after the loss of the primary or its shutdown. Returns the
 * reason to end if it does not: all requests are done, or a Ctrl-C came at the same time.
 */
Watch::Reason SecondarySession::run_again_if_waiting(Watch::Reason reason,
                                                     std::optional<int> *status) {
    using Reason = Watch::Reason;
    const bool shut_down = this->shut_down();
    if (!setup_.wait || run_.done() || console_failed())
        return reason;
    if (shut_down && (reason == Reason::none || reason == Reason::primary_gone))
        say_shut_down();
    if (shut_down && reason == Reason::none) {
        await_end_of_primary();
        reason = watch_.reason();
        if (reason == Reason::none) {
            error({"the server has announced its shutdown, but still runs after the time of --wait",
                   "已宣布退出的 Server 在 --wait 的时间之后仍在运行"});
            *status = kExitNoPrimary;
        }
    }
    if (reason != Reason::primary_gone)
        return reason;
    if (!watch_.keep_signals_pending())
        return Reason::signal;
    if (!shut_down)
        say({"[{}] The server went away", "[{}] Server 已断开"}, program().tag);
    run_again(0);
    return reason;
}

/* Runs the program again, since the reason of this failed start may be gone then. Returns if it has
 * failed too often or a signal has come.
 */
void SecondarySession::start_again() {
    const unsigned before = resumed_ ? resumed_->failed_starts : 0;
    if (before >= kMostFailedStarts || !watch_.keep_signals_pending())
        return;
    say({"[{}] Trying again", "[{}] 重试"}, program().tag);
    run_again(before + 1);
}

/* Prints why the program ends; returns its exit status. The actions stay registered, so that a
 * broadcast in the last moments is still answered.
 */
int SecondarySession::finish(Watch::Reason reason, std::optional<int> given) {
    using Reason = Watch::Reason;
    const IpcSocket socket = IpcSocket::find();
    /* Its last event may still be unread; on a quiet machine that is read in microseconds. Not
     * look_until(), which a reason to end cuts short. */
    if (shut_down()) {
        for (int ms = 0; ms < 20 && !socket.idle(); ms++)
            usleep(1000);
    }
    reason = run_again_if_waiting(reason, &given);
    int status = given.value_or(run_.status(reason == Reason::signal));
    if (shut_down() && (reason == Reason::primary_gone || reason == Reason::none)) {
        say_shut_down();
    } else if (reason == Reason::primary_gone) {
        error({"the server went away{}; start it again, then {}",
               "Server 已断开{}；请重新启动它，然后启动 {}"},
              run_.shut_down ? in_words({" without shutting down", "，没有正常退出"}) : "",
              program().name);
        status = kExitNoPrimary;
    } else if (reason == Reason::ipc_thread_gone) {
        error(kIpcThreadGone);
        status = kExitFailure;
    } else if (reason == Reason::stuck) {
        warn(
            {"a call of the DPDK library did not return in time: the server is stopped, or a "
             "process was killed while it held a lock in shared memory; then restart the server",
             "DPDK 库的一个调用没有及时返回：Server 已暂停，或有进程在持有共享内存中的锁时被杀死；"
             "后一种情况请重新启动 Server"});
        status = kExitFailure;
    } else if (console_failed()) {
        status = kExitFailure;
    }
    run_.abandon(in_words({"the program ends before a reply came", "收到回复之前程序退出"}));
    run_.last_words();
    socket.remove_file(); /* the kernel frees the rest: see eal_session.h */
    return status;
}

void SecondarySession::end(std::optional<int> status) {
    end_process(finish(watch_.reason(), status));
}

/* The end while the main thread is blocked: on the watching thread. */
void SecondarySession::exit_blocked(Watch::Reason reason) {
    limit_the_end(kLastLinesS, kExitFailure);
    _exit(finish(reason, std::nullopt));
}

}  // namespace mp_ipc
