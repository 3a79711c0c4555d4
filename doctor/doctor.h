/* SPDX-License-Identifier: BSD-3-Clause
 *
 * mp_client -- doctor: looks at everything that keeps the pair from running, one line a check, and
 * says what to do. It starts no EAL before it has seen a live server, so it works without a server,
 * without hugepages and without root; what it could not check it says.
 */
#pragma once

#include "support/options/eal_args.h"

namespace mp_ipc {

/* The exit status: 0 when nothing is wrong, 1 otherwise. `timeout_s`: of the ping. */
int run_doctor(const EalArgs &args, double timeout_s);

}  // namespace mp_ipc
