/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Whether a program has EAL alone (the CMake option MP_IPC_STATIC_EAL) or all of DPDK's libraries.
 * A secondary with more of them than its primary cannot attach: its tail queues are missing in the
 * primary's memory, which EAL finds only after it has waited 5 s for the answer to a driver's
 * request. The other way round it can. So a primary that has EAL alone puts a mark into its runtime
 * directory, and a secondary looks for that before rte_eal_init().
 */
#pragma once

#include <string>

namespace mp_ipc {

/* Whether EAL is a part of this program's file. */
bool has_eal_alone();

/* In a primary, after rte_eal_init(): sets or removes the mark. */
void note_linkage(const std::string &dir, bool eal_alone = has_eal_alone());

/* In a secondary, before rte_eal_init(): why it cannot attach to the primary of `dir`, or "". */
std::string linkage_trouble(const std::string &dir, bool eal_alone = has_eal_alone());

}  // namespace mp_ipc
