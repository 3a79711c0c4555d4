/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The hugepages of each NUMA node that this process may use, and how many of them a primary
 * reserves at its start, so that its heap need not grow when a secondary attaches. Needs no EAL.
 */
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace mp_ipc {

/* A node that EAL knows: one with a core. */
struct NodePages {
    unsigned node = 0;
    std::uint64_t page = 0; /* bytes: the smallest size that is mounted and free there; 0: none */
    std::uint64_t free = 0; /* bytes in free pages of that size */
};

struct HugepageRoom {
    std::vector<NodePages> nodes; /* sorted by node */
    std::uint64_t limit = 0;      /* bytes that mounts, cgroups and the reservations of others allow
                                     on all nodes together */
};

/* A hugetlbfs mount, as statfs(2) shows it. */
struct HugetlbMount {
    std::uint64_t page = 0;            /* bytes */
    std::optional<std::uint64_t> free; /* bytes, where the mount has a limit (size=) */
};
using LookAtMount = std::function<std::optional<HugetlbMount>(const std::string &dir)>;
std::optional<HugetlbMount> look_at_mount(const std::string &dir);

/* `root` is put before /sys and /proc, and `mount` looks at a mount: both for tests. */
HugepageRoom look_at_hugepage_room(const std::optional<std::string> &huge_dir = {},
                                   const std::string &root = "",
                                   const LookAtMount &mount = look_at_mount);

/* Bytes for each node, by node number: 16 MiB, but at most a quarter of what is free, in whole
 * pages; one page where that quarter is less and a page is smaller than 16 MiB. Empty: nothing to
 * reserve, so keep EAL's default.
 */
std::vector<std::uint64_t> plan_node_memory(const HugepageRoom &room);

/* The value of --socket-mem: MiB for each node, "16,0,16". */
std::string socket_mem(const std::vector<std::uint64_t> &bytes);

}  // namespace mp_ipc
