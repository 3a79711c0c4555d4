/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A visit of mp_client -- doctor in a test, and the lines of its output.
 */
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "tests/harness/pair.h"
#include "tests/harness/temp_dir.h"

namespace mp_ipc::test {

inline Words doctor(const std::string &prefix, const Words &more = {}) {
    Words argv = client(Prefix(), {"doctor"});
    for (std::string &word : argv) {
        if (word.starts_with("--file-prefix="))
            word = "--file-prefix=" + prefix;
    }
    argv.insert(argv.end(), more.begin(), more.end());
    return argv;
}

/* The line of the doctor's output that has `what`; all of the output if none has. */
inline std::string line_of(const Finished &visit, const std::string &what) {
    const std::size_t at = visit.out.find(what);
    if (at == std::string::npos)
        return "no line '" + what + "' in:\n" + visit.out + visit.err;
    const std::size_t begin = visit.out.rfind('\n', at) + 1;
    return visit.out.substr(begin, visit.out.find('\n', at) - begin);
}

inline bool begins(const std::string &text, const std::string &start) {
    return text.starts_with(start);
}

/* A doctor that looks at a runtime directory that the test makes; needs no hugepages. */
class DoctorFinds : public ::testing::Test {
  protected:
    std::string dir() { return root_.make("dpdk/p"); }
    Finished visit(const Words &more = {}, uid_t uid = 0) {
        return run(doctor("p", more),
                   {.environment = {"RUNTIME_DIRECTORY=" + root_.path()}, .uid = uid});
    }
    TempDir root_;
};

/* One that visits a real server. */
class Doctor : public Hugepages {};

}  // namespace mp_ipc::test
