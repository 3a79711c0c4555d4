/* SPDX-License-Identifier: BSD-3-Clause
 *
 * How a server misbehaves on purpose (--fault), to show the pitfalls of the API: the tutorial's ❌,
 * and its exercise 5. Each fault is a handler that is registered in place of the correct one.
 */
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "support/ipc/handler.h"

namespace mp_ipc {

struct Fault {
    rte_mp_t handler = nullptr; /* of each request, in place of the correct one; nullptr: none */
    double least_s = 0;         /* slow: each handler waits a random time from least_s to most_s */
    double most_s = 0;
    bool unbounded = false;  /* replies wait for ever for a peer that does not read */
    bool unfiltered = false; /* malformed datagrams are let in */
    double for_s = 0;        /* ends so many seconds after the start; 0: never */

    bool on() const { return handler != nullptr || unbounded || unfiltered; }
};

/* Takes the value of --fault; returns what is wrong with it, or "". */
std::string set_fault(Fault *fault, std::string_view text);

/* The actions to register in place of these; without a fault they are the same. Called once, before
 * the first is registered.
 */
std::vector<Action> with_fault(const Fault &fault, const std::vector<Action> &actions);

}  // namespace mp_ipc
