/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What hugepages this machine has, and whether this process may use them.
 */
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace mp_ipc {

struct PageSize {
    unsigned long kib = 0;
    unsigned long reserved = 0; /* on this machine */
    unsigned long free = 0;     /* of these, unused */
    unsigned long usable = 0;   /* of these, for this process: a mount may have a limit (size=), and
                                   without a mount there are none */
    bool mounted = true;
    std::string limited_by; /* the mount whose limit leaves fewer than are free */
};

struct Hugepages {
    std::vector<PageSize> sizes;     /* sorted */
    std::vector<std::string> mounts; /* of hugetlbfs */
    std::vector<std::string> dirs;   /* where EAL takes its pages from, one for each size */
    std::string taken;               /* where EAL takes its pages from; empty: from nowhere */
    bool writable = false;           /* it is, for this process */
    std::string other;               /* if not: a mount that is, and needs --huge-dir */

    unsigned long reserved() const;
    unsigned long usable() const;
};
/* "64 reserved, 63 free", of each size where there are several. */
std::string hugepage_counts(const Hugepages &pages);

/* EAL takes --huge-dir where that is a mount or below one, and without it the first mount of each
 * page size, writable or not. `root` stands before /sys and /proc: a test gives a made-up tree.
 */
Hugepages look_at_hugepages(const std::optional<std::string> &huge_dir = {},
                            const std::string &root = "");

/* Why a primary cannot get hugepages, with what to do; nothing where nothing is seen to be wrong.
 */
std::optional<std::string> hugepage_trouble(const Hugepages &pages);

}  // namespace mp_ipc
