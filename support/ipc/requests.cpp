/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/ipc/requests.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <rte_eal.h>
#include <rte_errno.h>

#include "support/console/console.h"

namespace mp_ipc {
namespace {

/* The limit of each send: a request that finds no room is to be reported within its timeout. */
std::chrono::milliseconds send_limit(Clock::duration timeout) {
    constexpr std::chrono::milliseconds kLeast{20};
    return std::clamp(std::chrono::duration_cast<std::chrono::milliseconds>(timeout), kLeast,
                      kSendLimit);
}

/* The least wait: in less than this the kernel may not have run the primary at all. */
constexpr Clock::duration kLeastPatience = std::chrono::milliseconds(100);

constexpr Line<0> kNotSent{"not sent: the server does not read its messages",
                           "未发送：Server 没有读取消息"};

/* For wait_for_place(). idle(): the primary has read what was sent, and this process its replies.
 * has_room(): looked at only after a send has found none, since a send that waits for room holds
 * the library's lock.
 */
struct PrimaryReading {
    Watch &watch;
    const IpcSocket &socket;
    const std::string &primary;
    bool known_to_read;
    static Clock::time_point now() { return Clock::now(); }
    bool ending() const { return watch.ending(); }
    void sleep_until(Clock::time_point time) { watch.sleep_until(time); }
    bool idle() const { return socket.idle(); }
    bool has_room() const {
        return known_to_read || mp_ipc::has_room(primary, std::chrono::milliseconds(0));
    }
};

}  // namespace

Requests::Requests(Watch &watch, Clock::duration timeout, bool bounded)
    : watch_(watch),
      socket_(IpcSocket::find()),
      primary_(primary_socket(rte_eal_get_runtime_dir())),
      timeout_(timeout),
      window_(SendWindow::bound_for(max_dgram_qlen())) {
    if (bounded)
        socket_.limit_sends(send_limit(timeout));
    else
        window_.unbind();
}

SendWindow::Place Requests::wait() {
    PrimaryReading world{watch_, socket_, primary_, peer_reads_};
    return wait_for_place(window_, world, std::max(timeout_, kLeastPatience));
}

void Requests::note_unread() {
    if (peer_reads_.exchange(false))
        say({"[{}] Nothing is sent for now: the server does not read its messages (is it stopped, "
             "or busy?)",
             "[{}] 暂停发送: Server 没有读取消息 (是否已暂停, 或繁忙?)"},
            program().tag);
}

void Requests::say_reads() {
    if (!peer_reads_.exchange(true))
        say({"[{}] The server reads its messages again", "[{}] Server 恢复读取消息"},
            program().tag);
}

bool Requests::sleep_until_room(Clock::time_point time) {
    constexpr Clock::duration kPause = std::chrono::milliseconds(20);
    while (!watch_.ending()) {
        if (has_room(primary_, std::chrono::milliseconds(0)))
            return true;
        const Clock::time_point now = Clock::now();
        if (now >= time)
            return false;
        watch_.sleep_until(std::min(now + kPause, time));
    }
    return false;
}

/* When a call with this `timeout` is taken as stuck: another thread has the library's lock and
 * keeps it.
 */
Clock::time_point Requests::call_limit(Clock::duration timeout) const {
    constexpr Clock::duration kCallGrace = kSendLimit + std::chrono::seconds(5);
    return window_.bounded() ? Clock::now() + timeout + kCallGrace : Clock::time_point::max();
}

Turn::Turn(Requests &requests) : requests_(requests), patience_(requests.timeout_) {
    const Clock::time_point begin = std::max(Clock::now(), requests.window_.silent_until());
    place_ = requests.wait();
    if (place_) {
        patience_ =
            std::max(patience_ - (Clock::now() - begin), std::min(patience_, kLeastPatience));
        blocking_.emplace(requests_.watch_, Watch::Call::interruptible,
                          requests_.call_limit(patience_));
    } else if (!requests_.watch_.ending()) {
        requests_.note_unread();
    }
    timeout_ = to_timespec(patience_);
}

Ended Turn::failed(int error) {
    blocking_.reset();
    if (!place_)
        return {Outcome::refused, in_words(kNotSent), true};
    if (error == ETIMEDOUT)
        return {Outcome::timed_out, in_words({"no reply in time", "未在时限内收到回复"})};
    place_.not_sent();
    if (error == EAGAIN || error == ENOBUFS) { /* no room within the limit of a send */
        requests_.note_unread();
        return {Outcome::refused, in_words(kNotSent), true};
    }
    return {Outcome::refused, rte_strerror(error)};
}

Ended Turn::ignored() {
    blocking_.reset();
    return {Outcome::refused, in_words({"the server is not ready and asked to be ignored",
                                        "Server 尚未就绪，要求忽略该请求"})};
}

Ended Turn::unnumbered() {
    blocking_.reset();
    return {
        Outcome::refused,
        in_words({"the request has no number, so no reply can be told from a late one: take "
                  "its header from RequestCounts::next()",
                  "请求没有编号，无法区分迟到的回复：请用 RequestCounts::next() 取得它的 header"})};
}

Ended Turn::late(std::string reply) {
    blocking_.reset();
    requests_.note_answer();
    return {Outcome::late, std::move(reply)};
}

Ended Turn::answered() {
    blocking_.reset();
    place_.answered();
    requests_.note_answer();
    return {Outcome::answered, ""};
}

SendWindow::Place Turn::sent() {
    blocking_.reset();
    return std::move(place_);
}

}  // namespace mp_ipc
