/* SPDX-License-Identifier: BSD-3-Clause
 *
 * How a server misbehaves on purpose (--fault), to make the pitfalls of the API happen: the
 * tutorial's ❌, and its exercise 5. Each is another handler, registered in place of the right one.
 */
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "support/ipc/handler.h"

namespace mp_ipc {

struct Fault {
    enum class Kind { none, slow, silent, wrong_name };
    Kind kind = Kind::none;
    double least_s = 0; /* slow: each handler waits a random time from least_s to most_s */
    double most_s = 0;
    bool unbounded = false;  /* replies wait for ever for a peer that does not read */
    bool unfiltered = false; /* malformed datagrams are let in */
    double for_s = 0;        /* how long after the start; 0: always */

    bool on() const { return kind != Kind::none || unbounded || unfiltered; }
};

/* Takes the value of --fault; returns what is wrong with it, or "". */
std::string set_fault(Fault *fault, std::string_view text);

/* What to register in place of these actions: the same ones without a fault. Once, before the first
 * is registered.
 */
std::vector<Action> with_fault(const Fault &fault, const std::vector<Action> &actions);

}  // namespace mp_ipc
