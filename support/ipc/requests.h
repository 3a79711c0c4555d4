/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A secondary's requests to its primary. A Turn is one of them: it waits until one more may be
 * under way (SendWindow), limits the call of the library that follows (Watch), and records how the
 * request ended.
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
 * For structs that begin with a Header, turn.ended() does all of this. A turn that is false must
 * not send: the -1 stands for the call that is left out, and failed() then reports that nothing was
 * sent, whatever rte_errno is.
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

/* How a request ended. */
struct Ended {
    Outcome outcome;
    std::string detail; /* for a person: the late reply that came instead, or why it was refused */
    bool not_sent = false; /* refused, since the primary does not read */
};

class Requests {
  public:
    /* After rte_eal_init(). `timeout`: of each request. `bounded` false: no limit on unanswered
     * messages nor on a send (--fault unbounded). `watch` must outlive it.
     */
    Requests(Watch &watch, Clock::duration timeout, bool bounded = true);

    Clock::duration timeout() const { return timeout_; }

    /* A reply has come, so the primary reads: printed if it did not before. Any thread. */
    void note_answer() {
        if (!peer_reads_)
            say_reads();
    }
    /* A message found no room in the primary's queue: printed once, until note_answer(). */
    void note_unread();
    /* Sleeps until the primary's queue has room; false: it had none by `time`, or the program ends.
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
    std::atomic<bool> peer_reads_{true}; /* as last printed */
};

class Turn {
  public:
    /* Waits until one more request may be sent: for the timeout of a request (at least 100 ms) at
     * most, from the end of the silence after a failure. From then until a function below records
     * how the request ended, the main thread counts as being inside a call of the library
     * (Watch::Blocking).
     */
    explicit Turn(Requests &requests);
    /* Whether to send. If not, the program ends, or the primary does not read its messages, which
     * has been reported.
     */
    explicit operator bool() const { return static_cast<bool>(place_); }

    /* The timeout less the wait; at least 100 ms, or all of a shorter timeout. Never NULL: the
     * request calls dereference it.
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

    /* The four above for a struct request with this header (RequestCounts::next()). Reads the
     * struct reply: its sequence shows whether it is this request's. A reply of another length or
     * version, or with a status other than ok, counts as refused; so does any reply to a request
     * whose sequence is 0.
     */
    template <Payload Reply>
    Ended ended(int result, const ReplyMessages &messages, const Header &asked, Reply *reply);

    /* An asynchronous request was sent: the caller keeps its place until the callback. */
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
