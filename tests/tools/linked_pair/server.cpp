/* SPDX-License-Identifier: BSD-3-Clause
 *
 * thermo_server [EAL options] -- [MS]: answers with the value of a sensor, each of which takes MS
 * milliseconds to read.
 */
#include <cstdlib>
#include <string>

#include <rte_errno.h>

#include "support/console/console.h"
#include "support/eal/heap.h"
#include "support/eal/session.h"
#include "support/ipc/handler.h"
#include "thermo.h"

using namespace mp_ipc;

static Clock::duration g_takes{}; /* to read a sensor */

/* The EAL's IPC thread. */
static int on_read(const rte_mp_msg *msg, const void *peer) {
    ReadRequest request;
    const Status status = read_request(*msg, &request);
    ReadReply answer;
    answer.header = reply_header(request.header, status);
    answer.sensor = request.sensor;
    answer.millikelvin = static_cast<std::int64_t>(1000 * request.sensor);
    g_handlers.gate.wait_for(g_takes); /* a sleep that does not outlive the program */
    rte_mp_msg reply = make_message(msg->name);
    fill(reply, answer);
    return rte_mp_reply(&reply, static_cast<const char *>(peer));
}

int main(int argc, char **argv) {
    set_program({"thermo_server", "Thermo", "thermo_client"});
    const EalArgs args = scan_eal_args(argc, argv, {});
    if (!args.app.empty())
        g_takes = std::chrono::milliseconds(std::atoi(args.app[0].c_str()));

    PrimarySession session(args, {});
    if (!session.started())
        return session.status();
    stop_heap_growth();
    const Action read = action<on_read>(kMsgRead);
    if (rte_mp_action_register(read.name, read.handler) != 0) {
        error({"cannot register {}: {}", "无法注册 {}：{}"}, read.name, rte_strerror(rte_errno));
        return kExitFailure;
    }
    say({"[Thermo] Ready", "[Thermo] 就绪"});

    while (session.going_on()) {
        session.watch().sleep_until(Clock::now() + std::chrono::seconds(5));
        live_clients(); /* removes the sockets of exited clients */
    }

    rte_mp_action_unregister(read.name);
    close_handlers(session.watch());
    return session.conclude();
}
