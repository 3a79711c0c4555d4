/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What reaches rte_mp of the messages to the EAL's IPC socket. One malformed datagram ends rte_mp's
 * thread, so a socket filter has the kernel drop it; the sender gets no error.
 *
 * And which of the descriptors that come with a message reach rte_mp, and so this process. rte_mp
 * takes as many as its buffer holds, whatever num_fds is. Those beyond num_fds stay open until the
 * descriptor table is full; then the next message with one ends the IPC thread. A message whose
 * num_fds is more than it carries makes rte_mp close descriptors of this process. No socket filter
 * sees descriptors, and only Linux 6.16 has an option to refuse them (SO_PASSRIGHTS).
 *
 * So ipc_filter.cpp defines recvmsg(), with which rte_mp reads its socket: the dynamic linker
 * prefers the program's own to libc's. On the IPC socket it closes unwanted descriptors before
 * rte_mp sees the message; on every other socket it only calls libc's.
 */
#pragma once

#include <cstddef>

#include <rte_eal.h>

#include "support/eal/ipc_socket.h"

namespace mp_ipc {

/* The wire format of rte_mp: struct mp_msg_internal of the library without its fds[], which travel
 * as SCM_RIGHTS. This holds from DPDK 22.11 to 26.07; lengths and offsets are those of the headers
 * that this is built with.
 */
struct IpcDatagram {
    int type;
    rte_mp_msg message;
};

/* Bytes of a datagram: 332; 340 since 25.11, which aligns param. */
inline constexpr std::size_t kIpcDatagramSize = sizeof(IpcDatagram) - sizeof(rte_mp_msg::fds);

inline constexpr int kIpcReply = 2; /* MP_REP of the library's enum */

/* Which messages may carry descriptors. */
enum class DescriptorsIn {
    none,   /* for a program that asks for none */
    replies /* for one that asks for some. EAL itself does when a VFIO device is plugged into a
               secondary at run time; in rte_eal_init() nothing is closed yet. */
};

/* From now on only datagrams of the right length arrive, with len_param in range, and with a
 * num_fds in range (0 where descriptors are not wanted). Also calls limit_descriptors(). After
 * rte_eal_init(), as early as possible: earlier datagrams are not filtered. Warns if the kernel
 * refuses the filter; does nothing if there is no socket.
 */
void attach_datagram_filter(const IpcSocket &socket, DescriptorsIn descriptors);

/* From now on a message that is read from `fd`, EAL's IPC socket, has exactly num_fds descriptors:
 * if they are not wanted, or their number is not num_fds, all are closed and num_fds is 0. One
 * socket per process. Any thread; the IPC thread may be reading already.
 */
void limit_descriptors(int fd, DescriptorsIn descriptors);

}  // namespace mp_ipc
