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
                                   without a mount none is usable */
    bool mounted = true;
    std::string limited_by; /* the mount whose limit allows fewer than are free; empty: none */
};

struct Hugepages {
    std::vector<PageSize> sizes;     /* sorted */
    std::vector<std::string> mounts; /* of hugetlbfs */
    std::vector<std::string> dirs;   /* where EAL takes its pages from, one for each size */
    std::string taken;               /* the one of `dirs` to be used; empty: none */
    bool writable = false;           /* whether this process may write to it */
    std::string other;               /* if not: a writable mount, which needs --huge-dir */

    unsigned long reserved() const;
    unsigned long usable() const;
};
/* "64 reserved, 63 free", of each size where there are several. */
std::string hugepage_counts(const Hugepages &pages);

/* As EAL does it: --huge-dir if that is a mount or below one; without it, the first mount of each
 * page size, writable or not. `root` is put before /sys and /proc, for tests.
 */
Hugepages look_at_hugepages(const std::optional<std::string> &huge_dir = {},
                            const std::string &root = "");

/* Why a primary cannot get hugepages, and what to do; nullopt: nothing wrong was seen. */
std::optional<std::string> hugepage_trouble(const Hugepages &pages);

}  // namespace mp_ipc
