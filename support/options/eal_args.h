/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The command line, split at `--`, and what the programs must know of EAL's part before EAL reads
 * it: the role, the file prefix, whether help is asked for. EAL remains the judge of its options.
 */
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace mp_ipc {

struct EalArgs {
    std::vector<std::string> eal; /* argv[0] and all before `--` */
    std::vector<std::string> app; /* all after `--` */

    std::string file_prefix = "rte";      /* EAL's default */
    std::optional<std::string> proc_type; /* as given */
    std::optional<std::string> lcores;    /* of -l, as given */
    std::optional<std::string> huge_dir;  /* as given */
    std::string without_shared_files;     /* the option that forbids secondaries, or empty */
    bool help = false;                    /* -h or --help */
    bool version = false;                 /* --version */
    std::optional<std::string> misplaced; /* first argument here that no EAL takes: a word that is
                                             no option, or an option out of `app_options` */
};

/* Splits and scans. `app_options` are the long names (without dashes) that belong after `--`. */
EalArgs scan_eal_args(int argc, const char *const *argv,
                      const std::vector<std::string> &app_options);

/* The cores of an EAL core list such as "0-2,4" or "(0,2)@1"; none where it is not understood. */
std::vector<int> cores_of_list(const std::string &list);

}  // namespace mp_ipc
