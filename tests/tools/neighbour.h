/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Tests with programs that are not of this project: from the package dpdk-dev, or systemd's.
 */
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <sstream>
#include <string>

#include "tests/harness/pair.h"

namespace mp_ipc::test {

/* Whether a program of this name can be run; its path, or empty. */
inline std::string find_program(const std::string &name) {
    std::istringstream path(std::getenv("PATH") != nullptr ? std::getenv("PATH") : "");
    for (std::string dir; std::getline(path, dir, ':');) {
        if (access((dir + "/" + name).c_str(), X_OK) == 0)
            return dir + "/" + name;
    }
    return {};
}

#define MP_IPC_NEEDS_PROGRAM(name, package)                   \
    MP_IPC_NEEDS(!::mp_ipc::test::find_program(name).empty(), \
                 "the program " name " (Debian: package " package ")")

}  // namespace mp_ipc::test
