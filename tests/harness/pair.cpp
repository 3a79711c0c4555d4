/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/harness/pair.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "support/hugepages.h"
#include "support/runtime_dir.h"

namespace mp_ipc::test {

namespace fs = std::filesystem;

namespace {

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

}  // namespace

void remove_prefix_files(const std::string &prefix) {
    std::error_code error;
    fs::remove_all(runtime_dir(prefix), error);
    for (const fs::path &file : hugepage_files_of(prefix))
        fs::remove(file, error);
}

std::size_t Prefix::hugepage_files() const {
    return hugepage_files_of(name_).size();
}

namespace {

constexpr const char *kStart = "mpt_";

/* A test that crashed could not clean up: its pid, part of the prefix, is no process any more. */
void remove_files_of_the_dead() {
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

Prefix::Prefix() {
    static std::atomic<int> next{0};
    if (next == 0)
        remove_files_of_the_dead();
    name_ = kStart + std::to_string(getpid()) + "_" + std::to_string(next++);
}

Prefix::~Prefix() {
    remove_prefix_files(name_);
}

std::string Prefix::dir() const {
    return runtime_dir(name_);
}

std::string last_core() {
    return std::to_string(std::max(1L, sysconf(_SC_NPROCESSORS_ONLN) - 1));
}

namespace {

Words words(const char *program, const std::string &core, const Prefix &prefix,
            const Words &options) {
    Words argv = {program, "-l", core, "--no-pci", "--file-prefix=" + prefix.name()};
    if (!options.empty())
        argv.emplace_back("--");
    argv.insert(argv.end(), options.begin(), options.end());
    return argv;
}

}  // namespace

Words server(const Prefix &prefix, const Words &options) {
    Words argv = words(MP_SERVER, "0", prefix, options);
#if defined(__SANITIZE_ADDRESS__)
    /* The sanitizer's shadow lies where EAL maps its memory otherwise. */
    argv.insert(argv.begin() + 1, "--base-virtaddr=0x200000000000");
#endif
    return argv;
}

Words client(const Prefix &prefix, const Words &options) {
    return words(MP_CLIENT, last_core(), prefix, options);
}

Words helper(const std::string &role, const Prefix &prefix, const Words &more) {
    Words argv = {MP_HELPER, role, prefix.name()};
    argv.insert(argv.end(), more.begin(), more.end());
    return argv;
}

void Hugepages::SetUp() {
    std::string why;
    if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
        why = "primary and secondary need a core each, this machine has one";
    else if (const auto trouble = hugepage_trouble(look_at_hugepages()))
        why = *trouble;
    if (why.empty())
        return;
    const char *ci = std::getenv("CI");
    if (ci != nullptr && std::string(ci) == "true")
        FAIL() << "cannot run in CI: " << why;
    GTEST_SKIP() << "needs hugepages: " << why;
}

std::string read_file(const std::string &path) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

std::string own_lines(const std::string &err) {
    std::istringstream lines(err);
    std::string own;
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("mp_server: ") || line.starts_with("mp_client: "))
            own += line + "\n";
    }
    return own;
}

}  // namespace mp_ipc::test
