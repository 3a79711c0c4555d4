/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/eal/node_memory.h"

#include <linux/magic.h>
#include <mntent.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <memory>
#include <set>

#include <rte_config.h>

#include "support/base/files.h"
#include "support/options/eal_args.h"

namespace mp_ipc {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kKiB = 1024;
constexpr std::uint64_t kMiB = 1024 * kKiB;
/* Enough for about a hundred secondaries that attach at one moment, at 156 KB each (22.11). */
constexpr std::uint64_t kNodeMemory = 16 * kMiB;
/* Takes at most 1/kShare of what is free: the rest is for other programs. */
constexpr std::uint64_t kShare = 4;

/* Bytes of a page, of a name such as "hugepages-2048kB"; 0: another name. */
std::uint64_t page_of_name(const std::string &name) {
    unsigned long kib = 0;
    return std::sscanf(name.c_str(), "hugepages-%lukB", &kib) == 1 ? kib * kKiB : 0;
}

/* Nodes with a core below RTE_MAX_LCORE; node 0 if the kernel shows none. */
std::set<unsigned> nodes_with_cores(const std::string &root) {
    std::set<unsigned> nodes;
    for (unsigned core = 0; core < RTE_MAX_LCORE; core++) {
        std::error_code error;
        const fs::path dir = root + "/sys/devices/system/cpu/cpu" + std::to_string(core);
        for (fs::directory_iterator it(dir, error), end; !error && it != end; it.increment(error)) {
            unsigned node = 0;
            if (std::sscanf(it->path().filename().c_str(), "node%u", &node) == 1)
                nodes.insert(node);
        }
    }
    return nodes.empty() ? std::set<unsigned>{0} : nodes;
}

/* Whether the cpuset of this process allows memory of this node. */
bool may_use_node(unsigned node, const std::string &root) {
    const auto nodes = cores_of_list(field_of(root + "/proc/self/status", "Mems_allowed_list:"));
    return nodes.empty() || std::ranges::find(nodes, static_cast<int>(node)) != nodes.end();
}

/* The bytes that the mounts allow, by page size: EAL uses --huge-dir, or the first mount of each.
 */
std::map<std::uint64_t, std::uint64_t> mounted(const std::optional<std::string> &huge_dir,
                                               const std::string &root, const LookAtMount &mount) {
    std::map<std::uint64_t, std::uint64_t> room;
    const auto add = [&](const std::string &dir) {
        if (const auto found = mount(dir))
            room.emplace(found->page,
                         found->free.value_or(std::numeric_limits<std::uint64_t>::max()));
    };
    if (huge_dir) {
        add(*huge_dir);
        return room;
    }
    const std::unique_ptr<FILE, int (*)(FILE *)> mounts(
        setmntent((root + "/proc/self/mounts").c_str(), "r"), endmntent);
    mntent entry = {};
    char buffer[4096];
    while (mounts && getmntent_r(mounts.get(), &entry, buffer, sizeof(buffer)) != nullptr) {
        if (std::strcmp(entry.mnt_type, "hugetlbfs") == 0)
            add(entry.mnt_dir);
    }
    return room;
}

/* "2MB", as cgroups name a page size. */
std::string cgroup_name(std::uint64_t page) {
    if (page % (1024 * kMiB) == 0)
        return std::to_string(page / (1024 * kMiB)) + "GB";
    if (page % kMiB == 0)
        return std::to_string(page / kMiB) + "MB";
    return std::to_string(page / kKiB) + "KB";
}

/* The bytes of pages of one size that the cgroups (v2) of this process still allow. */
std::uint64_t cgroup_room(std::uint64_t page, const std::string &root) {
    std::uint64_t room = std::numeric_limits<std::uint64_t>::max();
    std::ifstream groups(root + "/proc/self/cgroup");
    for (std::string line; std::getline(groups, line);) {
        if (!line.starts_with("0::/"))
            continue;
        const fs::path top = root + "/sys/fs/cgroup";
        for (fs::path group = line.substr(std::strlen("0::/"));; group = group.parent_path()) {
            for (const char *kind : {"", ".rsvd"}) {
                const std::string file = "hugetlb." + cgroup_name(page) + kind;
                const auto most = number_in(top / group / (file + ".max"));
                const auto used = number_in(top / group / (file + ".current"));
                if (most && used)
                    room = std::min(room, *most > *used ? *most - *used : 0);
            }
            if (group.empty())
                break;
        }
    }
    return room;
}

}  // namespace

