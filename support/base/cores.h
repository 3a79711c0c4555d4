/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The cores that this process may use.
 */
#pragma once

#include <string>
#include <vector>

namespace mp_ipc {

/* The cores that the calling thread may run on, sorted: all of its cpuset, even if taskset(1) or a
 * started EAL has restricted it to fewer, since `-l` can undo that. Empty if the kernel does not
 * report them: more than CPU_SETSIZE processors. Widens the thread's affinity for a moment.
 */
std::vector<int> usable_cores();

/* The online cores of the machine, as the kernel lists them ("0-3,8"); empty: unknown. */
std::string machine_cores();

/* Sorted numbers as the kernel writes them: "0-3,8". */
std::string core_list(const std::vector<int> &cores);

}  // namespace mp_ipc
