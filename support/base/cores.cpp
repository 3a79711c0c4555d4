/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/base/cores.h"

#include <sched.h>

#include <cstring>
#include <fstream>

namespace mp_ipc {

std::vector<int> usable_cores() {
    cpu_set_t mine;
    std::vector<int> cores;
    if (sched_getaffinity(0, sizeof(mine), &mine) != 0)
        return cores;
    /* Asks for all cores: the kernel ignores those that this process may not use. */
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

std::string machine_cores() {
    std::ifstream file("/sys/devices/system/cpu/online");
    std::string list;
    std::getline(file, list);
    return list;
}

std::string core_list(const std::vector<int> &cores) {
    std::string text;
    for (std::size_t first = 0, last = 0; first < cores.size(); first = ++last) {
        while (last + 1 < cores.size() && cores[last + 1] == cores[last] + 1)
            last++;
        text += (text.empty() ? "" : ",") + std::to_string(cores[first]);
        if (last > first)
            text += "-" + std::to_string(cores[last]);
    }
    return text;
}

}  // namespace mp_ipc
