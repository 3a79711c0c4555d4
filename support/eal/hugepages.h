/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What hugepages this machine has, and whether this process may use them.
 */
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace mp_ipc {

struct Hugepages {
    unsigned long reserved = 0;      /* pages of all sizes */
    unsigned long free = 0;          /* of these, unused */
    std::vector<std::string> mounts; /* of hugetlbfs */
    std::string taken;               /* where EAL takes its pages from; empty: from nowhere */
    bool writable = false;           /* it is, for this process */
    std::string other;               /* if not: a mount that is, and needs --huge-dir */
};

/* EAL takes --huge-dir where that is a mount or below one, and without it the first mount of each
 * page size, writable or not. `root` stands before /sys and /proc: a test gives a made-up tree.
 */
Hugepages look_at_hugepages(const std::optional<std::string> &huge_dir = {},
                            const std::string &root = "");

/* Why a primary cannot get hugepages, with what to do; nothing where nothing is seen to be wrong.
 */
std::optional<std::string> hugepage_trouble(const Hugepages &pages);

}  // namespace mp_ipc
