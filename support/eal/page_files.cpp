/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/eal/page_files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

#include <rte_memory.h>

#include "support/console/console.h"
#include "support/eal/start_checks.h"

namespace mp_ipc {
namespace {

namespace fs = std::filesystem;

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

std::string mount_of(const std::string &path) {
    return fs::path(path).parent_path().string();
}

Finding own_files(std::size_t count) {
    return check_process(count).value_or(good(
        in_words({"Hugepage files: {}, the server's own", "大页文件：{} 个，属于 Server"}, count)));
}

Finding missing_file(const std::string &path) {
    const std::string mount = mount_of(path);
    return bad(in_words(
        {"Hugepage files: the hugepages of the server are not visible here: there is no {}: mount "
         "the server's hugetlbfs at {} (in a container: -v {}:{}); where it is, start the server "
         "again, without --huge-unlink",
         "大页文件：这里看不到 Server 的大页：没有 {}：请将 Server 的 hugetlbfs 挂载到 {} "
         "（容器：-v {}:{}）；如果已挂载，请重新启动 Server，不要使用 --huge-unlink"},
        path, mount, mount, mount));
}

/* A file of that name, but not the primary's. */
Finding other_file(const std::string &path) {
    const std::string mount = mount_of(path);
    return bad(in_words(
        {"Hugepage files: the hugepages of the server are not visible here: {} is not the "
         "server's: another hugetlbfs is mounted at {} (in a container: -v {}:{}), or another "
         "primary of this prefix has taken it away: give each its own --file-prefix",
         "大页文件：这里看不到 Server 的大页：{} 不是该 Server 的：{} 挂载了另一个 "
         "hugetlbfs（容器：-v {}:{}），或同一 file-prefix 的另一个 primary 取代了它："
         "请各用各的 --file-prefix"},
        path, mount, mount, mount));
}

Finding unusable_file(const std::string &path, int error) {
    return bad(in_words({"Hugepage files: {} of the server cannot be used here: {}: mount {} "
                         "readable and writable for this user",
                         "大页文件：这里无法使用 Server 的 {}：{}：请将 {} 挂载为当前用户可读写"},
                        path, std::strerror(error), mount_of(path)));
}

Finding check_record(std::ifstream &record) {
    std::size_t count = 0;
    for (std::string line; std::getline(record, line); count++) {
        std::istringstream words(line);
        std::string device;
        std::string inode;
        std::string path;
        words >> device >> inode >> std::ws;
        std::getline(words, path);
        struct stat file = {};
        if (stat(path.c_str(), &file) != 0)
            return errno == ENOENT || errno == ENOTDIR ? missing_file(path)
                                                       : unusable_file(path, errno);
        if (line_of(file, path) != line)
            return other_file(path);
        if (eaccess(path.c_str(), R_OK | W_OK) != 0)
            return unusable_file(path, errno);
    }
    return own_files(count);
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

Finding check_page_files(const PrimaryProbe &primary, const std::string &file_prefix) {
    std::ifstream record(record_path(primary.dir));
    if (record && is_locked(record_path(primary.dir)).value_or(false))
        return check_record(record);
    /* A primary that is another program has no record: its files are those that it has locked. */
    const std::vector<std::string> dirs = huge_dirs(primary.dir);
    if (dirs.empty())
        return bad(in_words(
            {"Hugepage files: the server has none to share (there is no {}): start it without "
             "--no-huge",
             "大页文件：Server 没有可共享的大页（没有 {}）：启动时请不要使用 --no-huge"},
            primary.dir + "/hugepage_info"));
    const std::vector<std::string> files = page_files(dirs, file_prefix);
    if (files.empty())
        return missing_file(dirs.front() + "/" + file_prefix + "map_0");
    for (const std::string &path : files) {
        if (eaccess(path.c_str(), R_OK | W_OK) != 0)
            return unusable_file(path, errno);
        const auto holders = flock_holders({path});
        const bool own = primary.pid == 0 || holders.empty() ||
                         std::ranges::find(holders, primary.pid) != holders.end();
        if (!own || !is_locked(path).value_or(true))
            return other_file(path);
    }
    return own_files(files.size());
}

}  // namespace mp_ipc
