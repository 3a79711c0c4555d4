/* SPDX-License-Identifier: BSD-3-Clause
 *
 * When a client may send its next message: not while too many are unanswered (SendWindow says why),
 * and not right after one that got no answer. Main thread, except answered().
 */
#pragma once

#include <algorithm>
#include <cstdint>

#include "support/base/books.h"
#include "support/base/schedule.h"
#include "support/eal/ipc_socket.h"
#include "support/eal/watch.h"
#include "support/ipc/send_window.h"

namespace mp_ipc {

class Pacing {
  public:
    explicit Pacing(Watch &watch) : watch_(watch), socket_(IpcSocket::find()) {}

    const IpcSocket &socket() const { return socket_; }

    /* Sleeps until one more message may be sent, and counts it: its ticket; 0: the program is to
     * end instead. */
    std::uint64_t wait_for_turn() {
        while (!watch_.ending() && Clock::now() < silent_until_)
            watch_.sleep_until(silent_until_);
        Clock::duration nap = std::chrono::milliseconds(1);
        while (!watch_.ending() && bounded_ && window_.full()) {
            if (socket_.idle()) {
                window_.drained();
                break;
            }
            watch_.sleep_until(Clock::now() + nap);
            nap = std::min<Clock::duration>(2 * nap, std::chrono::milliseconds(50));
        }
        return watch_.ending() ? 0 : window_.send();
    }

    /* The message counted last was refused by the library before it was sent. */
    void not_sent() { window_.not_sent(); }

    /* The message with this ticket was answered. Any thread. */
    void answered(std::uint64_t ticket) { window_.answered(ticket); }

    /* A synchronous request ended so: silence after a failure, twice as long after the next. */
    void note(Outcome outcome) {
        if (!bounded_ || outcome == Outcome::answered) {
            silence_ = Clock::duration::zero();
        } else {
            silence_ = std::clamp<Clock::duration>(2 * silence_, std::chrono::milliseconds(1),
                                                   std::chrono::milliseconds(250));
            silent_until_ = Clock::now() + silence_;
        }
    }

    /* Takes the defence away (--fault unbounded). */
    void unbind() { bounded_ = false; }

  private:
    Watch &watch_;
    IpcSocket socket_;
    SendWindow window_{SendWindow::bound_for(max_dgram_qlen())};
    bool bounded_ = true;
    Clock::duration silence_{0};
    Clock::time_point silent_until_;
};

}  // namespace mp_ipc
