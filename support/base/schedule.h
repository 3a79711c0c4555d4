/* SPDX-License-Identifier: BSD-3-Clause
 *
 * When the next periodic thing is due. Pure: it never reads the clock itself.
 */
#pragma once

#include <chrono>
#include <ctime>

namespace mp_ipc {

using Clock = std::chrono::steady_clock;

inline Clock::duration seconds(double s) {
    return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(s));
}

inline timespec to_timespec(Clock::duration duration) {
    const auto whole = std::chrono::floor<std::chrono::seconds>(duration);
    return {static_cast<time_t>(whole.count()),
            static_cast<long>(std::chrono::nanoseconds(duration - whole).count())};
}

/* Due at its start and then once per interval, at exact times: a late take() does not shift the
 * next. If more than an interval was missed, it is due again at once, and the intervals count from
 * then.
 */
class Schedule {
  public:
    /* interval 0 or less: never due. */
    Schedule(Clock::time_point first, Clock::duration interval)
        : due_(interval > Clock::duration::zero() ? first : Clock::time_point::max()),
          interval_(interval) {}

    Clock::time_point due() const { return due_; }

    /* Whether it is due; if so, moves on to the next time. */
    bool take(Clock::time_point now) {
        if (now < due_)
            return false;
        due_ += interval_;
        if (due_ < now)
            due_ = now;
        return true;
    }

  private:
    Clock::time_point due_;
    Clock::duration interval_;
};

}  // namespace mp_ipc
