/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/ipc/requests.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <rte_errno.h>

#include "support/console/console.h"

namespace mp_ipc {
namespace {

constexpr const char *kNoReply = "no reply in time";

/* Of each send: a request that finds no room is reported within its timeout. */
std::chrono::milliseconds send_limit(Clock::duration timeout) {
    constexpr std::chrono::milliseconds kLeast{20};
    return std::clamp(std::chrono::duration_cast<std::chrono::milliseconds>(timeout), kLeast,
                      kSendLimit);
}

/* For wait_for_turn(): until the primary has read what was sent, and this process its replies. */
struct PrimaryReading {
    Watch &watch;
    const IpcSocket &socket;
    static Clock::time_point now() { return Clock::now(); }
    bool ending() const { return watch.ending(); }
    void sleep_until(Clock::time_point time) { watch.sleep_until(time); }
    bool idle() const { return socket.idle(); }
};

}  // namespace

Requests::Requests(Watch &watch, Clock::duration timeout, bool bounded)
    : watch_(watch),
      socket_(IpcSocket::find()),
      timeout_(timeout),
      window_(SendWindow::bound_for(max_dgram_qlen())) {
    if (bounded)
        socket_.limit_sends(send_limit(timeout));
    else
        window_.unbind();
}

SendWindow::Turn Requests::wait() {
    /* Within which the kernel may not yet have run a primary that reads. */
    constexpr Clock::duration kLeastPatience = std::chrono::milliseconds(100);
    PrimaryReading world{watch_, socket_};
    return wait_for_turn(window_, world, std::max(timeout_, kLeastPatience));
}

void Requests::say_unread() {
    if (peer_reads_.exchange(false))
        diagnose(Severity::warning,
                 "the server does not read its messages (is it stopped, or busy?): no request is "
                 "sent until it does");
}

/* When a call that was given `timeout` has not returned for good: another thread has the library's
 * lock and keeps it.
 */
Clock::time_point Requests::call_limit(Clock::duration timeout) const {
    constexpr Clock::duration kCallGrace = kSendLimit + std::chrono::seconds(5);
    return window_.bounded() ? Clock::now() + timeout + kCallGrace : Clock::time_point::max();
}

Turn::Turn(Requests &requests)
    : requests_(requests), place_(requests.wait()), timeout_(to_timespec(requests.timeout_)) {
    if (place_)
        blocking_.emplace(requests_.watch_, Watch::Blocking::Interruptible::yes,
                          requests_.call_limit(requests_.timeout_));
    else if (!requests_.watch_.ending())
        requests_.say_unread();
}

Ended Turn::failed(int error) {
    blocking_.reset();
    if (!place_ || error == ETIMEDOUT)
        return {Outcome::timed_out, kNoReply};
    place_.not_sent();
    if (error == EAGAIN) { /* no room in the primary's queue within the limit of a send */
        requests_.say_unread();
        return {Outcome::timed_out, kNoReply};
    }
    return {Outcome::refused, rte_strerror(error)};
}

Ended Turn::ignored() {
    blocking_.reset();
    return {Outcome::refused, "the server is not ready and asked to be ignored"};
}

Ended Turn::unnumbered() {
    blocking_.reset();
    return {Outcome::refused,
            "the request has no number, so no reply can be told from a late one: take its header "
            "from Books::next()"};
}

Ended Turn::late(std::string reply) {
    blocking_.reset();
    return {Outcome::late, std::move(reply)};
}

Ended Turn::answered() {
    blocking_.reset();
    place_.answered();
    requests_.note_answer();
    return {Outcome::answered, ""};
}

SendWindow::Turn Turn::sent() {
    blocking_.reset();
    return std::move(place_);
}

}  // namespace mp_ipc
