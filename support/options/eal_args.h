/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The command line, split at `--`, and what the programs must know of EAL's part before EAL reads
 * it: the role, the file prefix, whether help is asked for. EAL itself checks its options.
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
    std::string memory;                   /* the option that sets how much memory, or empty */
    std::string without_shared_files; /* the option that makes no files to attach to, or empty */
    bool help = false;                /* -h or --help */
    bool version = false;             /* --version */
    std::optional<std::string> without_value; /* the first of these options without its value */
    std::optional<std::string>
        misplaced; /* the first argument before `--` that is not EAL's: a word
                      that is no option, or an option of `app_options` */
};

/* Whether EAL takes the word after `option`, even one that begins with "-", as its value. */
using TakesNextWord = std::function<bool(const std::string &option)>;

/* Splits and scans. `app_options` are the long names (without dashes) that belong after `--`. Calls
 * `takes_next_word` only for a word that is no option and follows an option that is not one of the
 * above; for when the default may be called see eal_option.h.
 */
EalArgs scan_eal_args(int argc, const char *const *argv,
                      const std::vector<std::string> &app_options,
                      const TakesNextWord &takes_next_word = eal_takes_next_word);

/* Adds --proc-type if it is not given, for a program that is always a `proc_type` ("primary" or
 * "secondary"). Returns what is wrong with the arguments, in one line, or "".
 */
std::string take_role(EalArgs *args, const std::string &proc_type);

/* The cores of a list such as "0-2,4", or of EAL's with lcores: "5@0", "(0,2)@1". Only numbers
 * below 4096; not sorted.
 */
std::vector<int> cores_of_list(const std::string &list);

}  // namespace mp_ipc
