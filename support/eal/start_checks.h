/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The checks that rte_eal_init() does not make, for the start of both kinds of process and for
 * doctor. No check changes anything or takes a hugepage; make_room() is the only one that removes
 * files.
 */
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "support/eal/finding.h"
#include "support/eal/runtime_dir.h"
#include "support/options/eal_args.h"

namespace mp_ipc {

/* ---- of both -------------------------------------------------------------------------------- */

/* Options with which no start can succeed; nullopt: there are none. */
std::optional<Finding> check_options(const EalArgs &args);

/* Good if the longest socket path in the prefix's directory fits a unix socket address. */
Finding check_path_length(const std::string &dir, unsigned long pid_max);
Finding check_path_length(const std::string &dir); /* with this machine's pid_max */

struct RuntimeFacts {
    std::string root;       /* …/dpdk */
    std::string dir;        /* of the prefix */
    bool usable = false;    /* this user can make what is missing of them and write there */
    std::string missing_at; /* if not usable: the directory that is missing or not accessible */
    int error = 0;          /* errno of the look at it */
    unsigned mode = 0;      /* of dir; 0: there is none */
};
RuntimeFacts look_at_runtime(const std::string &root, const std::string &dir);
Finding check_runtime_usable(const RuntimeFacts &facts);

/* Other runtime directories that have this prefix, with their users, as "; …": a primary that this
 * process does not find may run there. Empty: none.
 */
std::string elsewhere(const std::string &file_prefix);

/* Bad if a limit of this process is too low for a start with so many hugepages, or /proc is not
 * mounted; nullopt: neither.
 */
std::optional<Finding> check_process(std::size_t pages = 0);

/* Bad if no thread can be started, for which EAL fails without a reason; nullopt: one can. */
std::optional<Finding> check_threads();

/* ---- of a primary --------------------------------------------------------------------------- */

/* Whether the runtime directory's file system has room for a primary's files. `nodes`: of NUMA. */
Finding check_primary_room(const std::string &dir, std::size_t nodes);

/* Bad if hugepage files of this prefix are in use where this primary would make its own: EAL would
 * remove them. nullopt: they are not in use.
 */
std::optional<Finding> check_page_files_free(const std::vector<std::string> &huge_dirs,
                                             const std::string &file_prefix);

/* ---- of a secondary: with a live primary ---------------------------------------------------- */

/* Good if the runtime directory's file system and this process's address space have room. */
Finding check_secondary_room(const std::string &dir);
/* Good if no live process has the files that EAL names after this process's pid. */
Finding check_own_names(const std::string &dir);

/* Paths of the primary's memory arrays; those of secondaries have "_PID" after the name. */
std::vector<std::string> arrays_of_primary(const std::string &dir);
/* Paths of the arrays that exited secondaries left behind. EAL removes them at the end of the next
 * secondary's init, which may fail before that if they take the room it needs.
 */
std::vector<std::string> left_arrays(const std::string &dir);
/* Removes left_arrays(), if the arrays of another secondary would not fit beside them. */
void make_room(const std::string &dir);

/* All that a secondary checks before it attaches: these, its primary and the hugepages. */
std::vector<Finding> check_attach(const PrimaryProbe &primary, const std::string &file_prefix);

/* The first that is bad. */
std::optional<Finding> first_bad(const std::vector<Finding> &findings);

}  // namespace mp_ipc
