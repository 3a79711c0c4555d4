/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/hugepages.h"

#include <mntent.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>

namespace mp_ipc {
namespace {

unsigned long number_in(const std::filesystem::path &path) {
    std::ifstream file(path);
    unsigned long number = 0;
    return file >> number ? number : 0;
}

}  // namespace

Hugepages look_at_hugepages(const std::string &root) {
    Hugepages pages;
    std::error_code error;
    for (std::filesystem::directory_iterator it(root + "/sys/kernel/mm/hugepages", error), end;
         !error && it != end; it.increment(error)) {
        pages.reserved += number_in(it->path() / "nr_hugepages");
        pages.free += number_in(it->path() / "free_hugepages");
    }
    const std::unique_ptr<FILE, int (*)(FILE *)> mounts(
        setmntent((root + "/proc/self/mounts").c_str(), "r"), endmntent);
    mntent entry = {};
    char buffer[4096];
    while (mounts && getmntent_r(mounts.get(), &entry, buffer, sizeof(buffer)) != nullptr) {
        if (std::strcmp(entry.mnt_type, "hugetlbfs") != 0)
            continue;
        pages.mounts.emplace_back(entry.mnt_dir);
        pages.writable = pages.writable || access(entry.mnt_dir, R_OK | W_OK | X_OK) == 0;
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
    if (!pages.writable)
        return "no permission to write to " + pages.mounts[0] +
               ", where the hugepages are: run as root, or mount one for this user: "
               "scripts/setup.sh --user NAME";
    if (pages.free == 0)
        return "all " + std::to_string(pages.reserved) +
               " hugepages are in use: end what uses them, or reserve more with scripts/setup.sh";
    return std::nullopt;
}

}  // namespace mp_ipc
