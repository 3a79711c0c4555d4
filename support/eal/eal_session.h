/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Starting the EAL, with the checks that rte_eal_init() does not make and the reason in one line
 * when it fails; and ending the process.
 */
#pragma once

#include <optional>
#include <string>

#include "support/eal/watch.h"
#include "support/options/eal_args.h"

namespace mp_ipc {

/* Why another run of this program may succeed after this start has failed. */
enum class Again {
    no,
    addresses, /* EAL reports that the addresses of the primary's memory are taken in this process;
                  the kernel chooses another layout in each run */
    files, /* EAL could not lock a file that it had just made: a process that finished its init at
              that moment had locked it, to see whether it was left over */
};

/* Why there is no start. `text` empty: there is a reason to end, which is reported at the end. */
struct Failure {
    int status; /* of the program's exit */
    std::string text;
    Again again = Again::no;
};

/* The primary's start: waits up to `leftover_wait` for processes that hold the files of an earlier
 * primary, then runs rte_eal_init().
 */
std::optional<Failure> start_primary(const EalArgs &args, Clock::duration leftover_wait,
                                     Watch &watch);

/* The secondary's start. It must not call rte_eal_init() without a live primary: on the files of an
 * exited one that spins for ever, or succeeds on memory that no process owns.
 *
 * Waits for a live primary: until it is there, or `wait` has passed (zero: for ever; none: only for
 * one that is starting already, 10 s at most). Holds no file open while it waits. `watch` follows
 * the primary that was found.
 *
 * A secondary ends by end_process(), without rte_eal_cleanup(). That takes a lock in shared memory
 * as a writer: if any process was killed while it held that lock, even for reading as every start
 * of a secondary does, it never returns, and from then on no other secondary can attach. (And
 * in 22.11 it removes devices that belong to the primary.) The kernel frees everything else but two
 * things: the socket's file, which IpcSocket removes, and what rte_eal_init() took of the primary's
 * heap, which start_secondary() has freed already: EAL's services (rte_service_*) do not exist
 * after it.
 */
std::optional<Failure> wait_for_primary(const EalArgs &args, std::optional<Clock::duration> wait,
                                        Watch &watch);
/* Attaches to the primary that wait_for_primary() has found. If there is a reason to end, that may
 * be why it fails, and not what the failure says.
 */
std::optional<Failure> start_secondary(const EalArgs &args, Watch &watch);

/* Ends the process with `status` if it is still there after `limit_s` seconds (SIGALRM): for calls
 * that may not return, when nothing else watches any more. Any thread; the last call counts.
 */
void limit_the_end(unsigned limit_s, int status);

/* Ends a process whose EAL threads still run: by _exit(), since they may still use globals. */
[[noreturn]] void end_process(int status);

}  // namespace mp_ipc
