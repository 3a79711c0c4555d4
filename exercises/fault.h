/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The server's deliberate misbehaviour (--fault), and the gate that keeps the end of the program
 * and a running handler apart.
 */
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <random>

#include "exercises/options.h"
#include "support/base/schedule.h"

namespace mp_ipc {

/* Handlers run on the EAL's IPC thread, which rte_eal_cleanup() cancels wherever it stands. The
 * gate makes sure that it stands in no handler then.
 */
class HandlerGate {
  public:
    /* Before the first handler. */
    void set_fault(const Fault &fault) {
        fault_ = fault;
        fault_end_ =
            fault.for_s > 0 ? Clock::now() + seconds(fault.for_s) : Clock::time_point::max();
    }

    /* A handler or a callback begins; false: the program is ending, do nothing. */
    bool enter() {
        inside_++; /* before the look at closing_, as close() looks the other way round */
        if (!closing_)
            return true;
        leave();
        return false;
    }

    /* IPC thread, inside: does what the fault says before a reply; returns what is left to the
     * handler: none, silent or wrong_name.
     */
    Fault::Kind apply_fault() {
        if (fault_.kind == Fault::Kind::none || Clock::now() >= fault_end_)
            return Fault::Kind::none;
        if (fault_.kind != Fault::Kind::slow)
            return fault_.kind;
        std::uniform_real_distribution<double> delay(fault_.least_s, fault_.most_s);
        std::unique_lock lock(lock_);
        closed_.wait_until(lock, Clock::now() + seconds(delay(random_)),
                           [this] { return closing_.load(); });
        return Fault::Kind::none;
    }

    void leave() {
        inside_--;
        if (!closing_) /* no lock on the path of every request */
            return;
        const std::lock_guard lock(lock_);
        closed_.notify_all();
    }

    /* Main thread: returns when no handler runs and none will. */
    void close() {
        std::unique_lock lock(lock_);
        closing_ = true;
        closed_.notify_all();
        closed_.wait(lock, [this] { return inside_ == 0; });
    }

  private:
    Fault fault_;
    Clock::time_point fault_end_;
    std::minstd_rand random_{std::random_device{}()}; /* IPC thread only */
    std::mutex lock_;
    std::condition_variable closed_;
    std::atomic<bool> closing_{false};
    std::atomic<unsigned> inside_{0}; /* a handler, and a callback on the interrupt thread */
};

}  // namespace mp_ipc
