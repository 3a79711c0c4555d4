/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Programs run where people deploy them: in namespaces of their own, on file systems that are
 * small, read-only or not the other side's.
 */
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "tests/harness/pair.h"
#include "tests/harness/temp_dir.h"

namespace mp_ipc::test {

/* argv, in a mount namespace of its own in which these shell commands are run first. */
inline Words after(const std::string &commands, const Words &argv) {
    return joined({"unshare", "--mount", "sh", "-c", "set -e; " + commands + "; exec \"$@\"", "sh"},
                  argv);
}

/* The doctor has found the same: a line that is the start's own. */
inline void expect_doctor_agrees(const Finished &refused, const Finished &doctor) {
    EXPECT_EQ(doctor.status, 1) << doctor.out;
    const std::string start = "mp_client: error: ";
    ASSERT_TRUE(refused.err.starts_with(start)) << refused.err;
    EXPECT_TRUE(has(doctor.out, "✗ " + refused.err.substr(start.size())));
}

class Place : public Hugepages {
  protected:
    void SetUp() override {
        Hugepages::SetUp();
        MP_IPC_NEEDS_NAMESPACE("--mount");
    }
    /* A client that is run after these commands is refused in one line with these parts, before
     * EAL's init, which would have logged something; and the doctor reports the same.
     */
    void expect_refused(const Words &parts, const std::string &commands = ":",
                        const ProcessOptions &options = {}) const {
        const Finished refused = run(after(commands, client(prefix_, {"--count", "1"})), options);
        expect_refusal(refused, 1, parts);
        expect_doctor_agrees(refused, run(after(commands, client(prefix_, {"doctor"})), options));
    }
};

}  // namespace mp_ipc::test
