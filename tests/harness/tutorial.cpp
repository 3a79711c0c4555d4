/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A primary that has only what the tutorial has: the memzone, without a boot id, and the two
 * greetings. `tutorial EAL-OPTIONS`
 */
#include <unistd.h>

#include <cstdio>
#include <new>

#include <rte_eal.h>
#include <rte_memzone.h>

#include "common.h"

namespace {

using namespace mp_ipc;

int on_hello(const rte_mp_msg *msg, const void *peer) {
    rte_mp_msg reply = make_message(msg->name);
    fill_text(reply, hello_reply_text(HelloKind::sync, text_of(*msg)));
    return rte_mp_reply(&reply, static_cast<const char *>(peer));
}

}  // namespace

int main(int argc, char **argv) {
    if (rte_eal_init(argc, argv) < 0)
        return 1;
    const rte_memzone *zone =
        rte_memzone_reserve(kSharedInfoName, sizeof(SharedInfo), SOCKET_ID_ANY, 0);
    if (zone == nullptr || rte_mp_action_register(kMsgHelloSync, on_hello) != 0 ||
        rte_mp_action_register(kMsgHelloAsync, on_hello) != 0)
        return 1;
    new (zone->addr) SharedInfo{};
    std::puts("ready");
    std::fflush(stdout);
    for (;;)
        pause();
}
