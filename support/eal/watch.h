/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Ends a program at once when it should end: on Ctrl-C, when its primary exits, when its EAL IPC
 * thread ends. A thread of its own waits for all of these, so that they are seen even while the
 * main thread is inside a call that nothing can interrupt: rte_eal_init() waiting for a primary
 * that has exited meanwhile, rte_mp_request_sync() waiting for a reply, sendmsg() on a full queue.
 *
 * There is no signal handler: the signals are blocked in every thread and read from a signalfd.
 */
#pragma once

#include <sys/types.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "support/base/schedule.h"
#include "support/base/unique_fd.h"
#include "support/base/words.h"

namespace mp_ipc {

/* The error for Reason::ipc_thread_gone. */
inline constexpr Line<0> kIpcThreadGone{
    "the EAL's IPC thread has ended, as it does after one malformed datagram: no message can be "
    "received any more; ending; restart this program",
    "EAL 的 IPC 线程已结束（一个畸形的数据报即可造成），此后收不到任何消息；程序退出，请重新启动"};
/* The error if follow_ipc_thread() finds no thread. */
inline constexpr Line<0> kNoIpcThread{
    "the EAL's IPC thread is not there (no thread is called rte_mp_handle or dpdk-mp-msg): it has "
    "ended during the start, as it does after one malformed datagram; exiting with status 1; "
    "restart this program",
    "没有 EAL 的 IPC 线程（没有名为 rte_mp_handle 或 dpdk-mp-msg 的线程）：它在启动期间已结束"
    "（一个畸形的数据报即可造成）；以退出码 1 退出；请重新启动本程序"};

class Watch {
  public:
    enum class Reason { none, signal, primary_gone, ipc_thread_gone, stuck };
    /* The call that the main thread is inside of, by what ends it early. */
    enum class Call {
        none,
        until_done,         /* only its limit does */
        until_primary_gone, /* the end of the primary, and no other reason */
        interruptible,      /* any reason */
        taken_over,         /* the watching thread is ending the process */
    };

    /* Blocks SIGINT, SIGTERM and SIGHUP in this thread and all that it starts later, ignores
     * SIGPIPE, and starts the watching thread. `exit_blocked` is called in that thread, at most
     * once, when there is a reason to end while the main thread is inside a Blocking call; it
     * prints the last lines and does not return (_exit or exec). Construct before rte_eal_init().
     * Ends the process with status 1 if there are no descriptors or no thread.
     */
    explicit Watch(std::function<void(Reason)> exit_blocked);
    ~Watch();
    Watch(const Watch &) = delete;
    Watch &operator=(const Watch &) = delete;

    /* From now on the end of this primary is a reason to end. pid 0: unknown. If it has no pidfd
     * here, its runtime directory `dir` is looked at every 500 ms. Main thread, once.
     */
    void follow_primary(pid_t pid, const std::string &dir);
    /* From now on the end of this process's EAL IPC thread is a reason to end; false: there is no
     * such thread. Main thread, once.
     */
    bool follow_ipc_thread();
    /* The first reason to end; none: go on. Any thread. */
    Reason reason() const { return reason_; }
    bool ending() const { return reason_ != Reason::none; }

    /* From now on signals stay pending, for the program that exec() starts in place of this one;
     * false: one has come already, and ends this one. Any thread.
     */
    bool keep_signals_pending();

    /* Main thread: sleeps until `due`, or until there is a reason to end or wake() was called. */
    void sleep_until(Clock::time_point due);
    /* Main thread: polls every 2 ms until `condition` holds, for what comes soon and cannot be
     * waited for. false: it did not within `limit`, or there is a reason to end.
     */
    template <typename Condition>
    bool look_until(Clock::duration limit, const Condition &condition) {
        constexpr auto kPause = std::chrono::milliseconds(2);
        constexpr auto kCall =
            std::chrono::seconds(5); /* of the library, which may wait for a lock */
        const Clock::time_point give_up = Clock::now() + limit;
        const auto holds = [&] {
            const Blocking blocking(*this, Call::interruptible, give_up + kCall);
            return condition();
        };
        while (!holds()) {
            if (ending() || Clock::now() >= give_up)
                return false;
            sleep_until(Clock::now() + kPause);
        }
        return true;
    }

    /* Ends the main thread's sleep early. Any thread. */
    void wake();

    /* At `time` there is a reason to end, Reason::stuck, whatever the main thread does: if it
     * sleeps it wakes, and if it is inside a Blocking call exit_blocked is called. Main thread,
     * once.
     */
    void end_by(Clock::time_point time);

    /* The main thread is inside a call that cannot be woken, for as long as this lives.
     * 50 ms after a reason that ends it early, exit_blocked is called. `limit`: after this
     * duration, or at this time, exit_blocked is called with Reason::stuck. A limit wakes the
     * watching thread only if that would not look in time by itself. After a stop of the whole
     * process (SIGSTOP, a frozen cgroup) the main thread gets one more second.
     */
    class Blocking {
      public:
        Blocking(Watch &watch, Call call) : Blocking(watch, call, Clock::time_point::max()) {}
        Blocking(Watch &watch, Call call, Clock::duration limit)
            : Blocking(watch, call, Clock::now() + limit) {}
        Blocking(Watch &watch, Call call, Clock::time_point limit);
        ~Blocking();
        Blocking(const Blocking &) = delete;
        Blocking &operator=(const Blocking &) = delete;

      private:
        Watch &watch_;
    };

  private:
    static constexpr Clock::rep kNever = Clock::time_point::max().time_since_epoch().count();

    void run();
    void set_reason(Reason reason);
    bool may_exit(Call call) const;
    void try_exit(Reason reason);
    Clock::rep limit() const;
    void look_at_limit();
    int timeout_ms();
    bool tick_needed() const;
    void tick();
    void note_signal();

    std::function<void(Reason)> exit_blocked_;
    std::atomic<Reason> reason_{Reason::none};
    std::atomic<Call> main_{Call::none};
    /* Of the Blocking call, and when the watching thread looks next; since the clock's epoch. */
    std::atomic<Clock::rep> limit_{kNever};
    std::atomic<Clock::rep> looks_at_{kNever};
    std::atomic<Clock::rep> end_by_{kNever};
    /* Watching thread only: the limit that had passed when this process was continued, and the one
     * that holds instead. */
    Clock::rep excused_limit_ = kNever;
    Clock::rep excused_until_ = kNever;
    std::atomic<bool> finished_{false};
    std::atomic<int> primary_fd_{-1};
    std::atomic<int> ipc_fd_{-1};
    std::atomic<pid_t> ipc_tid_{0}; /* looked at by tick(); 0: not */
    std::atomic<bool> primary_by_tick_{false};
    std::string primary_dir_; /* written before primary_by_tick_ */
    std::mutex signal_lock_;
    std::optional<Clock::time_point> first_signal_; /* under signal_lock_ */
    bool signals_stay_pending_ = false;             /* under signal_lock_ */
    std::atomic<bool> primary_gone_{false};
    std::optional<Clock::time_point>
        exit_at_; /* watching thread only: when to end in place of a blocked main thread */
    UniqueFd signal_fd_;
    UniqueFd control_fd_; /* eventfd: wakes the watching thread */
    UniqueFd wake_fd_;    /* eventfd: wakes the main thread */
    std::thread thread_;
};

}  // namespace mp_ipc
