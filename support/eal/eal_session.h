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

/* A primary's running EAL. The destructor calls rte_eal_cleanup(), for at most two seconds: a
 * killed process may have held a lock in shared memory, on which the clean-up would spin for ever.
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
 * primary, then runs rte_eal_init(). nullptr: *status is the exit status, and the reason has been
 * reported.
 */
std::unique_ptr<EalSession> start_primary(const EalArgs &args, Clock::duration leftover_wait,
                                          Watch &watch, int *status);

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
/* false: *status is the exit status, and the reason has been reported; or, if `why` is given, it is
 * there instead.
 */
bool wait_for_primary(const EalArgs &args, std::optional<Clock::duration> wait, Watch &watch,
                      int *status, std::string *why = nullptr);
/* Why another run of this program may succeed after this start has failed. */
enum class Again {
    no,
    addresses, /* EAL reports that the addresses of the primary's memory are taken in this process;
                  the kernel chooses another layout in each run */
    files, /* EAL could not lock a file that it had just made: a process that finished its init at
              that moment had locked it, to see whether it was left over */
};
/* Attaches to the primary that wait_for_primary() has found. Failures as above. */
bool start_secondary(const EalArgs &args, Watch &watch, int *status, Again *again = nullptr,
                     std::string *why = nullptr);

/* Ends the process with `status` if it is still there after `limit_s` seconds (SIGALRM): for calls
 * that may not return, when nothing else watches any more. Any thread; the last call counts.
 */
void limit_the_end(unsigned limit_s, int status);

/* Ends a process whose EAL threads still run: by _exit(), since they may still use globals. */
[[noreturn]] void end_process(int status);

}  // namespace mp_ipc
