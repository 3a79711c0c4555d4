/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A client that does not read its replies costs the server kSendLimit once. sendmsg() blocks while
 * the peer's queue is full, and with it the IPC thread, on which every other client waits. A client
 * that keeps to SendWindow never makes the server wait: its queue has room for all that it asked
 * for. This is for one that does not, or whose queue somebody else fills. IPC thread only.
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
    /* Calls `reply`, which sends one reply to `peer` and returns 0 or fails with rte_errno. A peer
     * that did not take its last one in time is asked first whether its queue has room (EAGAIN):
     * the limit of the socket is not touched, it is that of all threads.
     */
    template <typename Reply>
    bool send(std::string_view peer, const Reply &reply) {
        const auto deaf = deaf_.find(peer);
        if (deaf != deaf_.end()) {
            if (!has_room(*deaf, kDeafLimit)) {
                rte_errno = EAGAIN;
                return false;
            }
            deaf_.erase(deaf);
        }
        if (reply() == 0)
            return true;
        if (rte_errno == EAGAIN) {
            if (deaf_.size() >= kMostDeaf) /* of clients that are long gone, most of them */
                deaf_.clear();
            deaf_.emplace(peer);
        }
        return false;
    }

  private:
    static constexpr std::chrono::milliseconds kDeafLimit{20};
    static constexpr std::size_t kMostDeaf = 64;

    std::set<std::string, std::less<>> deaf_; /* peers that did not take their last reply in time */
};

}  // namespace mp_ipc
