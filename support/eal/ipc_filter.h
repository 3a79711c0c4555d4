/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the kernel lets through to the EAL's IPC socket. One malformed datagram ends rte_mp's thread
 * for good, and one that names descriptors which it does not bring makes rte_mp close numbers of
 * our own; a socket filter drops both before rte_mp reads them. The sender is told nothing.
 */
#pragma once

#include "support/eal/ipc_descriptors.h"
#include "support/eal/ipc_socket.h"

namespace mp_ipc {

/* From now on only datagrams of the right length and with len_param and num_fds in range arrive,
 * none that names descriptors where they are not wanted; what they bring see limit_descriptors().
 * After
 * rte_eal_init(), as early as possible: what came before is not looked at. Warns where the kernel
 * takes no filter; nothing to do, and nothing said, where there is no socket.
 */
void let_in_well_formed_only(const IpcSocket &socket, DescriptorsIn descriptors);

}  // namespace mp_ipc
