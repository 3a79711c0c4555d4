/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The changes of docs/your-own.md, applied to a copy of the source: it builds without a warning,
 * and the copy's client gets its answer.
 */
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "tests/harness/temp_dir.h"
#include "tests/tools/build.h"

namespace mp_ipc::test {
namespace {

namespace fs = std::filesystem;

/* The document's changes, one after another, as patch(1) reads them. */
std::string changes_of(const std::string &document) {
    static constexpr std::string_view kBegin = "```diff\n";
    std::string changes;
    for (std::size_t at = document.find(kBegin); at != std::string::npos;
         at = document.find(kBegin, at)) {
        at += kBegin.size();
        changes += document.substr(at, document.find("```", at) - at);
    }
    return changes;
}

class YourOwn : public Hugepages {
  protected:
    void SetUp() override {
        MP_IPC_NEEDS_PROGRAM("patch", "patch");
        Hugepages::SetUp();
    }
};

TEST_F(YourOwn, TheExampleOfTheDocumentBuildsAndRuns) {
    const fs::path source = MP_IPC_SOURCE_DIR;
    const TempDir copy;
    for (const char *part : {"CMakeLists.txt", "common.h", "server.cpp", "client.cpp", "exercises",
                             "doctor", "support", "cmake"})
        fs::copy(source / part, copy / part, fs::copy_options::recursive);
    const std::string changes = changes_of(read_file((source / "docs/your-own.md").string()));
    EXPECT_EQ(count_of(changes, "--- "), 2) << "one new file, and one that lists it";
    const Finished patched =
        run({"patch", "-p1", "--fuzz=0", "-d", copy.path(), "-i", copy.write("changes", changes)});
    ASSERT_EQ(patched.status, 0) << patched.out << patched.err;

    const std::string build = copy / "build";
    ASSERT_NO_FATAL_FAILURE(
        build_project(copy.path(), build, {"-DMP_IPC_TESTS=OFF", "-DMP_IPC_WERROR=ON"}));

    RunningServer server_process(with_program(build + "/mp_server", server(prefix_)));
    const Finished asked = run(with_program(build + "/mp_client", client(prefix_, {"uptime"})));
    EXPECT_EQ(asked.status, 0) << asked.err;
    EXPECT_TRUE(has(asked.out, "[UPTIME] "));
    expect_end(server_process);
    EXPECT_EQ(run(client(prefix_, {"uptime"})).status,
              2); /* the pair as it is has no such command */
}

}  // namespace
}  // namespace mp_ipc::test
