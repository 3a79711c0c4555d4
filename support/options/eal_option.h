/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What only EAL knows of its options: each version has its own table of them, and no call to read
 * it. So EAL itself is run to find out.
 */
#pragma once

#include <string>

namespace mp_ipc {

/* Whether rte_eal_init() takes the word after `option` ("--vdev", "-n"; not joined to a value) as
 * its value. True for an option that it does not know: EAL will refuse that command line itself.
 * Runs rte_eal_init() in child processes, up to its help, some milliseconds each. Before the first
 * thread and before rte_eal_init().
 */
bool eal_takes_next_word(const std::string &option);

}  // namespace mp_ipc
