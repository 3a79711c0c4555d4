/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/base/cores.h"

#include <sched.h>

#include <cstring>

namespace mp_ipc {

std::vector<int> usable_cores() {
    cpu_set_t mine;
    std::vector<int> cores;
    if (sched_getaffinity(0, sizeof(mine), &mine) != 0)
        return cores;
    /* The kernel takes those out of a request for all that are not to be had. */
    cpu_set_t all;
    std::memset(&all, 0xff, sizeof(all));
    cpu_set_t widest = mine;
    if (sched_setaffinity(0, sizeof(all), &all) == 0) {
        sched_getaffinity(0, sizeof(widest), &widest);
        sched_setaffinity(0, sizeof(mine), &mine);
    }
    for (int core = 0; core < CPU_SETSIZE; core++) {
        if (CPU_ISSET(static_cast<std::size_t>(core), &widest))
            cores.push_back(core);
    }
    return cores;
}

}  // namespace mp_ipc
