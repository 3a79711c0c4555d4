/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/eal/hugepages.h"

#include <mntent.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>

#include "support/base/files.h"
#include "support/base/text.h"
#include "support/console/console.h"
#include "support/eal/node_memory.h"

namespace mp_ipc {
namespace {

/* The first directory that this process may use; empty: none. */
std::string first_usable(const std::vector<std::string> &dirs) {
    const auto found = std::find_if(dirs.begin(), dirs.end(), [](const std::string &dir) {
        return access(dir.c_str(), R_OK | W_OK | X_OK) == 0;
    });
    return found == dirs.end() ? std::string() : *found;
}

/* Whether `dir` exists and is `mount` or below it. */
bool is_in(const std::filesystem::path &dir, const std::filesystem::path &mount) {
    const auto parts = std::mismatch(mount.begin(), mount.end(), dir.begin(), dir.end());
    return parts.first == mount.end() && access(dir.c_str(), F_OK) == 0;
}

/* Reduces the usable pages of each size to what EAL's mounts allow. If no mount can be looked at,
 * the counts of the machine stay.
 */
void apply_limits(Hugepages *pages) {
    std::set<std::uint64_t> mounted;
    for (const std::string &dir : pages->dirs) {
        const auto mount = look_at_mount(dir);
        if (!mount)
            continue;
        mounted.insert(mount->page);
        for (PageSize &size : pages->sizes) {
            if (mount->page != size.kib * 1024 || !mount->free ||
                *mount->free / mount->page >= size.free)
                continue;
            size.usable = *mount->free / mount->page;
            size.limited_by = dir;
        }
    }
    for (PageSize &size : pages->sizes) {
        if (!mounted.empty() && !mounted.contains(size.kib * 1024)) {
            size.usable = 0;
            size.mounted = false;
        }
    }
}

}  // namespace

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

Hugepages look_at_hugepages(const std::optional<std::string> &huge_dir, const std::string &root) {
    Hugepages pages;
    std::error_code error;
    for (std::filesystem::directory_iterator it(root + "/sys/kernel/mm/hugepages", error), end;
         !error && it != end; it.increment(error)) {
        PageSize size;
        if (std::sscanf(it->path().filename().c_str(), "hugepages-%lukB", &size.kib) != 1)
            continue;
        size.reserved = number_in(it->path() / "nr_hugepages").value_or(0);
        size.free = size.usable = number_in(it->path() / "free_hugepages").value_or(0);
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
    apply_limits(&pages);
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

}  // namespace mp_ipc
