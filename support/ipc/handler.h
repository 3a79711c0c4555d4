/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What every handler needs before and after its own work. A program registers guarded<handler>:
 *
 *     rte_mp_action_register("my_request", guarded<on_my_request>);
 *
 * Before the handler: descriptors that came with the message are closed; no handler begins while
 * the program ends (HandlerGate); a primary takes messages from its secondaries only; a request
 * whose reply could not be delivered is not handled (ReplyLimit). After it: the message is counted
 * and timed, and a lost reply is reported. The handler itself parses, acts, and returns
 * rte_mp_reply().
 */
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <rte_eal.h>

#include "support/base/histogram.h"
#include "support/base/message.h"
#include "support/eal/watch.h"
#include "support/ipc/client_table.h"
#include "support/ipc/gate.h"
#include "support/ipc/reply_limit.h"

namespace mp_ipc {

/* The messages of one action, counted. Written by the IPC thread, read by any. */
struct ActionCounts {
    std::atomic<std::uint64_t> received{0};
    std::atomic<std::uint64_t> replied{0};
    std::atomic<std::uint64_t> refused{0}; /* with a status other than ok */
    Histogram handling{};                  /* ns from the handler's start to its end */
};

/* A request must be answered on every path; nobody waits for an answer to an event. */
enum class MessageKind { request, event };

/* What guarded handlers share; one in a process. */
struct Handlers {
    HandlerGate gate;
    ClientTable clients;       /* who sent what */
    std::uint64_t boot_id = 0; /* of this run; 0: unknown. Set before the first is registered */
    ReplyLimit reply_limit;    /* IPC thread */
    ActionCounts *current = nullptr; /* IPC thread: of the handler that runs */
    std::string_view sender;         /* IPC thread: of its message; empty once that is counted */
    Clock::time_point entered;       /* IPC thread: when it began; `handling` counts from it */

    /* IPC thread: counts the message of the handler that runs, if it is not counted yet. Called
     * after the handler, or by a handler that reads the counts: on a core that has slept it takes
     * 2 µs, for which the sender need not wait.
     */
    void note_received();
};
inline Handlers g_handlers;

/* Runs the handler as described above. IPC thread. Returns 0 in any case. */
int run_guarded(ActionCounts &counts, MessageKind kind, rte_mp_t handler, const rte_mp_msg *msg,
                const void *peer);

template <rte_mp_t Handler>
inline ActionCounts counts_of;

template <rte_mp_t Handler, MessageKind Kind = MessageKind::request>
int guarded(const rte_mp_msg *msg, const void *peer) {
    return run_guarded(counts_of<Handler>, Kind, Handler, msg, peer);
}

/* A message and its handler, for registration, report and telemetry. The name is shorter than
 * RTE_MP_MAX_NAME_LEN, and unique in its process.
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

/* The paths of the sockets of live clients. Removes those that exited clients left behind. Main
 * thread of a primary.
 */
std::vector<std::string> live_clients();

/* Main thread: returns when no handler runs and none will. After two seconds the process ends
 * (Watch::Reason::stuck).
 */
void close_handlers(Watch &watch);

/* In a handler: reads a struct request, and returns the status to reply with. Any other than ok is
 * counted as refused: also other_boot, for a request to an earlier run of this program.
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
