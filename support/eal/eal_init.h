/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The call of rte_eal_init() itself, for both kinds of process: its options, and what EAL says of a
 * failure, which it tells in its log alone.
 */
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "support/base/words.h"
#include "support/options/eal_args.h"

namespace mp_ipc {

inline constexpr auto kLookAgain = std::chrono::milliseconds(50); /* whether a start may go on */
inline constexpr Line<0> kBadOptions{
    "EAL does not take its options; its own lines above say which and why",
    "EAL 不接受给它的选项；上面 EAL 自己的输出说明了是哪个以及原因"};

/* rte_eal_init(), once in a process. *errors, where it is given: what EAL logs meanwhile as an
 * error, without "EAL: ". That takes the place of EAL's own log stream for as long as it runs: with
 * DPDK 24.11 and later also afterwards, so not where an option of the user's asks for another one.
 */
int run_eal_init(const std::vector<std::string> &words, std::vector<std::string> *errors = nullptr);

/* Whether one of these lines says that the primary's addresses are taken in this process. */
bool speaks_of_addresses(const std::vector<std::string> &errors);

/* Whether EAL has read its options as scan_eal_args() did, on which all that was looked at before
 * its init depends; false has been said.
 */
bool runs_under_prefix(const EalArgs &args);

/* " (reason)" of rte_errno, or nothing. */
std::string eal_error();

}  // namespace mp_ipc
