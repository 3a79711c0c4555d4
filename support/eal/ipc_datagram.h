/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The wire format of rte_mp: struct mp_msg_internal of the library without its fds[], which travel
 * as SCM_RIGHTS. This holds from DPDK 22.11 to 26.07; lengths and offsets are those of the headers
 * that this is built with.
 */
#pragma once

#include <cstddef>

#include <rte_eal.h>

namespace mp_ipc {

struct IpcDatagram {
    int type;
    rte_mp_msg message;
};

/* Bytes of a datagram: 332; 340 since 25.11, which aligns param. */
inline constexpr std::size_t kIpcDatagramSize = sizeof(IpcDatagram) - sizeof(rte_mp_msg::fds);

inline constexpr int kIpcReply = 2; /* MP_REP of the library's enum */

}  // namespace mp_ipc
