/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The command line, split at `--`, and what the programs must know of EAL's part before EAL reads
 * it: the role, the file prefix, whether help is asked for. EAL remains the judge of its options.
 */
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "support/options/eal_option.h"

namespace mp_ipc {

struct EalArgs {
    std::vector<std::string> eal; /* argv[0] and all before `--` */
    std::vector<std::string> app; /* all after `--` */

    std::string file_prefix = "rte";      /* EAL's default */
    std::optional<std::string> proc_type; /* as given */
    std::optional<std::string> lcores;    /* of -l, as given */
    std::optional<std::string> huge_dir;  /* as given */
    std::string memory;                   /* the option that says how much memory, or empty */
    std::string without_shared_files; /* the option that leaves nothing a secondary could attach to,
                                         or empty */
    bool help = false;                /* -h or --help */
    bool version = false;             /* --version */
    std::optional<std::string> without_value; /* first option of these that lacks its value */
    std::optional<std::string> misplaced; /* first argument here that EAL does not take: a word that
                                             is no option, or an option out of `app_options` */
};

/* Whether EAL takes the word after this option, which may begin with "-", as its value. */
using TakesNextWord = std::function<bool(const std::string &option)>;

/* Splits and scans. `app_options` are the long names (without dashes) that belong after `--`. Asks
 * `takes_next_word` only where a word that is no option stands behind an option that is not one of
 * the above; see eal_option.h for what the default asks of the calling thread.
 */
EalArgs scan_eal_args(int argc, const char *const *argv,
                      const std::vector<std::string> &app_options,
                      const TakesNextWord &takes_next_word = eal_takes_next_word);

/* Makes them those of a program that is always a `proc_type` ("primary" or "secondary"), which may
 * be left out. Returns what is wrong with them, in one line, or "".
 */
std::string take_role(EalArgs *args, const std::string &proc_type);

/* The processors of a core list such as "0-2,4", or of EAL's with lcores: "5@0", "(0,2)@1". Only
 * the numbers below 4096; none where it is not understood.
 */
std::vector<int> cores_of_list(const std::string &list);

}  // namespace mp_ipc
