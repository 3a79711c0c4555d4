/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The bare primary: a server whose handlers only echo, which also asks all its clients at once.
 */
#include <atomic>
#include <cstdint>
#include <new>
#include <string>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_memzone.h>
#include <rte_telemetry.h>

#include "bench/peer.h"
#include "bench/peer_requests.h"
#include "common.h"
#include "exercises/status.h"
#include "support/base/message.h"
#include "support/ipc/reply_messages.h"

namespace mp_ipc::bench {
namespace {

/* Sends the request back unchanged. */
int on_echo(const rte_mp_msg *msg, const void *peer) {
    rte_mp_msg reply = *msg;
    reply.num_fds = 0;
    return rte_mp_reply(&reply, static_cast<const char *>(peer));
}

int on_telemetry_echo(const char * /*command*/, const char *params, rte_tel_data *data) {
    return rte_tel_data_string(data, params != nullptr ? params : "");
}

/* The broadcast of mp_server, timed: a client_status request to all secondaries. */
rte_mp_msg status_request() {
    static std::uint64_t sequence = 0;
    rte_mp_msg request = make_message(kMsgClientStatus);
    fill(request, StatusRequest{{kVersion, Status::ok, ++sequence, 0}});
    return request;
}

void check_round(const struct rte_mp_reply &reply, int expected) {
    if (reply.nb_sent != expected || reply.nb_received != expected)
        throw Failure("a broadcast to " + std::to_string(expected) + " clients reached " +
                      std::to_string(reply.nb_sent) + " and brought " +
                      std::to_string(reply.nb_received) + " answers");
}

Answers g_answered;
std::atomic<int> g_round_sent{0};
std::atomic<int> g_round_received{0};

int on_round(const rte_mp_msg * /*request*/, const struct rte_mp_reply *reply) {
    g_round_sent = reply->nb_sent;
    g_round_received = reply->nb_received;
    g_answered.release();
    return 0;
}

}  // namespace

std::int64_t broadcast_sync(std::istringstream &words) {
    const int expected = next<int>(words);
    const auto count = next<unsigned long>(words);
    return time_each(count, [&] {
        rte_mp_msg request = status_request();
        struct rte_mp_reply reply = {};
        const int result = rte_mp_request_sync(&request, &reply, &kTimeout);
        const ReplyMessages owner(reply);
        if (result != 0)
            fail("broadcast", rte_errno);
        check_round(reply, expected);
    });
}

std::int64_t broadcast_async(std::istringstream &words) {
    const int expected = next<int>(words);
    const auto count = next<unsigned long>(words);
    return time_each(count, [&] {
        rte_mp_msg request = status_request();
        if (rte_mp_request_async(&request, &kTimeout, on_round) != 0)
            fail("broadcast", rte_errno);
        g_answered.acquire();
        struct rte_mp_reply reply = {};
        reply.nb_sent = g_round_sent;
        reply.nb_received = g_round_received;
        check_round(reply, expected);
    });
}

void prepare_primary() {
    const rte_memzone *info = rte_memzone_reserve_aligned(kSharedInfoName, sizeof(SharedInfo),
                                                          SOCKET_ID_ANY, 0, alignof(SharedInfo));
    if (info == nullptr)
        fail("cannot reserve shared memory", rte_errno);
    create_rings();
    /* For mp_client this program is a server: it looks up the memzone and waits for a boot id. */
    auto *shared = new (info->addr) SharedInfo{};
    shared->boot_id = 1;
    for (int i = 0; i < kEchoNames; i++) {
        if (rte_mp_action_register(echo_name(i).c_str(), on_echo) != 0)
            fail("cannot register an action", rte_errno);
    }
    if (rte_telemetry_register_cmd(kTelemetryEcho, on_telemetry_echo, "Returns its parameter.") !=
        0)
        fail("cannot register a telemetry command", rte_errno);
}

}  // namespace mp_ipc::bench
