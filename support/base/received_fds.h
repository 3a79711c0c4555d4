/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Descriptors that came with a message. They belong to the receiver: kept or closed, or they leak.
 *
 * rte_mp believes the num_fds of a message and fills fds[] from a buffer that it does not clear, so
 * a message that claims more than it brought holds numbers of long ago, which may be anything of
 * our own by now: standard input, the IPC socket. So only what is not known as ours is closed.
 */
#pragma once

#include <rte_eal.h>

#include "support/base/unique_fd.h"

namespace mp_ipc {

/* Remembers what is open now as this process's own. Call when all that lasts is open, before the
 * first message can come. Not thread-safe against the two below.
 */
void remember_own_fds();

/* Closes the descriptors of a message that were not asked for. */
void close_received_fds(const rte_mp_msg &msg);

/* Takes the only descriptor out of a message that must bring exactly one; invalid, and all closed,
 * otherwise.
 */
UniqueFd take_received_fd(const rte_mp_msg &msg);

}  // namespace mp_ipc
