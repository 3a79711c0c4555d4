/* SPDX-License-Identifier: BSD-3-Clause
 *
 * An asynchronous request from its sending to its callback, as a state machine: it calls nothing
 * and reads no clock. Not thread-safe: its owner holds a lock over the call that sends and in the
 * callback.
 *
 *   idle -> waiting -> idle        the callback came in time
 *           waiting -> given_up    its own deadline passed, or the program ends
 *                      given_up -> idle    the callback came late
 *                      given_up -> lost    it is overdue: it never comes
 *
 * Why its own deadline: until the library's timeout nothing tells that a reply is late, and that
 * timeout must lie far from where replies come. Without the async fixes (docs/faults.md) a reply
 * that arrives as it expires makes two threads of the library wait for each other: the IPC thread,
 * with the lock that each request needs, and the interrupt thread. Nothing is received any more,
 * one core is busy for ever, and no call says so. So the library's timeout is the caller's, a
 * second, and at random up to one second more: a peer whose replies are always late by the same
 * time meets it once in some 100,000. And where it is met, the callback is overdue, which ends the
 * program.
 */
#pragma once

#include <chrono>
#include <cstdint>
#include <random>

#include "support/base/schedule.h"

namespace mp_ipc {

class PendingRequest {
  public:
    /* What a callback ends. */
    enum class Callback {
        in_time, /* the request that waits: its outcome is the callback's */
        late,    /* one that was given up: its outcome is known already */
        other,   /* another request, which was forgotten */
    };

    /* A callback that has not come so long after the library's timeout never comes. */
    static constexpr std::chrono::seconds kGrace{5};
    /* This process may have been stopped meanwhile, and the library's threads with it: they are
     * given this long once that was noticed.
     */
    static constexpr std::chrono::seconds kLastChance{1};

    /* The library's timeout of a request that the caller gives `timeout`; random: 0 to 1. */
    static Clock::duration library_timeout(Clock::duration timeout, double random) {
        return timeout + std::chrono::seconds(1) + seconds(random);
    }

    /* Whether the library has it: it takes no second one of the name. */
    bool in_library() const { return state_ != State::idle; }

    /* The library has taken request `id` (not 0) at `now`. `certain`: it was sent to somebody; the
     * callback of one that was not may never come (without the async fixes), which then means
     * nothing.
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

    /* Whether its deadline has passed just now; then it is given up. */
    bool times_out(Clock::time_point now) { return now >= deadline_ && give_up(); }
    /* Whether it waited; then it is given up. */
    bool give_up() {
        if (state_ != State::waiting)
            return false;
        state_ = State::given_up;
        return true;
    }

    /* Whether the callback is overdue for good. A request that was not certain to be sent is
     * forgotten instead.
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

/* For library_timeout(): 0 to 1. Any thread. */
inline double random_fraction() {
    thread_local std::minstd_rand random(std::random_device{}());
    return std::uniform_real_distribution<double>(0, 1)(random);
}

}  // namespace mp_ipc
