/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/eal/page_files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

#include <rte_memory.h>

#include "support/eal/runtime_dir.h"

namespace mp_ipc {
namespace {

using Kind = PageFileTrouble::Kind;

std::string record_path(const std::string &dir) {
    return dir + "/mp_ipc_pages";
}

/* "DEVICE INODE PATH" */
std::string line_of(const struct stat &file, const std::string &path) {
    return std::to_string(file.st_dev) + " " + std::to_string(file.st_ino) + " " + path;
}

int add_line(const rte_memseg_list *list, const rte_memseg *page, void *lines) {
    struct stat file = {};
    char path[4096];
    const int fd = list->external != 0 ? -1 : rte_memseg_get_fd_thread_unsafe(page);
    const std::string link = "/proc/self/fd/" + std::to_string(fd);
    const ssize_t size = fd < 0 ? -1 : readlink(link.c_str(), path, sizeof(path));
    if (size > 0 && fstat(fd, &file) == 0)
        static_cast<std::set<std::string> *>(lines)->insert(
            line_of(file, std::string(path, static_cast<std::size_t>(size))));
    return 0;
}

/* The directories of the primary's hugepages, one for each page size: EAL's hugepage_info is an
 * array of three, each a page size of 8 bytes and a path.
 */
std::vector<std::string> huge_dirs(const std::string &dir) {
    std::ifstream file(dir + "/hugepage_info", std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    constexpr std::size_t kSizes = 3;
    std::vector<std::string> dirs;
    for (std::size_t i = 0; i < kSizes && text.size() > kSizes * sizeof(std::uint64_t); i++) {
        const std::string path = text.c_str() + i * (text.size() / kSizes) + sizeof(std::uint64_t);
        if (path.starts_with('/'))
            dirs.push_back(path);
    }
    return dirs;
}

std::optional<PageFileTrouble> check_record(std::ifstream &record, std::size_t *count) {
    for (std::string line; std::getline(record, line); ++*count) {
        std::istringstream words(line);
        std::string device;
        std::string inode;
        std::string path;
        words >> device >> inode >> std::ws;
        std::getline(words, path);
        struct stat file = {};
        if (stat(path.c_str(), &file) != 0)
            return PageFileTrouble{
                errno == ENOENT || errno == ENOTDIR ? Kind::missing : Kind::not_usable, path,
                errno};
        if (line_of(file, path) != line)
            return PageFileTrouble{Kind::other, path};
        if (eaccess(path.c_str(), R_OK | W_OK) != 0)
            return PageFileTrouble{Kind::not_usable, path, errno};
    }
    return std::nullopt;
}

}  // namespace

UniqueFd record_page_files(const std::string &dir) {
    std::set<std::string> lines;
    rte_memseg_walk(add_line, &lines);
    const std::string path = record_path(dir);
    unlink(path.c_str()); /* a reader of an earlier primary's file does not see half of this one */
    UniqueFd file(open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    std::string text;
    for (const std::string &line : lines)
        text += line + "\n";
    if (!file || write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
        flock(file.get(), LOCK_SH | LOCK_NB) != 0)
        return {};
    return file;
}

std::vector<std::string> page_files(const std::vector<std::string> &dirs,
                                    const std::string &file_prefix) {
    std::vector<std::string> files;
    for (const std::string &dir : dirs) {
        for (std::string &path : entries(dir, file_prefix + "map_"))
            files.push_back(std::move(path));
    }
    return files;
}

std::optional<PageFileTrouble> look_at_page_files(const std::string &dir,
                                                  const std::string &file_prefix, pid_t pid,
                                                  std::size_t *count) {
    *count = 0;
    std::ifstream record(record_path(dir));
    if (record && is_locked(record_path(dir)).value_or(false))
        return check_record(record, count);
    /* A primary that is another program has no record: its files are those that it has locked. */
    const std::vector<std::string> dirs = huge_dirs(dir);
    if (dirs.empty())
        return PageFileTrouble{Kind::not_shared, dir + "/hugepage_info"};
    const std::vector<std::string> files = page_files(dirs, file_prefix);
    if (files.empty())
        return PageFileTrouble{Kind::missing, dirs.front() + "/" + file_prefix + "map_0"};
    for (const std::string &path : files) {
        if (eaccess(path.c_str(), R_OK | W_OK) != 0)
            return PageFileTrouble{Kind::not_usable, path, errno};
        const auto holders = flock_holders({path});
        const bool own = pid == 0 || holders.empty() ||
                         std::any_of(holders.begin(), holders.end(),
                                     [&](const Holder &holder) { return holder.pid == pid; });
        if (!own || !is_locked(path).value_or(true))
            return PageFileTrouble{Kind::other, path};
        ++*count;
    }
    return std::nullopt;
}

}  // namespace mp_ipc
