/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Starting over with a new primary. rte_eal_init() does not work twice in one process, so a client
 * that goes on with another primary runs its own program again: same pid, same command line, fresh
 * EAL. What must go on travels in the environment.
 */
#pragma once

#include <optional>
#include <string>

namespace mp_ipc {

/* What the run before this one left to go on from, once; nothing in a first run. */
std::optional<std::string> take_resume();

/* Starts of this program, one after another, that failed by what another run may not meet (enum
 * Again): after so many it is not tried again. Each kind was seen once in some thousand starts.
 */
inline constexpr unsigned kMostFailedStarts = 5;
/* How many there have been before this run, once. */
unsigned take_failed_starts();
/* For the run to come. */
void leave_failed_starts(unsigned count);

/* From now on exec() closes all descriptors from `first` on. false, with errno: cannot. Any thread.
 */
bool close_on_exec(int first);
/* The same where close_range(2) cannot, by what /proc/self/fd lists. */
bool close_on_exec_one_by_one(int first);

/* Runs /proc/self/exe again. All descriptors but the standard three are closed by it, with the
 * locks that they hold on the runtime files. Returns only on failure, with errno. Any thread.
 */
void run_again(char *const *argv, const std::string &to_resume);

}  // namespace mp_ipc
