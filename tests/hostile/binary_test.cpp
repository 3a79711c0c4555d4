/* SPDX-License-Identifier: BSD-3-Clause
 *
 * How the programs were linked: position-independent, relocations read-only from the start, no
 * executable stack, stack canaries and checked libc calls.
 */
#include <gtest/gtest.h>

#include <regex>

#include "tests/harness/pair.h"

namespace mp_ipc::test {
namespace {

TEST(Binary, IsHardened) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(NDEBUG)
    GTEST_SKIP() << "a build for debugging, not a release";
#endif
    for (const char *program : {MP_SERVER, MP_CLIENT}) {
        SCOPED_TRACE(program);
        const Finished readelf = run({"readelf", "-W", "-h", "-l", "-d", "--dyn-syms", program},
                                     {.environment = {"LC_ALL=C"}});
        ASSERT_EQ(readelf.status, 0) << readelf.err;
        const auto says = [&](const char *line) {
            return std::regex_search(readelf.out, std::regex(line));
        };
        EXPECT_TRUE(says(R"(\n +Type: +DYN )"));
        EXPECT_TRUE(says(R"(\(FLAGS_1\) .*\bPIE\b)"));
        EXPECT_TRUE(says(R"(\n +GNU_RELRO )"));
        EXPECT_TRUE(says(R"(\(BIND_NOW\)|\(FLAGS\) .*BIND_NOW|\(FLAGS_1\) .*\bNOW\b)"))
            << "only partial RELRO";
        EXPECT_TRUE(says(R"(\n +GNU_STACK .* RW +0x)"));
        EXPECT_FALSE(says(R"(\n +LOAD .* RWE +0x)"));
#if defined(MP_IPC_DPDK_LIBDIR)
        EXPECT_TRUE(says(R"(\((RPATH|RUNPATH)\))")) << "DPDK is in " MP_IPC_DPDK_LIBDIR;
#else
        EXPECT_FALSE(says(R"(\((RPATH|RUNPATH)\))"));
#endif
        EXPECT_TRUE(says(R"( UND __stack_chk_fail@)"));
        EXPECT_TRUE(says(R"( UND \w+_chk@)"))
            << "no checked libc call: _FORTIFY_SOURCE did nothing";
    }
}

}  // namespace
}  // namespace mp_ipc::test
