/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What every handler needs before and after what it is for. A program registers guarded<handler>:
 *
 *     rte_mp_action_register("my_request", guarded<on_my_request>);
 *
 * Before the handler: descriptors that came with the message are closed, none begins while the
 * program ends (HandlerGate), a primary's sender must be a secondary of it, and a request whose
 * reply could not be delivered is not handled (ReplyLimit). After it: counts and times, and a line
 * where its reply was lost. The handler is left to parse, act, and return rte_mp_reply().
 */
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <rte_eal.h>

#include "support/base/live_histogram.h"
#include "support/base/message.h"
#include "support/eal/watch.h"
#include "support/ipc/client_table.h"
#include "support/ipc/gate.h"
#include "support/ipc/reply_limit.h"

namespace mp_ipc {

/* What became of the messages of one action. Written by the IPC thread, read by any. */
struct ActionCounts {
    std::atomic<std::uint64_t> received{0};
    std::atomic<std::uint64_t> replied{0};
    std::atomic<std::uint64_t> refused{0}; /* with a status other than ok */
    LiveHistogram handling{};              /* ns from the handler's start to its end */
};

/* A request is answered on every path; an event has nobody who waits. */
enum class MessageKind { request, event };

/* What guarded handlers share; one in a process. */
struct Handlers {
    HandlerGate gate;
    ClientTable clients;       /* who sent what */
    std::uint64_t boot_id = 0; /* of this run; 0: unknown. Set before the first is registered */
    ReplyLimit reply_limit;    /* IPC thread */
    ActionCounts *current = nullptr; /* IPC thread: of the handler that runs */
    std::string_view sender;         /* IPC thread: of its message, while that is not counted */
    Clock::time_point entered;       /* IPC thread: when that one was; `handling` counts from it */

    /* IPC thread: counts the message of the handler that runs, if that has not been done. It is
     * after the handler, or where that looks at the counts: on a core that has slept it takes 2 µs,
     * which the sender need not wait for.
     */
    void note_received();
};
inline Handlers g_handlers;

int run_guarded(ActionCounts &counts, MessageKind kind, rte_mp_t handler, const rte_mp_msg *msg,
                const void *peer);

template <rte_mp_t Handler>
inline ActionCounts counts_of;

template <rte_mp_t Handler, MessageKind Kind = MessageKind::request>
int guarded(const rte_mp_msg *msg, const void *peer) {
    return run_guarded(counts_of<Handler>, Kind, Handler, msg, peer);
}

/* A message and its handler, for the lists that are made of them: registration, report, telemetry.
 * The name is shorter than RTE_MP_MAX_NAME_LEN, and the only one in its process.
 */
struct Action {
    const char *name = nullptr; /* none: no action */
    rte_mp_t handler = nullptr; /* guarded */
    ActionCounts *counts = nullptr;
    MessageKind kind = MessageKind::request;
    rte_mp_t bare = nullptr; /* the handler without its guard */
};
template <rte_mp_t Handler, MessageKind Kind = MessageKind::request>
constexpr Action action(const char *name) {
    return {name, guarded<Handler, Kind>, &counts_of<Handler>, Kind, Handler};
}

/* Sockets of the clients that live; what exited ones left behind is removed. A primary's main
 * thread.
 */
std::vector<std::string> live_clients();

/* Main thread: returns when no handler runs and none will, two seconds at most. */
void close_handlers(Watch &watch);

/* In a handler: reads a struct request. Anything but ok is counted as refused, and is the status to
 * reply with. A request for an earlier run of this program is one of them.
 */
template <Payload Request>
Status read_request(const rte_mp_msg &msg, Request *request) {
    Status status = read_struct(msg, request);
    const std::uint64_t meant = request->header.boot_id;
    if (status == Status::ok && meant != 0 && meant != g_handlers.boot_id)
        status = Status::other_boot;
    if (status != Status::ok)
        g_handlers.current->refused++;
    return status;
}

/* In a handler: the header of the reply to this request. */
inline Header reply_header(const Header &request, Status status) {
    return {kVersion, status, request.sequence, g_handlers.boot_id};
}

}  // namespace mp_ipc
