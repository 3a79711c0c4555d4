/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The driver: a secondary that asks either a bare primary or the real mp_server, one request after
 * the other or several at once.
 */
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <string>

#include <rte_eal.h>
#include <rte_errno.h>

#include "bench/peer.h"
#include "bench/peer_requests.h"
#include "common.h"
#include "support/base/message.h"
#include "support/eal/ipc_core.h"

namespace mp_ipc::bench {
namespace {

/* The same text to every server, made once: the client's own work for a request is not compared
 * here.
 */
rte_mp_msg text_request(const std::string &name) {
    rte_mp_msg request = make_message(name.c_str());
    fill_text(request, kText);
    return request;
}

void ask(rte_mp_msg &request) {
    struct rte_mp_reply reply = {};
    const int result = rte_mp_request_sync(&request, &reply, &kTimeout);
    const int error = rte_errno;
    if (result != 0)
        fail(std::string("request ") + request.name, error);
    const bool answered = reply.nb_received == 1;
    std::free(reply.msgs);
    if (!answered)
        throw Failure(std::string("no answer to ") + request.name);
}

/* One slot for each name: only one request of a name may be pending. */
struct Slot {
    rte_mp_msg request;
    std::int64_t sent = 0;
    std::atomic<std::int64_t> answered{0}; /* time in ns; 0: not yet. Written by the IPC thread. */
    std::atomic<bool> lost{false};
};
Slot g_slots[kEchoNames];
Answers g_answered;

int on_async(const rte_mp_msg *request, const struct rte_mp_reply *reply) {
    Slot &slot = g_slots[echo_index(request->name)];
    slot.lost = reply->nb_received != 1;
    slot.answered = now_ns();
    g_answered.release();
    return 0;
}

}  // namespace

std::int64_t drive_sync(std::istringstream &words) {
    rte_mp_msg request = text_request(next<std::string>(words));
    const auto count = next<unsigned long>(words);
    return time_each(count, [&] { ask(request); });
}

/* From one moment of CLOCK_MONOTONIC to another, so that several drivers begin together. */
std::int64_t drive_until(std::istringstream &words) {
    rte_mp_msg request = text_request(next<std::string>(words));
    const auto begin = next<std::int64_t>(words);
    const auto end = next<std::int64_t>(words);
    const timespec start = {static_cast<time_t>(begin / 1'000'000'000),
                            static_cast<long>(begin % 1'000'000'000)};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &start, nullptr);
    std::int64_t last = now_ns();
    const std::int64_t first = last;
    while (last < end) {
        ask(request);
        const std::int64_t now = now_ns();
        note_sample(now - last);
        last = now;
    }
    return last - first;
}

std::int64_t take_ipc_core(std::istringstream &words) {
    if (!put_ipc_thread_on(next<int>(words)))
        throw Failure("--ipc-core is refused");
    return 0;
}

std::int64_t drive_async(std::istringstream &words) {
    const int names = std::min(next<int>(words), kEchoNames);
    const auto count = next<unsigned long>(words);
    unsigned long sent = 0;
    const auto send = [&](Slot &slot) {
        slot.answered = 0;
        slot.sent = now_ns();
        if (rte_mp_request_async(&slot.request, &kTimeout, on_async) != 0)
            fail("asynchronous request", rte_errno);
        sent++;
    };
    const std::int64_t begin = now_ns();
    for (int i = 0; i < names && sent < count; i++) {
        g_slots[i].request = text_request(echo_name(i));
        send(g_slots[i]);
    }
    for (unsigned long done = 0; done < count;) {
        g_answered.acquire();
        for (int i = 0; i < names; i++) {
            Slot &slot = g_slots[i];
            const std::int64_t answered = slot.answered.exchange(0);
            if (answered == 0)
                continue;
            if (slot.lost)
                throw Failure("an asynchronous request was not answered");
            note_sample(answered - slot.sent);
            done++;
            if (sent < count)
                send(slot);
        }
    }
    const std::int64_t elapsed = now_ns() - begin;
    while (g_answered.try_acquire()) { /* posts of answers that have been seen already */
    }
    return elapsed;
}

}  // namespace mp_ipc::bench
