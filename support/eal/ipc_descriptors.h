/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Which of the descriptors that a message brings reach rte_mp, and so this process. rte_mp takes as
 * many as its buffer holds, whatever num_fds says: those beyond it stay open until the table is
 * full, and the next message that brings one ends the IPC thread. One that names more than it
 * brings makes rte_mp close numbers of our own. No socket filter sees descriptors, and only
 * Linux 6.16 has an option to refuse them (SO_PASSRIGHTS).
 *
 * So this file defines recvmsg(), which rte_mp reads its socket with: the dynamic linker prefers
 * the program's own to libc's. On the IPC socket it closes what is not wanted before rte_mp sees
 * the message; on every other it is libc's.
 */
#pragma once

namespace mp_ipc {

/* Which messages may bring descriptors. */
enum class DescriptorsIn {
    none,   /* what neither registers nor asks for anything that brings some */
    replies /* what asks for some. EAL's own does when a VFIO device is plugged into a secondary at
               run time; in rte_eal_init() nothing is closed yet. */
};

/* From now on a message that is read from `fd`, EAL's IPC socket, comes with the descriptors it
 * names or with none: others are closed, and its num_fds is what came. One socket a process. Any
 * thread; the IPC thread may be reading already.
 */
void limit_descriptors(int fd, DescriptorsIn descriptors);

}  // namespace mp_ipc
