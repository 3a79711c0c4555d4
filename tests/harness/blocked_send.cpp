/* SPDX-License-Identifier: BSD-3-Clause
 *
 * For LD_PRELOAD: a DPDK library whose rte_mp_sendmsg() blocks as it does while the server's queue
 * is full. A client that attaches needs room in the same queue, so a test cannot fill it before.
 */
#include <unistd.h>

#include <rte_eal.h>

extern "C" int rte_mp_sendmsg(rte_mp_msg * /*msg*/) {
    for (;;)
        pause();
}
