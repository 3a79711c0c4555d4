/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A secondary's requests to its primary. A Turn is one of them: it waits until one more may be
 * under way (SendWindow), bounds the call of the library that follows (Watch), and is told how it
 * ended.
 *
 *     Turn turn(requests);
 *     int result = turn ? rte_mp_request_sync(&request, &reply, turn.timeout()) : -1;
 *     const ReplyMessages messages(reply);
 *     if (result != 0)
 *         ended = turn.failed(rte_errno);
 *     else if (messages.count() == 0)
 *         ended = turn.ignored();
 *     else if (it does not echo what this request asked)
 *         ended = turn.late(what it says);
 *     else
 *         ended = turn.answered();
 *
 * Of structs that begin with a Header, turn.ended() is all of these. Where there is no turn,
 * failed() says that nothing was sent, whatever the error.
 *
 * Main thread, except where a comment says otherwise.
 */
#pragma once

#include <atomic>
#include <chrono>
#include <ctime>
#include <optional>
#include <string>

#include <rte_errno.h>

#include "support/base/message.h"
#include "support/base/request_counts.h"
#include "support/eal/ipc_socket.h"
#include "support/eal/watch.h"
#include "support/ipc/reply_messages.h"
#include "support/ipc/send_window.h"

namespace mp_ipc {

/* How a request ended, and for a person: the late reply that came instead, or why it was refused.
 */
struct Ended {
    Outcome outcome;
    std::string detail;
    bool not_sent = false; /* refused, since the primary does not read */
};

class Requests {
  public:
    /* After rte_eal_init(). `timeout`: of each request. `bounded`: false takes the defences away
     * (--fault unbounded). `watch` outlives it.
     */
    Requests(Watch &watch, Clock::duration timeout, bool bounded = true);

    Clock::duration timeout() const { return timeout_; }

    /* A reply shows that the primary reads: said where it did not before. Any thread. */
    void note_answer() {
        if (!peer_reads_)
            say_reads();
    }
    /* A message found no room in the primary's queue: said once, until a reply shows that it reads.
     */
    void note_unread();
    /* Sleeps until the primary's queue has room; false: not until `time`, or the program is to end.
     */
    bool sleep_until_room(Clock::time_point time);

  private:
    friend class Turn;

    SendWindow::Place wait();
    void say_reads();
    Clock::time_point call_limit(Clock::duration timeout) const;

    Watch &watch_;
    IpcSocket socket_;
    std::string primary_; /* the path of its socket */
    Clock::duration timeout_;
    SendWindow window_;
    std::atomic<bool> peer_reads_{true}; /* as far as was said */
};

class Turn {
  public:
    /* Waits for its turn, for the timeout of a request at most. From then until it is told how the
     * request ended, the main thread counts as being inside a call of the library.
     */
    explicit Turn(Requests &requests);
    /* Whether to send. If not, the program is to end, or the primary has not read what it was sent
     * before: that has been said.
     */
    explicit operator bool() const { return static_cast<bool>(place_); }

    /* What the wait has left of the timeout. For the request calls, which dereference it: never
     * NULL.
     */
    const timespec *timeout() const { return &timeout_; }
    Clock::duration patience() const { return patience_; }

    /* The call failed with this rte_errno, or nothing was sent. */
    Ended failed(int error);
    /* MP_IGN: the call returned 0, and no reply came. */
    Ended ignored();
    /* The reply of an earlier request came; `reply` describes it. */
    Ended late(std::string reply);
    /* Its own reply came. */
    Ended answered();

    /* The four above for a struct request with this header (RequestCounts::next()): reads the
     * struct reply, whose sequence says whether it is this request's. A reply of another length or
     * version is a refusal, and so is one whose status is not ok; and any reply to a request
     * without a number.
     */
    template <Payload Reply>
    Ended ended(int result, const ReplyMessages &messages, const Header &asked, Reply *reply);

    /* An asynchronous request was sent: its callback goes on with the place in the window. */
    SendWindow::Place sent();

  private:
    Ended unnumbered();

    Requests &requests_;
    SendWindow::Place place_;
    Clock::duration patience_;
    timespec timeout_{};
    std::optional<Watch::Blocking> blocking_;
};

template <Payload Reply>
Ended Turn::ended(int result, const ReplyMessages &messages, const Header &asked, Reply *reply) {
    if (result != 0)
        return failed(rte_errno);
    if (messages.count() == 0)
        return ignored();
    if (asked.sequence == 0)
        return unnumbered();
    Status status = read_struct(messages[0], reply);
    if (reply->header.sequence != asked.sequence)
        return late("seq=" + std::to_string(reply->header.sequence));
    const Ended good = answered();
    if (status == Status::ok)
        status = reply->header.status;
    return status == Status::ok ? good : Ended{Outcome::refused, status_text(status)};
}

}  // namespace mp_ipc
