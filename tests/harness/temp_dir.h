/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A directory of a test's own, for the files that it makes; removed at the end.
 */
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace mp_ipc::test {

class TempDir {
  public:
    TempDir() {
        char name[] = "/tmp/mpt_dir_XXXXXX"; /* short, for socket paths below it */
        if (mkdtemp(name) == nullptr)
            throw std::runtime_error("mkdtemp failed");
        path_ = name;
    }
    ~TempDir() {
        std::error_code error;
        std::filesystem::remove_all(path_, error);
    }
    TempDir(const TempDir &) = delete;
    TempDir &operator=(const TempDir &) = delete;

    const std::string &path() const { return path_; }
    std::string operator/(const std::string &name) const { return path_ + "/" + name; }

    /* Writes a file, and the directories that lead to it (mode 0700); returns its path. */
    std::string write(const std::string &name, const std::string &text = "") const {
        const std::filesystem::path file = path_ + "/" + name;
        make(file.parent_path().lexically_relative(path_).string());
        std::ofstream(file) << text;
        return file.string();
    }
    /* Makes a directory and those that lead to it, mode 0700; returns its path. */
    std::string make(const std::string &name) const {
        std::filesystem::path dir = path_;
        for (const auto &part : std::filesystem::path(name)) {
            if (part == ".")
                continue;
            dir /= part;
            if (std::filesystem::create_directory(dir))
                std::filesystem::permissions(dir, std::filesystem::perms::owner_all);
        }
        return dir.string();
    }

  private:
    std::string path_;
};

}  // namespace mp_ipc::test
