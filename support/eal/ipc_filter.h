/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the kernel lets through to the EAL's IPC socket. One malformed datagram ends rte_mp's
 * thread, and one whose num_fds is more than it carries makes rte_mp close descriptors of this
 * process. A socket filter drops both before rte_mp reads them. The sender gets no error.
 */
#pragma once

#include "support/eal/ipc_descriptors.h"
#include "support/eal/ipc_socket.h"

namespace mp_ipc {

/* From now on only datagrams of the right length arrive, with len_param in range, and with a
 * num_fds in range (0 where descriptors are not wanted). Also calls limit_descriptors(). After
 * rte_eal_init(), as early as possible: earlier datagrams are not filtered. Warns if the kernel
 * refuses the filter; does nothing if there is no socket.
 */
void let_in_well_formed_only(const IpcSocket &socket, DescriptorsIn descriptors);

}  // namespace mp_ipc
