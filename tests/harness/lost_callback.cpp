/* SPDX-License-Identifier: BSD-3-Clause
 *
 * For LD_PRELOAD: a DPDK library that loses every asynchronous request, and reports it on stderr.
 * Without the async fixes of docs/faults.md there are races after which the callback never comes;
 * no test can cause them.
 */
#include <unistd.h>

#include <string_view>

#include <rte_eal.h>

extern "C" int rte_mp_request_async(rte_mp_msg * /*request*/, const timespec * /*timeout*/,
                                    rte_mp_async_reply_t /*callback*/) {
    constexpr std::string_view kLine = "lost_callback: a request was lost\n";
    [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, kLine.data(), kLine.size());
    return 0;
}
