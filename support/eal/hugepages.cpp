/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/eal/hugepages.h"

#include <linux/magic.h>
#include <mntent.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <memory>
#include <set>

#include <rte_config.h>

#include "support/base/files.h"
#include "support/base/text.h"
#include "support/console/console.h"
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

/* The first directory that this process may use; empty: none. */
std::string first_usable(const std::vector<std::string> &dirs) {
    const auto found = std::find_if(dirs.begin(), dirs.end(), [](const std::string &dir) {
        return access(dir.c_str(), R_OK | W_OK | X_OK) == 0;
    });
    return found == dirs.end() ? std::string() : *found;
}

/* Whether `dir` exists and is `mount` or below it. */
bool is_in(const fs::path &dir, const fs::path &mount) {
    const auto parts = std::mismatch(mount.begin(), mount.end(), dir.begin(), dir.end());
    return parts.first == mount.end() && access(dir.c_str(), F_OK) == 0;
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

/* Reduces the usable pages and the room of each size to what EAL's mounts allow. If no mount can be
 * looked at, the counts of the machine stay, without room.
 */
void apply_limits(Hugepages *pages, const LookAtMount &look) {
    std::set<std::uint64_t> mounted;
    for (const std::string &dir : pages->dirs) {
        const auto mount = look(dir);
        if (!mount)
            continue;
        mounted.insert(mount->page);
        for (PageSize &size : pages->sizes) {
            if (mount->page != size.kib * kKiB || !mount->free)
                continue;
            size.room = std::min(size.room, *mount->free);
            if (*mount->free / mount->page >= size.free)
                continue;
            size.usable = *mount->free / mount->page;
            size.limited_by = dir;
        }
    }
    for (PageSize &size : pages->sizes) {
        if (mounted.contains(size.kib * kKiB))
            continue;
        size.room = 0;
        if (mounted.empty())
            continue;
        size.usable = 0;
        size.mounted = false;
    }
}

void look_at_nodes(Hugepages *pages, const std::string &root) {
    for (const unsigned number : nodes_with_cores(root)) {
        NodePages node;
        node.node = number;
        const fs::path own =
            root + "/sys/devices/system/node/node" + std::to_string(number) + "/hugepages";
        std::error_code error;
        const fs::path counts =
            fs::is_directory(own, error) ? own : fs::path(root + "/sys/kernel/mm/hugepages");
        const bool usable = may_use_node(number, root);
        for (const PageSize &size : pages->sizes) {
            const fs::path dir = counts / ("hugepages-" + std::to_string(size.kib) + "kB");
            const std::uint64_t page = size.kib * kKiB;
            const std::uint64_t free = number_in(dir / "free_hugepages").value_or(0) * page;
            if (!usable || free == 0 || size.room == 0)
                continue;
            node.page = page;
            node.free = std::min(free, size.room);
            break;
        }
        pages->nodes.push_back(node);
    }
    for (const PageSize &size : pages->sizes) {
        const bool used = std::ranges::any_of(
            pages->nodes, [&](const NodePages &node) { return node.page == size.kib * kKiB; });
        pages->limit += used ? size.room : 0;
    }
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

unsigned long Hugepages::reserved() const {
    unsigned long sum = 0;
    for (const PageSize &size : sizes)
        sum += size.reserved;
    return sum;
}

unsigned long Hugepages::usable() const {
    unsigned long sum = 0;
    for (const PageSize &size : sizes)
        sum += size.usable;
    return sum;
}

std::string hugepage_counts(const Hugepages &pages) {
    std::vector<PageSize> reserved = pages.sizes;
    std::erase_if(reserved, [](const PageSize &size) { return size.reserved == 0; });
    return joined(reserved, [&](const PageSize &size) {
        std::string text =
            reserved.size() > 1 ? in_words({"of {} KiB ", "{} KiB: "}, size.kib) : std::string();
        text += in_words({"{} reserved, {} free", "已预留 {} 个，空闲 {} 个"}, size.reserved,
                         size.free);
        if (!size.limited_by.empty())
            text += in_words({" ({} for this process: the limit, size=, of the mount {})",
                              "（本进程可用 {} 个：挂载 {} 的上限 size=）"},
                             size.usable, size.limited_by);
        if (!size.mounted)
            text += in_words(
                {" (no hugetlbfs of that size is mounted)", "（没有挂载该大小的 hugetlbfs）"});
        return text;
    });
}

Hugepages look_at_hugepages(const std::optional<std::string> &huge_dir, const std::string &root,
                            const LookAtMount &mount) {
    Hugepages pages;
    std::error_code error;
    for (fs::directory_iterator it(root + "/sys/kernel/mm/hugepages", error), end;
         !error && it != end; it.increment(error)) {
        PageSize size;
        if (std::sscanf(it->path().filename().c_str(), "hugepages-%lukB", &size.kib) != 1)
            continue;
        size.reserved = number_in(it->path() / "nr_hugepages").value_or(0);
        size.free = size.usable = number_in(it->path() / "free_hugepages").value_or(0);
        const std::uint64_t promised = number_in(it->path() / "resv_hugepages").value_or(0);
        const std::uint64_t page = size.kib * kKiB;
        size.room =
            std::min((size.free - std::min(size.free, promised)) * page, cgroup_room(page, root));
        pages.sizes.push_back(size);
    }
    std::sort(pages.sizes.begin(), pages.sizes.end(),
              [](const PageSize &left, const PageSize &right) { return left.kib < right.kib; });
    const std::unique_ptr<FILE, int (*)(FILE *)> mounts(
        setmntent((root + "/proc/self/mounts").c_str(), "r"), endmntent);
    mntent entry = {};
    char buffer[4096];
    std::set<std::string> sizes;
    std::vector<std::string> &taken = pages.dirs;
    while (mounts && getmntent_r(mounts.get(), &entry, buffer, sizeof(buffer)) != nullptr) {
        if (std::strcmp(entry.mnt_type, "hugetlbfs") != 0)
            continue;
        pages.mounts.emplace_back(entry.mnt_dir);
        const char *found = hasmntopt(&entry, "pagesize"); /* and all options after it */
        const std::string size = found == nullptr ? "" : found;
        const bool first = sizes.insert(size.substr(0, size.find(','))).second;
        if (huge_dir ? is_in(*huge_dir, entry.mnt_dir) : first)
            taken.push_back(huge_dir.value_or(entry.mnt_dir));
    }
    apply_limits(&pages, mount);
    look_at_nodes(&pages, root);
    pages.taken = first_usable(taken);
    pages.writable = !pages.taken.empty();
    if (!pages.writable) {
        pages.taken = taken.empty() ? "" : taken.front();
        pages.other = first_usable(pages.mounts);
    }
    return pages;
}

std::optional<std::string> hugepage_trouble(const Hugepages &pages) {
    if (pages.reserved() == 0)
        return in_words(
            {"no hugepages are reserved: run scripts/setup.sh (as root), which reserves "
             "and mounts them",
             "没有预留大页：请以 root 运行 scripts/setup.sh，它会预留并挂载大页"});
    if (pages.mounts.empty())
        return in_words(
            {"hugepages are reserved, but no hugetlbfs is mounted: run scripts/setup.sh "
             "(as root)",
             "已预留大页，但没有挂载 hugetlbfs：请以 root 运行 scripts/setup.sh"});
    if (pages.taken.empty())
        return in_words({"--huge-dir names no hugetlbfs: give it a directory of one, such as {}",
                         "--huge-dir 不是 hugetlbfs：请使用 hugetlbfs 的目录，如 {}"},
                        pages.other.empty() ? pages.mounts[0] : pages.other);
    if (!pages.writable)
        return in_words(
            {"no permission to write to {}, where EAL takes its hugepages from: {}",
             "没有写入 {} 的权限，而 EAL 从那里取得大页：{}"},
            pages.taken,
            pages.other.empty()
                ? in_words({"run as root, or mount one for this user: scripts/setup.sh --user NAME",
                            "请以 root 运行，或为当前用户挂载：scripts/setup.sh --user NAME"})
                : in_words({"give it this user's own mount, --huge-dir={}",
                            "请使用当前用户自己的挂载：--huge-dir={}"},
                           pages.other));
    if (pages.usable() == 0)
        return in_words({"no hugepage is free for this process: {}: end what uses them, or reserve "
                         "more with scripts/setup.sh",
                         "本进程没有可用的大页：{}：请结束占用它们的程序，或用 scripts/setup.sh "
                         "预留更多"},
                        hugepage_counts(pages));
    return std::nullopt;
}

std::vector<std::uint64_t> plan_node_memory(const Hugepages &pages) {
    std::vector<std::uint64_t> plan;
    std::uint64_t free = 0; /* of all nodes */
    for (const NodePages &node : pages.nodes)
        free += node.free;
    /* Where one limit holds for all nodes, each gets an equal part. */
    const bool limited = pages.limit < free;
    for (const NodePages &node : pages.nodes) {
        if (node.page == 0)
            continue;
        const std::uint64_t own = limited ? pages.limit / pages.nodes.size() : node.free;
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
