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

/* Starts in a row that may fail for a reason that another run may not have (enum Again); then it is
 * not tried again. Each reason was seen once in some thousand starts.
 */
inline constexpr unsigned kMostFailedStarts = 5;

/* What the previous run passes on. */
struct Resumed {
    unsigned failed_starts = 0; /* in a row, before this run */
    std::string state{};        /* of the program */
};

/* On the first call; nullopt: this is the first run. Before the first thread and before any file is
 * opened: in a later run it closes all descriptors but the standard three.
 */
std::optional<Resumed> take_resume();

/* Runs /proc/self/exe again. Closes all descriptors but the standard three, and so frees their
 * locks on the runtime files. Returns only on failure, with errno. Any thread.
 */
void run_again(char *const *argv, const Resumed &to_resume);

}  // namespace mp_ipc
