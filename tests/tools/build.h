/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Builds a project of a test's own, with the cmake that built the test.
 */
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "tests/harness/pair.h"

namespace mp_ipc::test {

/* Configures and builds it in a second folder, as users do; fails the test where that fails. */
inline void build_project(const std::string &source, const std::string &build,
                          const Words &options) {
    const Finished configured = run(joined({MP_IPC_CMAKE, "-S", source, "-B", build,
                                            "-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_UNITY_BUILD=ON"},
                                           options),
                                    {}, std::chrono::seconds(60));
    ASSERT_EQ(configured.status, 0) << configured.out << configured.err;
    const Finished built =
        run({MP_IPC_CMAKE, "--build", build, "--parallel", "2"}, {}, std::chrono::seconds(400));
    ASSERT_EQ(built.status, 0) << built.out << built.err;
}

}  // namespace mp_ipc::test
