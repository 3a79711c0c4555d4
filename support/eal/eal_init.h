/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The call of rte_eal_init() itself, for both kinds of process: its options, and the reason of a
 * failure, which EAL only logs.
 */
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "support/base/words.h"
#include "support/options/eal_args.h"

namespace mp_ipc {

inline constexpr auto kLookAgain = std::chrono::milliseconds(50); /* between tries at a start */
inline constexpr Line<0> kBadOptions{
    "EAL does not accept its options; its own lines above say which and why",
    "EAL 不接受给它的选项；上面 EAL 自己的输出说明了是哪个以及原因"};

/* Calls rte_eal_init(), once in a process, and returns its result. *errors, if given: the errors
 * that EAL logs meanwhile, without "EAL: ", at most 32. For that it replaces EAL's log stream (with
 * DPDK 24.11 and later for good), but not if an option of the user asks for another log.
 */
int run_eal_init(const std::vector<std::string> &words, std::vector<std::string> *errors = nullptr);

/* Whether one of these lines says that the primary's addresses are taken in this process. */
bool speaks_of_addresses(const std::vector<std::string> &errors);

/* Whether EAL has read --file-prefix as scan_eal_args() did, on which all checks before
 * rte_eal_init() depend; false has been reported.
 */
bool runs_under_prefix(const EalArgs &args);

/* " (reason)" of rte_errno, or nothing. */
std::string eal_error();

}  // namespace mp_ipc
