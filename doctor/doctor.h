/* SPDX-License-Identifier: BSD-3-Clause
 *
 * mp_client -- doctor: checks everything that may keep the pair from running, and prints one line
 * per check with what to do. It starts no EAL before it has seen a live server, so it works without
 * a server, without hugepages and without root; it also lists what it could not check.
 */
#pragma once

#include <vector>

#include "support/eal/finding.h"
#include "support/eal/watch.h"
#include "support/options/eal_args.h"

namespace mp_ipc {

/* A check that asks a server to which this process has attached; its messages are the caller's. */
struct Question {
    const char *name;  /* of its finding */
    Line<0> waits_for; /* what it waits for, if the time is over meanwhile */
    /* `timeout_s`: of each request; `left_s`: of all its requests together. Main thread. */
    Finding (*ask)(double timeout_s, double left_s, Watch &watch);
};
using Visit = std::vector<Question>; /* in order; after a bad finding no other is asked */

/* Runs all checks, within 10 s. Returns the exit status: 0: nothing is wrong; 1: otherwise. */
int run_doctor(const EalArgs &args, double timeout_s, const Visit &visit);

}  // namespace mp_ipc
