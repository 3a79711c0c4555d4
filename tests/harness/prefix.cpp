/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/harness/prefix.h"

#include <sys/types.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <vector>

#include "support/eal/hugepages.h"
#include "support/eal/runtime_dir.h"

namespace mp_ipc::test {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> hugepage_files_of(const std::string &prefix) {
    std::vector<fs::path> files;
    std::error_code error;
    for (const std::string &mount : look_at_hugepages().mounts) {
        for (fs::directory_iterator it(mount, error), end; !error && it != end;
             it.increment(error)) {
            if (it->path().filename().string().starts_with(prefix + "map_"))
                files.push_back(it->path());
        }
    }
    return files;
}

constexpr const char *kStart = "mpt_";

/* Killed test programs could not clean up. Their pid is part of the prefix, and not in use. */
void remove_files_of_exited() {
    std::error_code error;
    std::vector<std::string> prefixes;
    for (fs::directory_iterator it(runtime_root(), error), end; !error && it != end;
         it.increment(error)) {
        const std::string name = it->path().filename();
        if (!name.starts_with(kStart))
            continue;
        const pid_t owner = std::atoi(name.c_str() + std::string_view(kStart).size());
        if (owner > 0 && kill(owner, 0) != 0 && errno == ESRCH)
            prefixes.push_back(name);
    }
    for (const std::string &prefix : prefixes)
        remove_prefix_files(prefix);
}

}  // namespace

void remove_prefix_files(const std::string &prefix) {
    std::error_code error;
    fs::remove_all(runtime_dir(prefix), error);
    for (const fs::path &file : hugepage_files_of(prefix))
        fs::remove(file, error);
}

Prefix::Prefix() {
    static std::atomic<int> next{0};
    if (next == 0)
        remove_files_of_exited();
    name_ = kStart + std::to_string(getpid()) + "_" + std::to_string(next++);
}

Prefix::~Prefix() {
    remove_prefix_files(name_);
}

std::size_t Prefix::hugepage_files() const {
    return hugepage_files_of(name_).size();
}

std::string Prefix::dir() const {
    return runtime_dir(name_);
}

}  // namespace mp_ipc::test
