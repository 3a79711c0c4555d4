/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Descriptors that came with a message. They belong to the receiver, who must keep or close them.
 *
 * rte_mp trusts the num_fds of a message and fills fds[] from a buffer that it does not clear. So a
 * message that claims more descriptors than it carries has old numbers there, which may by now be
 * descriptors of this process: standard input, the IPC socket. So only those are closed that are
 * not this process's own.
 */
#pragma once

#include <rte_eal.h>

#include "support/base/unique_fd.h"

namespace mp_ipc {

/* Records the descriptors that are open now as this process's own. Call when all permanent ones are
 * open, before the first message can come. Not thread-safe against the two below.
 */
void remember_own_fds();

/* Closes the descriptors that came with a message. Any thread. */
void close_received_fds(const rte_mp_msg &msg);

/* Takes the descriptor of a message that must carry exactly one; otherwise the result is invalid
 * and all are closed. Any thread.
 */
UniqueFd take_received_fd(const rte_mp_msg &msg);

}  // namespace mp_ipc
