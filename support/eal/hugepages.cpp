/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/eal/hugepages.h"

#include <mntent.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>

#include "support/base/files.h"

namespace mp_ipc {
namespace {

/* Empty where this process may use none. */
std::string first_usable(const std::vector<std::string> &dirs) {
    const auto found = std::find_if(dirs.begin(), dirs.end(), [](const std::string &dir) {
        return access(dir.c_str(), R_OK | W_OK | X_OK) == 0;
    });
    return found == dirs.end() ? std::string() : *found;
}

/* A directory that is `mount` or below it. */
bool is_in(const std::filesystem::path &dir, const std::filesystem::path &mount) {
    const auto parts = std::mismatch(mount.begin(), mount.end(), dir.begin(), dir.end());
    return parts.first == mount.end() && access(dir.c_str(), F_OK) == 0;
}

}  // namespace

Hugepages look_at_hugepages(const std::optional<std::string> &huge_dir, const std::string &root) {
    Hugepages pages;
    std::error_code error;
    for (std::filesystem::directory_iterator it(root + "/sys/kernel/mm/hugepages", error), end;
         !error && it != end; it.increment(error)) {
        pages.reserved += number_in(it->path() / "nr_hugepages").value_or(0);
        pages.free += number_in(it->path() / "free_hugepages").value_or(0);
    }
    const std::unique_ptr<FILE, int (*)(FILE *)> mounts(
        setmntent((root + "/proc/self/mounts").c_str(), "r"), endmntent);
    mntent entry = {};
    char buffer[4096];
    std::set<std::string> sizes;
    std::vector<std::string> taken;
    while (mounts && getmntent_r(mounts.get(), &entry, buffer, sizeof(buffer)) != nullptr) {
        if (std::strcmp(entry.mnt_type, "hugetlbfs") != 0)
            continue;
        pages.mounts.emplace_back(entry.mnt_dir);
        const char *found = hasmntopt(&entry, "pagesize"); /* and what stands behind it */
        const std::string size = found == nullptr ? "" : found;
        const bool first = sizes.insert(size.substr(0, size.find(','))).second;
        if (huge_dir ? is_in(*huge_dir, entry.mnt_dir) : first)
            taken.push_back(huge_dir.value_or(entry.mnt_dir));
    }
    pages.taken = first_usable(taken);
    pages.writable = !pages.taken.empty();
    if (!pages.writable) {
        pages.taken = taken.empty() ? "" : taken.front();
        pages.other = first_usable(pages.mounts);
    }
    return pages;
}

std::optional<std::string> hugepage_trouble(const Hugepages &pages) {
    if (pages.reserved == 0)
        return "no hugepages are reserved: run scripts/setup.sh (as root), which reserves and "
               "mounts them";
    if (pages.mounts.empty())
        return "hugepages are reserved, but no hugetlbfs is mounted: run scripts/setup.sh (as "
               "root)";
    if (pages.taken.empty())
        return "--huge-dir names no hugetlbfs: give it a directory of one, such as " +
               (pages.other.empty() ? pages.mounts[0] : pages.other);
    if (!pages.writable)
        return "no permission to write to " + pages.taken +
               ", where EAL takes its hugepages from: " +
               (pages.other.empty()
                    ? "run as root, or mount one for this user: scripts/setup.sh --user NAME"
                    : "give it this user's own mount, --huge-dir=" + pages.other);
    if (pages.free == 0)
        return "all " + std::to_string(pages.reserved) +
               " hugepages are in use: end what uses them, or reserve more with scripts/setup.sh";
    return std::nullopt;
}

}  // namespace mp_ipc
