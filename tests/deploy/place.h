/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Programs run where people deploy them: in namespaces of their own, on file systems that are
 * small, read-only or not the other side's.
 */
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/harness/pair.h"
#include "tests/harness/temp_dir.h"

namespace mp_ipc::test {

/* argv, in a mount namespace in which these shell commands are run first. */
inline Words after_mounting(const std::string &commands, const Words &argv) {
    Words words = {"unshare", "--mount", "sh", "-c", "set -e; " + commands + "; exec \"$@\"", "sh"};
    words.insert(words.end(), argv.begin(), argv.end());
    return words;
}

/* The program ended with this status before EAL's init, which would have logged something, and
 * printed one line with all these parts.
 */
inline void expect_refusal(const Finished &finished, int status, const Words &parts) {
    EXPECT_EQ(finished.status, status) << finished.out << finished.err;
    EXPECT_EQ(std::count(finished.err.begin(), finished.err.end(), '\n'), 1) << finished.err;
    for (const std::string &part : parts)
        EXPECT_NE(finished.err.find(part), std::string::npos)
            << "expected: " << part << "\ngot: " << finished.err;
}

/* The doctor has found the same: a line that is the start's own. */
inline void expect_doctor_agrees(const Finished &refused, const Finished &doctor) {
    EXPECT_EQ(doctor.status, 1) << doctor.out;
    const std::string start = "mp_client: error: ";
    ASSERT_TRUE(refused.err.starts_with(start)) << refused.err;
    EXPECT_NE(doctor.out.find("✗ " + refused.err.substr(start.size())), std::string::npos)
        << doctor.out << "has no line:\n"
        << refused.err;
}

}  // namespace mp_ipc::test
