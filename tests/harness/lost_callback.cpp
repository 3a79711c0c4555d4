/* SPDX-License-Identifier: BSD-3-Clause
 *
 * For LD_PRELOAD: a DPDK library that loses every asynchronous request. Before 26.07 there are
 * paths on which the callback never comes; they are races that no test can bring about.
 */
#include <rte_eal.h>

extern "C" int rte_mp_request_async(rte_mp_msg * /*request*/, const timespec * /*timeout*/,
                                    rte_mp_async_reply_t /*callback*/) {
    return 0;
}
