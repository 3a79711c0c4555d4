/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Starting and ending the EAL: the checks that rte_eal_init() does not make, the reason in one line
 * when it fails, and a rte_eal_cleanup() that cannot hang for ever.
 */
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "support/base/exit_status.h"
#include "support/base/unique_fd.h"
#include "support/eal/runtime_dir.h"
#include "support/eal/watch.h"
#include "support/options/eal_args.h"

namespace mp_ipc {

/* A primary's running EAL; its end is rte_eal_cleanup(), given two seconds: a process that was
 * killed may have taken a lock in shared memory with it, on which the clean-up spins for ever.
 */
class EalSession {
  public:
    explicit EalSession(Watch &watch) : watch_(watch) {}
    ~EalSession();
    EalSession(const EalSession &) = delete;
    EalSession &operator=(const EalSession &) = delete;

  private:
    friend std::unique_ptr<EalSession> start_primary(const EalArgs &, Clock::duration, Watch &,
                                                     int *);
    Watch &watch_;
    UniqueFd page_files_; /* of record_page_files() */
};

/* The primary's start: waits up to `leftover_wait` for processes that hold the files of an earlier
 * primary, then runs rte_eal_init(). On failure *status is the exit status, and why has been said.
 */
std::unique_ptr<EalSession> start_primary(const EalArgs &args, Clock::duration leftover_wait,
                                          Watch &watch, int *status);

/* The secondary's start. It must not call rte_eal_init() without a live primary: with a dead one's
 * files that spins for ever, or succeeds on memory that belongs to nobody.
 *
 * Waits for a living primary: until it is there, or `wait` has passed (nothing: only for one that
 * is starting already). Holds no file open while it waits. The found primary is followed by watch.
 *
 * A secondary ends by end_process(), without rte_eal_cleanup(). That takes a lock in shared memory
 * as a writer: if any process was killed while it held that lock, even for reading as every start
 * of a secondary does, it never returns, and from then on no other secondary can attach. (And
 * in 22.11 it takes devices away that belong to the primary.) The kernel takes back all but the
 * socket's file, which IpcSocket removes, and what rte_eal_init() took in the primary's heap, which
 * start_secondary() has given back already: EAL's services (rte_service_*) are not there after it.
 */
/* `why`: where it is given, the reason of a failure stands there and is not said. */
bool wait_for_primary(const EalArgs &args, std::optional<Clock::duration> wait, Watch &watch,
                      int *status, std::string *why = nullptr);
/* Why another run of this program may succeed where this start has failed. */
enum class Again {
    no,
    addresses, /* as EAL says, something else lies in this process where the primary has its memory;
                  the kernel lays out each run differently */
    files,     /* EAL could not lock a file that it had just made: whoever ends its init at that
                  moment looks by a lock which files are left over */
};
bool start_secondary(const EalArgs &args, Watch &watch, int *status, Again *again = nullptr,
                     std::string *why = nullptr);

/* Ends the process with `status` should it not have ended within `limit_s` seconds: for calls that
 * may not return, where nothing else watches any more. Any thread; the last call counts.
 */
void limit_the_end(unsigned limit_s, int status);

/* Ends a process whose EAL threads still run: no destructor of a global runs under their feet. */
[[noreturn]] void end_process(int status);

}  // namespace mp_ipc
