/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The hugepage files of a primary, which every secondary maps by their paths: whether those that
 * this process would find are the primary's own. Where one is missing, EAL makes it: it then maps
 * zeros in the place of the primary's memory, and the machine is a page short for good. Where it is
 * another primary's, both would write into that one's memory.
 */
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "support/base/unique_fd.h"

namespace mp_ipc {

/* In a primary, after its rte_eal_init(): writes which files it has mapped into its runtime
 * directory, for secondaries in other pid namespaces too. It counts for as long as the result is
 * open.
 */
UniqueFd record_page_files(const std::string &dir);

/* The files of hugepages of a prefix in these directories. */
std::vector<std::string> page_files(const std::vector<std::string> &dirs,
                                    const std::string &file_prefix);

struct PageFileTrouble {
    enum class Kind {
        not_shared, /* the primary has none */
        missing,
        other,      /* of that name, but not the primary's */
        not_usable, /* for the reason in `error` */
    };
    Kind kind;
    std::string path; /* of the first that is not right */
    int error = 0;
};

/* Of the primary in this runtime directory, whose pid may be 0: unknown. Nothing where each is
 * there, is the primary's own and may be written; *count then says how many there are.
 */
std::optional<PageFileTrouble> look_at_page_files(const std::string &dir,
                                                  const std::string &file_prefix, pid_t pid,
                                                  std::size_t *count);

}  // namespace mp_ipc
