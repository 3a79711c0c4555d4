/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A reply that cannot be sent does not stop the server. sendmsg() blocks while the peer's queue is
 * full, and with it the IPC thread, on which every other client waits. A client that keeps to
 * SendWindow never makes the server wait: its queue has room for all that it asked for. This is for
 * one that does not, or whose queue somebody else fills. IPC thread only.
 */
#pragma once

#include <cerrno>
#include <chrono>
#include <functional>
#include <set>
#include <string>
#include <string_view>

#include <rte_errno.h>

#include "support/eal/ipc_socket.h"

namespace mp_ipc {

class ReplyLimit {
  public:
    /* From now on the sends of this process give up after a time. Before, they wait for ever. */
    void set(const IpcSocket &socket) {
        socket_ = socket;
        socket_.limit_sends(kLimit);
    }

    /* Calls `reply`, which sends one reply to `peer` and returns 0 or fails with rte_errno. */
    template <typename Reply>
    bool send(std::string_view peer, const Reply &reply) {
        const bool deaf = deaf_.contains(peer);
        if (deaf)
            socket_.limit_sends(kDeafLimit);
        const bool sent = reply() == 0;
        if (deaf)
            socket_.limit_sends(kLimit);
        if (!sent && rte_errno == EAGAIN) {
            if (deaf_.size() >= kMostDeaf) /* of clients that are long gone, most of them */
                deaf_.clear();
            deaf_.emplace(peer);
        } else if (deaf) {
            deaf_.erase(std::string(peer));
        }
        return sent;
    }

  private:
    /* Long enough for a live client on a loaded machine (50 ms was not), and for a peer that did
     * not take its last reply in time.
     */
    static constexpr std::chrono::milliseconds kLimit{500};
    static constexpr std::chrono::milliseconds kDeafLimit{20};
    static constexpr std::size_t kMostDeaf = 64;

    IpcSocket socket_;
    std::set<std::string, std::less<>> deaf_; /* peers that did not take their last reply in time */
};

}  // namespace mp_ipc
