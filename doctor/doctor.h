/* SPDX-License-Identifier: BSD-3-Clause
 *
 * mp_client -- doctor: looks at everything that keeps the pair from running, one line a check, and
 * says what to do. It starts no EAL before it has seen a live server, so it works without a server,
 * without hugepages and without root; what it could not check it says.
 */
#pragma once

#include <vector>

#include "support/eal/finding.h"
#include "support/eal/watch.h"
#include "support/options/eal_args.h"

namespace mp_ipc {

/* Asked of a server that this process has attached to: the messages are the caller's. */
struct Question {
    const char *name;  /* what its finding is called */
    Line<0> waits_for; /* should it take too long */
    /* `timeout_s`: of a request; `left_s`: for all that this question sends. */
    Finding (*ask)(double timeout_s, double left_s, Watch &watch);
};
using Visit = std::vector<Question>; /* after a bad one, no other is asked */

/* The exit status: 0 when nothing is wrong, 1 otherwise. */
int run_doctor(const EalArgs &args, double timeout_s, const Visit &visit);

}  // namespace mp_ipc
