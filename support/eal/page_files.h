/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The hugepage files of a primary, which every secondary maps by their paths: whether those that
 * this process would find are the primary's own. If one is missing, EAL creates it, and maps zeros
 * in place of the primary's memory; the machine then has a page less. If it is another primary's,
 * this process would write into that one's memory.
 */
#pragma once

#include <string>
#include <vector>

#include "support/base/unique_fd.h"
#include "support/eal/finding.h"
#include "support/eal/runtime_dir.h"

namespace mp_ipc {

/* In a primary, after its rte_eal_init(): lists the files that it has mapped in a file of its
 * runtime directory, which secondaries in other pid namespaces can read too. The list is valid
 * while the result is open; the result is invalid if it could not be written.
 */
UniqueFd record_page_files(const std::string &dir);

/* The files of hugepages of a prefix in these directories. */
std::vector<std::string> page_files(const std::vector<std::string> &dirs,
                                    const std::string &file_prefix);

/* Good if the hugepages that a secondary of this live primary would map are the primary's own, and
 * this process may map so many.
 */
Finding check_page_files(const PrimaryProbe &primary, const std::string &file_prefix);

}  // namespace mp_ipc
