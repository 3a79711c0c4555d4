/* SPDX-License-Identifier: BSD-3-Clause
 *
 * When a server may send to all its clients at once. A broadcast blocks on the first client whose
 * queue is full, for as long as that client does not read, so a client that has stopped reading
 * gets no more of them than SendWindow leaves it places for: neither the broadcast nor, while they
 * lie there, a reply to that client's own requests can then meet a full queue. docs/model has the
 * proof.
 */
#pragma once

#include <atomic>
#include <chrono>

#include "support/eal/ipc_socket.h"
#include "support/ipc/send_window.h"

namespace mp_ipc {

class BroadcastLimit {
  public:
    /* Whether one more may be sent now; if so, it counts as sent. false: a client does not read
     * what it was sent. Waits up to 20 ms for what was sent just now to be read. Main thread.
     */
    bool take_turn(const IpcSocket &socket) {
        if (!incomplete_)
            return true;
        if (holds_within(kMoment, [&] { return socket.unread_by_peers() == 0; }))
            unread_ = 0;
        else if (unread_ + 1 >= SendWindow::kReserve)
            return false; /* the first round that somebody did not answer is not in unread_ */
        unread_++;
        return true;
    }

    /* The last broadcast has ended; whether all that it was sent to have answered it. Any thread.
     */
    void ended(bool all_answered) { incomplete_ = !all_answered; }

  private:
    static constexpr std::chrono::milliseconds kMoment{20};

    std::atomic<bool> incomplete_{false};
    unsigned unread_ = 0; /* main thread: broadcasts sent since all queues were seen empty, while
                             somebody did not answer */
};

}  // namespace mp_ipc
