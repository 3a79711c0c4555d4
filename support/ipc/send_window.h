/* SPDX-License-Identifier: BSD-3-Clause
 *
 * How many messages a program may have out that are not yet known to be answered, and when it may
 * send the next one. A client has one window for its requests, a server one for its broadcasts.
 *
 * A unix datagram queue takes max_dgram_qlen + 1 messages (net.unix.max_dgram_qlen, 10); the next
 * sendmsg() blocks. rte_mp sends while it holds the lock that its IPC thread needs to take a reply.
 * So a client that keeps on sending after timeouts ends like this: it blocks on the server's full
 * queue with the lock held; its IPC thread waits for that lock; its own queue fills with replies;
 * the server's IPC thread blocks on that queue, and nothing moves any more, for any client. The
 * bound breaks the circle: with no more messages out than the client's own queue can take as
 * replies, the server never blocks on this client. docs/model has the proof.
 */
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <utility>

#include "support/base/schedule.h"

namespace mp_ipc {

class SendWindow {
  public:
    /* Places of a client's queue that are reserved for what it did not ask for: the broadcasts of a
     * server, which sends at most two before they are known to be read.
     */
    static constexpr unsigned kReserve = 2;

    /* A client's bound for a queue length; 10 gives 8. */
    static constexpr unsigned bound_for(unsigned max_dgram_qlen) {
        return std::max(max_dgram_qlen, kReserve + 1) - kReserve;
    }

    explicit SendWindow(unsigned bound) : bound_(bound) {}

    /* One message that may be sent. If it ends, or is assigned {}, before answered() or not_sent()
     * was called, its message stays counted as unanswered, and the window is silent for a while.
     */
    class Place {
      public:
        Place() = default; /* none */
        Place(Place &&other) noexcept
            : window_(std::exchange(other.window_, nullptr)), ticket_(other.ticket_) {}
        Place &operator=(Place &&other) noexcept {
            std::swap(window_, other.window_);
            std::swap(ticket_, other.ticket_);
            return *this;
        }
        ~Place() {
            if (window_ != nullptr)
                window_->fall_silent(Clock::now());
        }
        Place(const Place &) = delete;
        Place &operator=(const Place &) = delete;

        explicit operator bool() const { return window_ != nullptr; }

        /* Its own reply was seen. Peers answer in order, so all before it have been answered too.
         * Any thread. */
        void answered() {
            if (window_ != nullptr)
                std::exchange(window_, nullptr)->answered(ticket_);
        }
        /* It was refused before it was sent. The thread that calls take(), before its next one. */
        void not_sent() {
            if (window_ == nullptr)
                return;
            window_->sent_--;
            std::exchange(window_, nullptr)->fall_silent(Clock::now());
        }

      private:
        friend class SendWindow;
        Place(SendWindow *window, std::uint64_t ticket) : window_(window), ticket_(ticket) {}
        SendWindow *window_ = nullptr;
        std::uint64_t ticket_ = 0;
    };

    /* Counts a message about to be sent. One thread. */
    Place take() { return {this, ++sent_}; }

    /* All queues were seen empty: all messages but perhaps the last have been answered. */
    void drained() {
        if (sent_ > 0)
            count_answered(sent_ - 1);
    }

    std::uint64_t unanswered() const { return sent_ - answered_.load(std::memory_order_relaxed); }
    bool full() const { return bounded_ && unanswered() >= bound_; }

    /* Nothing may be sent before this time: 1 ms after a failure, twice as long after each that
     * follows, at most 250 ms. Any thread.
     */
    Clock::time_point silent_until() const {
        return Clock::time_point(Clock::duration(silent_until_.load(std::memory_order_relaxed)));
    }

    /* Removes both limits: the bound and the silence (--fault unbounded). */
    void unbind() { bounded_ = false; }
    bool bounded() const { return bounded_; }

  private:
    void answered(std::uint64_t ticket) {
        failures_.store(0, std::memory_order_relaxed);
        count_answered(ticket);
    }
    void count_answered(std::uint64_t ticket) {
        std::uint64_t known = answered_.load(std::memory_order_relaxed);
        while (known < ticket && !answered_.compare_exchange_weak(known, ticket)) {
        }
    }
    void fall_silent(Clock::time_point now) {
        if (!bounded_)
            return;
        const unsigned failures = failures_.fetch_add(1, std::memory_order_relaxed);
        const Clock::duration silence =
            std::min<Clock::duration>(std::chrono::milliseconds(1U << std::min(failures, 8U)),
                                      std::chrono::milliseconds(250));
        silent_until_.store((now + silence).time_since_epoch().count(), std::memory_order_relaxed);
    }

    unsigned bound_;
    bool bounded_ = true;
    std::uint64_t sent_ = 0;
    std::atomic<std::uint64_t> answered_{0};
    std::atomic<unsigned> failures_{0}; /* since the last answer */
    std::atomic<Clock::rep> silent_until_{0};
};

/* Sleeps until one more message may be sent, and counts it. None where the program is to end, or
 * where there was no place within `patience`, counted from the end of the silence.
 *
 * World has: bool ending(), void sleep_until(Clock::time_point), bool idle() (nothing that was sent
 * waits to be read, and nothing that was received either), bool has_room() (as far as is known, the
 * send would not wait), Clock::time_point now().
 */
template <typename World>
SendWindow::Place wait_for_place(SendWindow &window, World &world, Clock::duration patience) {
    Clock::time_point now = world.now();
    for (; now < window.silent_until(); now = world.now()) {
        if (world.ending())
            return {};
        world.sleep_until(window.silent_until());
    }
    const Clock::time_point deadline = now + patience;
    Clock::duration nap = std::chrono::milliseconds(1);
    for (bool free = !window.full();; free = !window.full()) {
        if (world.ending())
            return {};
        if (!free && world.idle()) {
            window.drained();
            free = true;
        }
        if (free && world.has_room())
            break;
        if (now >= deadline)
            return {};
        world.sleep_until(std::min(now + nap, deadline));
        nap = std::min<Clock::duration>(2 * nap, std::chrono::milliseconds(50));
        now = world.now();
    }
    return window.take();
}

}  // namespace mp_ipc
