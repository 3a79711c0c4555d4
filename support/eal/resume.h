/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Starting over with a new primary. rte_eal_init() does not work twice in one process, so a client
 * that goes on with another primary runs its own program again: same pid, same command line, new
 * EAL. The state that it keeps is passed in the environment.
 */
#pragma once

#include <optional>
#include <string>

namespace mp_ipc {

/* The `to_resume` of the previous run, on the first call; nullopt: this is the first run. Before
 * the first thread and before any file is opened: in a later run it closes all descriptors but the
 * standard three.
 */
std::optional<std::string> take_resume();

/* Starts in a row that may fail for a reason that another run may not have (enum Again); then it is
 * not tried again. Each reason was seen once in some thousand starts.
 */
inline constexpr unsigned kMostFailedStarts = 5;
/* How many starts have failed before this run, on the first call. */
unsigned take_failed_starts();
/* Sets what take_failed_starts() returns in the next run. */
void hand_over_failed_starts(unsigned count);

/* From now on exec() closes all descriptors from `first` on. false, with errno: cannot. Any thread.
 */
bool close_on_exec(int first);
/* The same without close_range(2): for each descriptor in /proc/self/fd. */
bool close_on_exec_one_by_one(int first);

/* Runs /proc/self/exe again. Closes all descriptors but the standard three, and so frees their
 * locks on the runtime files. Returns only on failure, with errno. Any thread.
 */
void run_again(char *const *argv, const std::string &to_resume);

}  // namespace mp_ipc
