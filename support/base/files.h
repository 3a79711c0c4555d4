/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Small files of /proc and /sys, and what /proc lists of this process.
 */
#pragma once

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mp_ipc {

/* The number that the file begins with; nullopt: it cannot be read, or begins with none. */
inline std::optional<unsigned long> number_in(const std::filesystem::path &path) {
    std::ifstream file(path);
    unsigned long number = 0;
    return file >> number ? std::optional(number) : std::nullopt;
}

/* The value of the first line that begins with `key`, such as "State:" of /proc/PID/status, without
 * the blanks before it; empty: there is none, or the file cannot be read.
 */
inline std::string field_of(const std::filesystem::path &path, std::string_view key) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with(key)) {
            const std::size_t value = line.find_first_not_of("\t ", key.size());
            return value == std::string::npos ? std::string() : line.substr(value);
        }
    }
    return {};
}

/* This process's open descriptors, without the one that this call uses; nullopt: no /proc. */
inline std::optional<std::vector<int>> open_fds() {
    const std::unique_ptr<DIR, int (*)(DIR *)> dir(opendir("/proc/self/fd"), closedir);
    if (!dir)
        return std::nullopt;
    std::vector<int> fds;
    while (const dirent *entry = readdir(dir.get())) {
        const int fd = std::atoi(entry->d_name);
        if (entry->d_name[0] != '.' && fd != dirfd(dir.get()))
            fds.push_back(fd);
    }
    return fds;
}

/* Whether this process has the file at `path` open. */
inline bool is_open_here(const std::string &path) {
    struct stat file = {};
    if (stat(path.c_str(), &file) != 0)
        return false;
    const auto fds = open_fds().value_or(std::vector<int>());
    return std::any_of(fds.begin(), fds.end(), [&](int fd) {
        struct stat open = {};
        return fstat(fd, &open) == 0 && open.st_dev == file.st_dev && open.st_ino == file.st_ino;
    });
}

}  // namespace mp_ipc
