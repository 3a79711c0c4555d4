/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Owns the messages of a synchronous reply, which the caller must free: frees them and closes the
 * descriptors that came in them. (The asynchronous callback's reply belongs to the library.)
 */
#pragma once

#include <cstdlib>
#include <memory>

#include <rte_eal.h>

#include "support/base/received_fds.h"

namespace mp_ipc {

class ReplyMessages {
  public:
    ReplyMessages() = default;
    /* After rte_mp_request_sync(), whatever it returned. */
    explicit ReplyMessages(const struct rte_mp_reply &reply)
        : messages_(reply.msgs), count_(reply.msgs != nullptr ? reply.nb_received : 0) {}
    ReplyMessages(ReplyMessages &&) = default;
    ReplyMessages &operator=(ReplyMessages &&) = default;
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
        UniqueFd fd = take_received_fd(messages_.get()[i]);
        messages_.get()[i].num_fds = 0;
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
