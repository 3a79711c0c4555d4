/* SPDX-License-Identifier: BSD-3-Clause
 *
 * An asynchronous request from its sending to its callback, as a state machine: it calls nothing
 * and reads no clock. Not thread-safe: a lock (Pending::lock) is held during the call that sends
 * and in the callback.
 *
 *   idle -> waiting -> idle        the callback came in time
 *           waiting -> given_up    its own deadline passed, or the program ends
 *                      given_up -> idle    the callback came late
 *                      given_up -> lost    it is overdue: it never comes
 *
 * Why its own deadline: the library calls back at its own timeout, and that must be far from the
 * time at which replies come. Without the async fixes (docs/faults.md) a reply that arrives as the
 * timeout expires makes two threads of the library wait for each other: the IPC thread, with the
 * lock that each request needs, and the interrupt thread. Nothing is received any more, one core is
 * busy for ever, and no call reports it. So the library's timeout is the caller's, plus one second,
 * plus up to one more at random: a peer whose replies are always late by the same time meets it
 * once in some 100,000. Where that happens, the callback is overdue, and the program ends.
 */
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <random>

#include "support/base/schedule.h"
#include "support/ipc/send_window.h"

namespace mp_ipc {

class PendingRequest {
  public:
    /* Which request a callback ends. */
    enum class Callback {
        in_time, /* the one that waits: the callback decides its outcome */
        late,    /* one that was given up: its outcome has been counted */
        other,   /* another request, which was forgotten */
    };

    /* A callback that is later than the library's timeout by this never comes. */
    static constexpr std::chrono::seconds kGrace{5};
    /* One more wait for an overdue callback: the whole process may have been stopped, and the
     * library's threads with it.
     */
    static constexpr std::chrono::seconds kLastChance{1};

    /* Whether the library has the request: then it takes no other of its name. */
    bool in_library() const { return state_ != State::idle; }

    /* The library has taken request `id` (not 0) at `now`. `certain`: it was sent to at least one
     * peer. If that is not certain, its callback may never come (without the async fixes), and
     * lost() does not report it.
     */
    void sent(std::uint64_t id, Clock::time_point now, Clock::duration timeout,
              Clock::duration library_timeout, bool certain = true) {
        id_ = id;
        state_ = State::waiting;
        certain_ = certain;
        deadline_ = now + timeout;
        overdue_ = now + library_timeout + (certain ? kGrace : kLastChance);
        last_chance_ = false;
    }

    /* The callback of request `id` has come. */
    Callback called_back(std::uint64_t id) {
        if (!in_library() || id != id_)
            return Callback::other;
        const bool in_time = state_ == State::waiting;
        state_ = State::idle;
        return in_time ? Callback::in_time : Callback::late;
    }

    /* Gives up a waiting request whose deadline has passed; returns whether it did. */
    bool times_out(Clock::time_point now) { return now >= deadline_ && give_up(); }
    /* Gives up a waiting request; returns whether there was one. */
    bool give_up() {
        if (state_ != State::waiting)
            return false;
        state_ = State::given_up;
        return true;
    }

    /* Whether the callback is overdue and will never come. A request that was not certain to be
     * sent is forgotten instead.
     */
    bool lost(Clock::time_point now) {
        if (!in_library() || now < overdue_)
            return false;
        if (!certain_) {
            state_ = State::idle;
            return false;
        }
        if (last_chance_)
            return true;
        last_chance_ = true;
        overdue_ = now + kLastChance;
        return false;
    }
    /* When to look again: times_out() or lost() may change. */
    Clock::time_point due() const {
        switch (state_) {
            case State::idle:
                break;
            case State::waiting:
                return deadline_ < overdue_ ? deadline_ : overdue_;
            case State::given_up:
                return overdue_;
        }
        return Clock::time_point::max();
    }

  private:
    enum class State { idle, waiting, given_up };

    State state_ = State::idle;
    bool certain_ = true;
    bool last_chance_ = false;
    std::uint64_t id_ = 0;
    Clock::time_point deadline_;
    Clock::time_point overdue_;
};

/* The library's timeout for a request with the caller's `timeout`. Any thread. */
inline Clock::duration library_timeout(Clock::duration timeout) {
    thread_local std::minstd_rand random(std::random_device{}());
    return timeout + seconds(std::uniform_real_distribution<double>(1, 2)(random));
}

/* The one request of its name that a program may have pending: a second one would fail with EEXIST.
 */
struct Pending {
    std::mutex lock; /* of the two below */
    PendingRequest request;
    SendWindow::Place place;

    bool in_library() {
        const std::lock_guard guard(lock);
        return request.in_library();
    }
    Clock::time_point due() {
        const std::lock_guard guard(lock);
        return request.due();
    }
};

}  // namespace mp_ipc
