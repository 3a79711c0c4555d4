/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Owns the messages of a synchronous reply, which the caller must free: frees them and closes the
 * descriptors that came in them. (The asynchronous callback's reply belongs to the library.)
 */
#pragma once

#include <algorithm>
#include <cstdlib>
#include <memory>

#include <rte_eal.h>

#include "support/base/unique_fd.h"

namespace mp_ipc {

/* Closes the descriptors that came with a message: num_fds is their number (ipc_filter.h).
 * Any thread.
 */
inline void close_received_fds(const rte_mp_msg &msg) {
    for (int i = 0; i < std::clamp(msg.num_fds, 0, RTE_MP_MAX_FD_NUM); i++)
        close(msg.fds[i]);
}

class ReplyMessages {
  public:
    /* After rte_mp_request_sync(), whatever it returned. */
    explicit ReplyMessages(const struct rte_mp_reply &reply)
        : messages_(reply.msgs), count_(reply.msgs != nullptr ? reply.nb_received : 0) {}
    ~ReplyMessages() {
        for (int i = 0; messages_ && i < count_; i++)
            close_received_fds(messages_.get()[i]);
    }

    int count() const { return messages_ ? count_ : 0; }
    const rte_mp_msg &operator[](int i) const { return messages_.get()[i]; }

    /* Takes the descriptor out of message i, for the caller to own; invalid, and all closed, unless
     * there is exactly one.
     */
    UniqueFd take_fd(int i) {
        rte_mp_msg &message = messages_.get()[i];
        UniqueFd fd;
        if (message.num_fds == 1)
            fd = UniqueFd(message.fds[0]);
        else
            close_received_fds(message);
        message.num_fds = 0;
        return fd;
    }

  private:
    struct Free {
        void operator()(rte_mp_msg *messages) const { std::free(messages); }
    };
    std::unique_ptr<rte_mp_msg, Free> messages_;
    int count_ = 0;
};

}  // namespace mp_ipc