std::optional<HugetlbMount> look_at_mount(const std::string &dir) {
    struct statfs status = {};
    if (statfs(dir.c_str(), &status) != 0 || status.f_type != HUGETLBFS_MAGIC)
        return std::nullopt;
    HugetlbMount mount;
    mount.page = static_cast<std::uint64_t>(status.f_bsize);
    if (status.f_blocks > 0 && status.f_bfree <= status.f_blocks) /* otherwise: no limit */
        mount.free = status.f_bfree * mount.page;
    return mount;
}

HugepageRoom look_at_hugepage_room(const std::optional<std::string> &huge_dir,
                                   const std::string &root, const LookAtMount &mount) {
    HugepageRoom room;
    const auto mounts = mounted(huge_dir, root, mount);
    std::map<std::uint64_t, std::uint64_t> left; /* bytes by page size, of all nodes */
    for (const auto &[page, free] : mounts) {
        const fs::path counts =
            root + "/sys/kernel/mm/hugepages/hugepages-" + std::to_string(page / kKiB) + "kB";
        const std::uint64_t pages = number_in(counts / "free_hugepages").value_or(0);
        const std::uint64_t promised = number_in(counts / "resv_hugepages").value_or(0);
        left[page] = std::min(
            {pages > promised ? (pages - promised) * page : 0, free, cgroup_room(page, root)});
    }
    for (const unsigned node : nodes_with_cores(root)) {
        NodePages pages;
        pages.node = node;
        const fs::path dir =
            root + "/sys/devices/system/node/node" + std::to_string(node) + "/hugepages";
        std::error_code error;
        const bool per_node = fs::is_directory(dir, error);
        for (fs::directory_iterator
                 it(per_node ? dir : fs::path(root + "/sys/kernel/mm/hugepages"), error),
             end;
             !error && it != end && may_use_node(node, root); it.increment(error)) {
            const std::uint64_t page = page_of_name(it->path().filename());
            const std::uint64_t free = number_in(it->path() / "free_hugepages").value_or(0) * page;
            if (free == 0 || !left.contains(page) || left[page] == 0)
                continue;
            if (pages.page == 0 || page < pages.page) {
                pages.page = page;
                pages.free = std::min(free, left[page]);
            }
        }
        room.nodes.push_back(pages);
    }
    for (const auto &of_size : left) {
        const bool used =
            std::any_of(room.nodes.begin(), room.nodes.end(),
                        [&](const NodePages &node) { return node.page == of_size.first; });
        room.limit += used ? of_size.second : 0;
    }
    return room;
}

std::vector<std::uint64_t> plan_node_memory(const HugepageRoom &room) {
    std::vector<std::uint64_t> plan;
    std::uint64_t free = 0; /* of all nodes */
    for (const NodePages &node : room.nodes)
        free += node.free;
    /* Where one limit holds for all nodes, each gets an equal part. */
    const bool limited = room.limit < free;
    for (const NodePages &node : room.nodes) {
        if (node.page == 0)
            continue;
        const std::uint64_t own = limited ? room.limit / room.nodes.size() : node.free;
        std::uint64_t bytes = std::min(kNodeMemory, own / kShare) / node.page * node.page;
        if (bytes == 0 && own >= node.page && node.page < kNodeMemory)
            bytes = node.page;
        if (bytes == 0)
            continue;
        plan.resize(std::max<std::size_t>(plan.size(), node.node + 1), 0);
        plan[node.node] = bytes;
    }
    return plan;
}

std::string socket_mem(const std::vector<std::uint64_t> &bytes) {
    std::string value;
    for (const std::uint64_t node : bytes)
        value += (value.empty() ? "" : ",") + std::to_string((node + kMiB - 1) / kMiB);
    return value;
}

}  // namespace mp_ipc
