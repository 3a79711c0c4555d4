/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the doctor asks a server by the contract in common.h: whether the memzone is right, and
 * whether the server answers.
 */
#pragma once

#include <string>

#include <rte_memzone.h>

#include "support/eal/finding.h"
#include "support/eal/watch.h"

namespace mp_ipc {

/* `zone`: what a client finds under the name shared_info; nullptr: nothing. */
Finding check_zone(const rte_memzone *zone);

struct PingFacts {
    std::string trouble; /* why there is no valid reply; empty: there is one */
    double time_ms = 0;
    double timeout_s = 0;
    bool timed_out = false;
    bool hello = false; /* where it timed out: a greeting was answered */
};
Finding check_ping(const PingFacts &ping);

/* In an attached client: see doctor.h. */
Finding visit_zone(double timeout_s, double left_s, Watch &watch);
Finding visit_ping(double timeout_s, double left_s, Watch &watch);

}  // namespace mp_ipc
