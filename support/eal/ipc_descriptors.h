/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Which of the descriptors that come with a message reach rte_mp, and so this process. rte_mp takes
 * as many as its buffer holds, whatever num_fds is. Those beyond num_fds stay open until the
 * descriptor table is full; then the next message with one ends the IPC thread. A message whose
 * num_fds is more than it carries makes rte_mp close descriptors of this process. No socket filter
 * sees descriptors, and only Linux 6.16 has an option to refuse them (SO_PASSRIGHTS).
 *
 * So this file defines recvmsg(), with which rte_mp reads its socket: the dynamic linker prefers
 * the program's own to libc's. On the IPC socket it closes unwanted descriptors before rte_mp sees
 * the message; on every other socket it only calls libc's.
 */
#pragma once

namespace mp_ipc {

/* Which messages may carry descriptors. */
enum class DescriptorsIn {
    none,   /* for a program that asks for none */
    replies /* for one that asks for some. EAL itself does when a VFIO device is plugged into a
               secondary at run time; in rte_eal_init() nothing is closed yet. */
};

/* From now on a message that is read from `fd`, EAL's IPC socket, has exactly num_fds descriptors:
 * if they are not wanted, or their number is not num_fds, all are closed and num_fds is 0. One
 * socket per process. Any thread; the IPC thread may be reading already.
 */
void limit_descriptors(int fd, DescriptorsIn descriptors);

}  // namespace mp_ipc
