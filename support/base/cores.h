/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The cores that this process may use.
 */
#pragma once

#include <string>
#include <vector>

namespace mp_ipc {

/* What the kernel lets the calling thread run on, sorted: all of its cpuset, whatever taskset(1) or
 * an EAL that has started has narrowed it to, since `-l` can widen that again. Empty where the
 * kernel does not say: more than CPU_SETSIZE processors.
 */
std::vector<int> usable_cores();

/* The machine's, as the kernel lists them ("0-3,8"); empty where it does not. */
std::string machine_cores();

/* Sorted numbers as the kernel writes them: "0-3,8". */
std::string core_list(const std::vector<int> &cores);

}  // namespace mp_ipc
