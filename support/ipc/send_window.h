/* SPDX-License-Identifier: BSD-3-Clause
 *
 * How many messages a client may have out that are not yet known to be answered.
 *
 * A unix datagram queue takes max_dgram_qlen + 1 messages (net.unix.max_dgram_qlen, 10); the next
 * sendmsg() blocks. rte_mp sends while it holds the lock that its IPC thread needs to take a reply.
 * So a client that keeps on sending after timeouts ends like this: it blocks on the server's full
 * queue with the lock held; its IPC thread waits for that lock; its own queue fills with replies;
 * the server's IPC thread blocks on that queue, and nothing moves any more, for any client. The
 * bound breaks the circle: with no more messages out than the client's own queue can take as
 * replies, the server never blocks on this client.
 */
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace mp_ipc {

class SendWindow {
  public:
    /* Places of the client's queue that are left to what it did not ask for: the broadcasts of a
     * server, which sends two at the most before they are known to be read.
     */
    static constexpr unsigned kReserve = 2;

    /* The bound for a queue length; 10 gives 8. */
    static constexpr unsigned bound_for(unsigned max_dgram_qlen) {
        return std::max(max_dgram_qlen, kReserve + 1) - kReserve;
    }

    explicit SendWindow(unsigned bound) : bound_(bound) {}

    /* Counts a message about to be sent; its ticket. One thread. */
    std::uint64_t send() { return ++sent_; }
    /* The message counted last was not sent after all. */
    void not_sent() { sent_--; }

    /* A reply to the message with this ticket was seen. The server answers in order, so all before
     * it have been answered too. Any thread.
     */
    void answered(std::uint64_t ticket) {
        std::uint64_t known = answered_.load(std::memory_order_relaxed);
        while (known < ticket && !answered_.compare_exchange_weak(known, ticket)) {
        }
    }

    /* Both queues were seen empty: at most the last message is still with the server. */
    void drained() {
        if (sent_ > 0)
            answered(sent_ - 1);
    }

    std::uint64_t unanswered() const { return sent_ - answered_.load(std::memory_order_relaxed); }
    bool full() const { return unanswered() >= bound_; }
    unsigned bound() const { return bound_; }

  private:
    unsigned bound_;
    std::uint64_t sent_ = 0;
    std::atomic<std::uint64_t> answered_{0};
};

}  // namespace mp_ipc
