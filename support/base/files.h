/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Small files of /proc and /sys.
 */
#pragma once

#include <filesystem>
#include <fstream>
#include <optional>

namespace mp_ipc {

/* The number that the file begins with; nothing where it cannot be read. */
inline std::optional<unsigned long> number_in(const std::filesystem::path &path) {
    std::ifstream file(path);
    unsigned long number = 0;
    return file >> number ? std::optional(number) : std::nullopt;
}

}  // namespace mp_ipc
