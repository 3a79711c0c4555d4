/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A primary's messages to all its secondaries. Sending one blocks while the queue of any of them is
 * full. So at most SendWindow::kReserve are sent before all have been read: every queue has room
 * for so many.
 */
#pragma once

#include <chrono>
#include <thread>

#include "support/eal/ipc_socket.h"
#include "support/eal/watch.h"
#include "support/ipc/send_window.h"

namespace mp_ipc {

/* Main thread. */
class Broadcasts {
  public:
    /* After rte_eal_init(). `watch` must outlive it. */
    explicit Broadcasts(Watch &watch) : watch_(watch), socket_(IpcSocket::find()) {}

    /* The place for one more message; none where earlier ones are not known to have been read. */
    SendWindow::Place take_place() {
        constexpr std::chrono::milliseconds kMoment{20}; /* to read what was just sent */
        PeersReading world{socket_};
        return wait_for_place(window_, world, kMoment);
    }

    /* Construct around the call that sends. `limit`: a call that takes longer is taken as stuck. */
    Watch::Blocking blocking(Clock::duration limit, bool interruptible = true) {
        return {watch_, interruptible ? Watch::Call::interruptible : Watch::Call::until_done,
                limit};
    }

  private:
    /* Waits for peers to read, whether or not the program ends. */
    struct PeersReading {
        const IpcSocket &socket;
        static Clock::time_point now() { return Clock::now(); }
        static bool ending() { return false; }
        static void sleep_until(Clock::time_point time) { std::this_thread::sleep_until(time); }
        bool idle() const { return socket.unread_by_peers() == 0; }
        static bool has_room() { return true; } /* the window alone is the limit */
    };

    Watch &watch_;
    IpcSocket socket_;
    SendWindow window_{SendWindow::kReserve};
};

}  // namespace mp_ipc
