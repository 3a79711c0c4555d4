/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Keeps handlers from running while the program ends. They run on the EAL's IPC thread, which
 * rte_eal_cleanup() cancels wherever it is; once the gate is closed, that is not in a handler.
 */
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>

#include "support/base/schedule.h"

namespace mp_ipc {

class HandlerGate {
  public:
    /* If open(), its owner is inside for as long as it lives. If not, the program is ending, and
     * the handler or callback must do nothing. Any thread.
     */
    class Pass {
      public:
        explicit Pass(HandlerGate &gate) : gate_(gate), open_(gate.enter()) {}
        ~Pass() {
            if (open_)
                gate_.leave();
        }
        Pass(const Pass &) = delete;
        Pass &operator=(const Pass &) = delete;
        bool open() const { return open_; }

      private:
        HandlerGate &gate_;
        bool open_;
    };

    /* Only inside: waits, or returns early when the gate closes. */
    void wait_for(Clock::duration duration) {
        std::unique_lock lock(lock_);
        changed_.wait_for(lock, duration, [this] { return closing_.load(); });
    }

    /* Main thread: closes the gate, and returns when no handler or callback is inside. */
    void close() {
        std::unique_lock lock(lock_);
        closing_ = true;
        changed_.notify_all();
        changed_.wait(lock, [this] { return inside_ == 0; });
    }

  private:
    bool enter() {
        inside_++; /* before closing_ is read: close() sets that before it reads inside_ */
        if (!closing_)
            return true;
        leave();
        return false;
    }
    void leave() {
        inside_--;
        if (!closing_) /* no lock on the path of every request */
            return;
        const std::lock_guard lock(lock_);
        changed_.notify_all();
    }

    std::mutex lock_;
    std::condition_variable changed_;
    std::atomic<bool> closing_{false};
    std::atomic<unsigned> inside_{0}; /* a handler, a callback, answers of telemetry */
};

}  // namespace mp_ipc
