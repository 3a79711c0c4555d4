/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Room for the files that EAL makes in the runtime directory, and for the addresses it reserves.
 */
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string_view>

#include <rte_memory.h>

#include "support/console/console.h"
#include "support/eal/start_checks.h"

namespace mp_ipc {
namespace {

namespace fs = std::filesystem;

std::string size_text(std::uint64_t bytes) {
    constexpr std::uint64_t kStep = 1024;
    if (bytes < 4 * kStep * kStep)
        return std::to_string(bytes / kStep) + " KiB";
    if (bytes < 4 * kStep * kStep * kStep)
        return std::to_string(bytes / kStep / kStep) + " MiB";
    return std::to_string(bytes / kStep / kStep / kStep) + " GiB";
}

/* Bytes that these files take of their file system. */
std::uint64_t allocated(const std::vector<std::string> &paths) {
    std::uint64_t bytes = 0;
    for (const std::string &path : paths) {
        struct stat status = {};
        if (stat(path.c_str(), &status) == 0)
            bytes += static_cast<std::uint64_t>(status.st_blocks) * 512;
    }
    return bytes;
}

/* Without this check a sparse file is mapped even if there is no room for it, and the process that
 * writes to it ends by SIGBUS. `had`: bytes of files that will be replaced.
 */
Finding check_room(const std::string &dir, std::uint64_t needed, std::uint64_t had) {
    constexpr fsfilcnt_t kFiles = 10; /* as many more as a process makes */
    struct statvfs space = {};
    fs::path path = dir; /* or one above it, where it will be */
    while (statvfs(path.c_str(), &space) != 0 && errno == ENOENT && path != path.parent_path())
        path = path.parent_path();
    if (space.f_blocks == 0) /* a tmpfs without a limit, or it could not be looked at */
        return good(in_words({"Room: no limit in {}", "空间：{} 没有上限"}, dir));
    const std::string at = path.string();
    if (space.f_files != 0 && space.f_favail < kFiles)
        return bad(
            in_words({"Room: the file system of {} takes no more files (df -i): remove some, "
                      "or mount a larger one",
                      "空间：{} 所在的文件系统不能再建文件（df -i）：请清理，"
                      "或挂载更大的文件系统"},
                     at));
    const std::uint64_t free = static_cast<std::uint64_t>(space.f_bavail) * space.f_frsize;
    if (free + had < needed)
        return bad(
            in_words({"Room: {} are free in {}, and {} are needed there for EAL's files: make "
                      "room, or mount a larger file system (df {})",
                      "空间：{} 空闲（位于 {}），EAL 的文件需要 {}：请清理，"
                      "或挂载更大的文件系统（df {}）"},
                     size_text(free), at, size_text(needed), at));
    return good(in_words({"Room: {} free in {}, {} needed", "空间：{} 空闲（位于 {}），需要 {}"},
                         size_text(free), at, size_text(needed)));
}

constexpr std::string_view kArray = "/fbarray_memseg-";

}  // namespace

std::vector<std::string> arrays_of_primary(const std::string &dir) {
    std::vector<std::string> own = entries(dir, std::string(kArray.substr(1)));
    std::erase_if(own, [&](const std::string &path) {
        return path.find('_', dir.size() + kArray.size()) != std::string::npos;
    });
    return own;
}

std::vector<std::string> left_arrays(const std::string &dir) {
    std::vector<std::string> left = entries(dir, std::string(kArray.substr(1)));
    const std::vector<std::string> own = arrays_of_primary(dir);
    std::erase_if(left, [&](const std::string &path) {
        return std::binary_search(own.begin(), own.end(), path) || is_locked(path).value_or(true);
    });
    return left;
}

Finding check_primary_room(const std::string &dir, std::size_t nodes) {
    /* 22.11 to 26.07, of one node: 1,780 KiB. */
    constexpr std::uint64_t kOwn = std::uint64_t{240} * 1024;
    constexpr std::uint64_t kOfNode = std::uint64_t{1560} * 1024;
    auto had = entries(dir, "fbarray_");
    had.push_back(dir + "/config");
    had.push_back(dir + "/hugepage_info");
    return check_room(dir, kOwn + std::max<std::size_t>(nodes, 1) * kOfNode, allocated(had));
}

namespace {

/* What a secondary takes, in bytes: files, one for each array of the primary; and addresses, which
 * it reserves for the pages in these arrays ("…-2048k-0-0").
 */
struct Needs {
    std::uint64_t files = 0;
    std::uint64_t addresses = 0;
};
Needs look_at_needs(const std::string &dir) {
    Needs needs;
    for (const std::string &path : arrays_of_primary(dir)) {
        struct stat status = {};
        if (stat(path.c_str(), &status) != 0)
            continue;
        const auto size = static_cast<std::uint64_t>(status.st_size);
        needs.files += size;
        unsigned long page_kib = 0;
        if (std::sscanf(path.c_str() + dir.size() + kArray.size(), "%luk", &page_kib) == 1)
            needs.addresses += size / sizeof(rte_memseg) * page_kib * 1024;
    }
    return needs;
}

}  // namespace

void make_room(const std::string &dir) {
    if (check_room(dir, look_at_needs(dir).files, 0).verdict == Finding::Verdict::good)
        return;
    for (const std::string &path : left_arrays(dir))
        unlink(path.c_str());
}

Finding check_secondary_room(const std::string &dir) {
    rlimit addresses = {};
    const Needs needs = look_at_needs(dir);
    if (getrlimit(RLIMIT_AS, &addresses) == 0 && addresses.rlim_cur != RLIM_INFINITY &&
        addresses.rlim_cur < needs.addresses)
        return bad(
            in_words({"Room: the address space of this process is limited to {} (ulimit -v), "
                      "and EAL reserves {}: raise the limit",
                      "空间：本进程的地址空间上限是 {}（ulimit -v），EAL 需要保留 {}："
                      "请提高上限"},
                     size_text(addresses.rlim_cur), size_text(needs.addresses)));
    const Finding room = check_room(dir, needs.files, 0);
    return room.verdict == Finding::Verdict::good
               ? room
               : check_room(dir, needs.files, allocated(left_arrays(dir)));
}

}  // namespace mp_ipc
