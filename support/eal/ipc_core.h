/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The core of the EAL's IPC thread. EAL has no option for it: it puts that thread on the cores that
 * the process may use and `-l` does not name, so each message crosses from one core to another.
 */
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/base/cores.h"

namespace mp_ipc {

/* Reads a core's number as an option's value; returns what is wrong with it, or "". `usable`: by
 * this process, `online`: of the machine; empty: not known.
 */
std::string read_ipc_core(std::string_view text, std::optional<int> *core,
                          const std::vector<int> &usable = usable_cores(),
                          const std::string &online = machine_cores());

/* Puts the IPC thread of this process on `core`, and both it and the calling thread, which sends,
 * under SCHED_BATCH. After rte_eal_init(), main thread. false: the reason has been reported.
 */
bool put_ipc_thread_on(int core);

/* The cores on which the IPC thread of this process may run, as "0-1"; empty: there is none. Any
 * thread.
 */
std::string ipc_thread_cores();

}  // namespace mp_ipc
