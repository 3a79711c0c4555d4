/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Limits what a client that does not read its replies costs the server: one wait of kSendLimit.
 * sendmsg() blocks while the peer's queue is full, and with it the IPC thread, on which every other
 * client waits. A client that keeps to SendWindow never makes the server wait: its queue has room
 * for all its replies. This is for one that does not, or whose queue another process fills. IPC
 * thread only.
 */
#pragma once

#include <cerrno>
#include <chrono>
#include <set>
#include <string>
#include <string_view>

#include "support/eal/ipc_socket.h"

namespace mp_ipc {

class ReplyLimit {
  public:
    /* Whether a reply to this peer may be sent. A peer that did not take its last reply in time
     * must first have room in its queue, within kDeafLimit. (A shorter limit of the send itself
     * would hold for all threads: the socket is shared.)
     */
    bool takes_replies(std::string_view peer) {
        const auto deaf = deaf_.find(peer);
        if (deaf == deaf_.end())
            return true;
        if (!has_room(*deaf, kDeafLimit))
            return false;
        deaf_.erase(deaf);
        return true;
    }

    /* A reply to this peer could not be sent, with this rte_errno. */
    void note_lost(std::string_view peer, int error) {
        if (error != EAGAIN)
            return;
        if (deaf_.size() >= kMostDeaf) /* most are of clients that exited long ago */
            deaf_.clear();
        deaf_.emplace(peer);
    }

  private:
    static constexpr std::chrono::milliseconds kDeafLimit{20};
    static constexpr std::size_t kMostDeaf = 64;

    std::set<std::string, std::less<>> deaf_; /* peers that did not take their last reply in time */
};

}  // namespace mp_ipc
