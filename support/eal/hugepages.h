/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What hugepages this machine has, whether this process may use them, and how many of each NUMA
 * node a primary reserves at its start, so that its heap need not grow when a secondary attaches.
 * Needs no EAL.
 */
#pragma once

#include <cstdint>
#include <functional>
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
    std::uint64_t room = 0;     /* bytes that mounts, cgroups and the reservations of others allow;
                                   0: no mount of that size was found */
    bool mounted = true;
    std::string limited_by; /* the mount whose limit allows fewer than are free; empty: none */
};

/* A node that EAL knows: one with a core. */
struct NodePages {
    unsigned node = 0;
    std::uint64_t page = 0; /* bytes: the smallest size that is mounted and free there; 0: none */
    std::uint64_t free = 0; /* bytes in free pages of that size */
};

struct Hugepages {
    std::vector<PageSize> sizes;     /* sorted */
    std::vector<NodePages> nodes;    /* sorted by node */
    std::uint64_t limit = 0;         /* the room of the sizes of `nodes`, of all nodes together */
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

/* A hugetlbfs mount, as statfs(2) shows it. */
struct HugetlbMount {
    std::uint64_t page = 0;            /* bytes */
    std::optional<std::uint64_t> free; /* bytes, where the mount has a limit (size=) */
};
using LookAtMount = std::function<std::optional<HugetlbMount>(const std::string &dir)>;
std::optional<HugetlbMount> look_at_mount(const std::string &dir);

/* As EAL does it: --huge-dir if that is a mount or below one; without it, the first mount of each
 * page size, writable or not. `root` is put before /sys and /proc, and `mount` looks at a mount:
 * both for tests.
 */
Hugepages look_at_hugepages(const std::optional<std::string> &huge_dir = {},
                            const std::string &root = "", const LookAtMount &mount = look_at_mount);

/* Why a primary cannot get hugepages, and what to do; nullopt: nothing wrong was seen. */
std::optional<std::string> hugepage_trouble(const Hugepages &pages);

/* Bytes for each node, by node number: 16 MiB, but at most a quarter of what is free, in whole
 * pages; one page where that quarter is less and a page is smaller than 16 MiB. Empty: nothing to
 * reserve, so keep EAL's default.
 */
std::vector<std::uint64_t> plan_node_memory(const Hugepages &pages);

/* The value of --socket-mem: MiB for each node, "16,0,16". */
std::string socket_mem(const std::vector<std::uint64_t> &bytes);

}  // namespace mp_ipc
