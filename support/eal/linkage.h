/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Whether a program has EAL alone (the CMake option MP_IPC_STATIC_EAL) or all of DPDK's libraries.
 * A secondary with more of them than its primary cannot attach: its tail queues are not there in
 * the primary's memory, which EAL finds after it has waited 5 s for a driver's action to be
 * answered. The other way round it can. So a primary that has EAL alone says so in its runtime
 * directory, and a secondary looks there before rte_eal_init().
 */
#pragma once

#include <string>

namespace mp_ipc {

/* Whether EAL is a part of this program's file. */
bool has_eal_alone();

/* A primary, after rte_eal_init(): says it to those who want to attach. */
void note_linkage(const std::string &dir, bool eal_alone = has_eal_alone());

/* A secondary, before rte_eal_init(): why it cannot attach to the primary of `dir`, or "". */
std::string linkage_trouble(const std::string &dir, bool eal_alone = has_eal_alone());

}  // namespace mp_ipc
