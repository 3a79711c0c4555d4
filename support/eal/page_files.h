/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The hugepage files of a primary, which every secondary maps by their paths: whether those that
 * this process would find are the primary's own. If one is missing, EAL creates it, and maps zeros
 * in place of the primary's memory; the machine then has a page less. If it is another primary's,
 * this process would write into that one's memory.
 */
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "support/base/unique_fd.h"

namespace mp_ipc {

/* In a primary, after its rte_eal_init(): lists the files that it has mapped in a file of its
 * runtime directory, which secondaries in other pid namespaces can read too. The list is valid
 * while the result is open; the result is invalid if it could not be written.
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

/* Checks the files of the primary in this runtime directory; `pid` 0: unknown. nullopt: each is
 * there, is the primary's own and may be written, and *count is their number.
 */
std::optional<PageFileTrouble> look_at_page_files(const std::string &dir,
                                                  const std::string &file_prefix, pid_t pid,
                                                  std::size_t *count);

}  // namespace mp_ipc
