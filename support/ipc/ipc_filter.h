/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the kernel lets through to the EAL's IPC socket. One malformed datagram ends rte_mp's thread
 * for good, and one that names descriptors which it does not bring makes rte_mp close numbers of
 * our own; a socket filter drops both before rte_mp reads them. The sender is told nothing.
 *
 * Relies on the wire format: rte_mp_msg without fds[], behind an int that says the type. It is so
 * from DPDK 22.11 to 26.07; lengths and offsets are those of the headers this was built with.
 */
#pragma once

#include "support/eal/ipc_socket.h"

namespace mp_ipc {

/* Which messages may bring descriptors. */
enum class DescriptorsIn {
    none,   /* what neither registers nor asks for anything that brings some */
    replies /* what asks for some. EAL's own does when a VFIO device is plugged into a secondary at
               run time; in rte_eal_init() there is no filter yet. */
};

/* From now on only datagrams of the right length and with len_param and num_fds in range arrive;
 * none that names descriptors, or brings some (Linux 6.16), where they are not wanted. After
 * rte_eal_init(), as early as possible: what came before is not looked at. Warns where the kernel
 * takes no filter; nothing to do, and nothing said, where there is no socket.
 */
void let_in_well_formed_only(const IpcSocket &socket, DescriptorsIn descriptors);

}  // namespace mp_ipc
