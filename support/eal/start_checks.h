/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What has to be right before rte_eal_init(), which does not look at it: each check once, for the
 * start of both kinds of process and for whoever only asks. Nothing here leaves a trace, and no
 * check costs a page of the machine.
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

/* Options that no start can succeed with; nothing where there are none. */
std::optional<Finding> check_options(const EalArgs &args);

/* Whether the longest socket path in the prefix's directory fits an address. */
Finding check_path_length(const std::string &dir, unsigned long pid_max);
Finding check_path_length(const std::string &dir); /* with this machine's pid_max */

struct RuntimeFacts {
    std::string root;       /* …/dpdk */
    std::string dir;        /* of the prefix */
    bool usable = false;    /* this user can make what is missing of them and write there */
    std::string missing_at; /* where nothing is usable: the directory that is in the way */
    int error = 0;          /* what the kernel said of it */
    unsigned mode = 0;      /* of dir; 0: there is none */
};
RuntimeFacts look_at_runtime(const std::string &root, const std::string &dir);
Finding check_runtime_usable(const RuntimeFacts &facts);

/* Other runtime directories of this prefix, "; …", with whose they are: what is not where this
 * process looks may run elsewhere. Empty: none.
 */
std::string elsewhere(const std::string &file_prefix);

/* That no other thread can be started, which is how EAL fails without saying why. */
std::optional<Finding> check_threads();

/* ---- of a primary --------------------------------------------------------------------------- */

/* Whether the runtime directory's file system has room for a primary's files. `nodes`: of NUMA. */
Finding check_primary_room(const std::string &dir, std::size_t nodes);

/* Whether hugepage files of this prefix are in use where this primary would make its own: EAL
 * would take them away from whoever has them. Nothing where they are not.
 */
std::optional<Finding> check_page_files_free(const std::vector<std::string> &huge_dirs,
                                             const std::string &file_prefix);

/* ---- of a secondary: at a primary that lives ------------------------------------------------ */

/* That it is this user's, runs the same DPDK, and takes secondaries. */
Finding check_primary(const PrimaryProbe &primary);
/* That the hugepages that would be mapped are its own. */
Finding check_page_files(const PrimaryProbe &primary, const std::string &file_prefix);
/* That the runtime directory's file system, and this process's address space, have room. */
Finding check_secondary_room(const std::string &dir);
/* That no living process has the files that EAL names after this process's pid. */
Finding check_own_names(const std::string &dir);

/* The arrays of memory that the primary has; those of secondaries have "_PID" behind the name. */
std::vector<std::string> arrays_of_primary(const std::string &dir);
/* The arrays that secondaries left behind which have ended. EAL removes them at the end of the next
 * one's init, which may not come to it for want of their room.
 */
std::vector<std::string> left_arrays(const std::string &dir);
/* Removes those where another secondary's would not fit beside them. */
void make_room(const std::string &dir);

/* All of these, in this order. */
std::vector<Finding> check_attach(const PrimaryProbe &primary, const std::string &file_prefix);

/* The first that is bad. */
std::optional<Finding> first_bad(const std::vector<Finding> &findings);

}  // namespace mp_ipc
