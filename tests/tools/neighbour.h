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

/* Skips, or fails in CI, where the program is not installed. */
#define MP_IPC_NEEDS_PROGRAM(name, package)                                                  \
    do {                                                                                     \
        if (!::mp_ipc::test::find_program(name).empty())                                     \
            break;                                                                           \
        const char *ci = std::getenv("CI");                                                  \
        if (ci != nullptr && std::string(ci) == "true")                                      \
            FAIL() << "cannot run in CI: no " << (name) << " (package " << (package) << ")"; \
        GTEST_SKIP() << "needs the program " << (name) << " (Debian: package " << (package)  \
                     << ")";                                                                 \
    } while (false)

}  // namespace mp_ipc::test
