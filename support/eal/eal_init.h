/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the starts of both kinds of process share: the first checks, and the call of rte_eal_init()
 * itself with its options and the reason of a failure, which EAL only logs.
 */
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "support/base/words.h"
#include "support/eal/eal_session.h"
#include "support/eal/runtime_dir.h"
#include "support/options/eal_args.h"

namespace mp_ipc {

inline constexpr auto kLookAgain = std::chrono::milliseconds(50); /* between tries at a start */
inline constexpr Line<0> kBadOptions{
    "EAL does not accept its options; its own lines above say which and why",
    "EAL 不接受给它的选项；上面 EAL 自己的输出说明了是哪个以及原因"};

/* The checks that need nothing but the command line and `probe`, a look at the prefix. */
std::optional<Failure> check_before(const EalArgs &args, const PrimaryProbe &probe);

/* Waits until nobody holds the lock of this directory. The library takes it for moments, when a
 * process starts, attaches or sends to all, and waits for it without a limit and without a message;
 * a process that is stopped meanwhile keeps it.
 */
std::optional<Failure> wait_for_lock(const std::string &dir, Clock::duration limit, Watch &watch);

/* Calls rte_eal_init(), once in a process, and returns its result. *errors, if given: the errors
 * that EAL logs meanwhile, without "EAL: ", at most 32. For that it replaces EAL's log stream (with
 * DPDK 24.11 and later for good), but not if an option of the user asks for another log.
 */
int run_eal_init(const std::vector<std::string> &words, std::vector<std::string> *errors = nullptr);
/* Whether that has succeeded, so that rte_eal_cleanup() has something to clean up. */
bool eal_runs();

/* Fails if EAL has not read --file-prefix as scan_eal_args() did, on which all checks before
 * rte_eal_init() depend.
 */
std::optional<Failure> check_prefix_of_eal(const EalArgs &args);

/* " (reason)" of rte_errno, or nothing. */
std::string eal_error();

}  // namespace mp_ipc
