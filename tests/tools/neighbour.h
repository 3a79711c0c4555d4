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

/* Skips, or fails in CI, where a program is missing: "the program NAME …". */
#define MP_IPC_NEEDS(there, what)                                       \
    do {                                                                \
        if (there)                                                      \
            break;                                                      \
        const char *ci = std::getenv("CI");                             \
        if (ci != nullptr && std::string(ci) == "true")                 \
            FAIL() << "cannot run in CI: needs the program " << (what); \
        GTEST_SKIP() << "needs the program " << (what);                 \
    } while (false)
#define MP_IPC_NEEDS_PROGRAM(name, package) \
    MP_IPC_NEEDS(!::mp_ipc::test::find_program(name).empty(), name " (Debian: package " package ")")

}  // namespace mp_ipc::test
