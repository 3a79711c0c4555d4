/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Which folders may include which: the two programs include all; each folder of support/ includes
 * only the ones before it, and none includes the programs.
 */
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

namespace mp_ipc {
namespace {

namespace fs = std::filesystem;

class House : public ::testing::Test {
  protected:
    static std::string text_of_file(const fs::path &path) {
        std::ifstream file(path);
        std::stringstream text;
        text << file.rdbuf();
        return text.str();
    }
    static std::vector<std::string> project_includes(const fs::path &path) {
        std::vector<std::string> found;
        const std::string text = text_of_file(path);
        const std::regex include("#include \"([^\"]+)\"");
        for (std::sregex_iterator it(text.begin(), text.end(), include), end; it != end; ++it)
            found.push_back((*it)[1]);
        return found;
    }
    static std::vector<fs::path> sources_below(const fs::path &dir) {
        std::vector<fs::path> found;
        for (const auto &entry : fs::recursive_directory_iterator(root() / dir)) {
            const std::string extension = entry.path().extension();
            if (extension == ".h" || extension == ".cpp")
                found.push_back(entry.path());
        }
        EXPECT_FALSE(found.empty()) << dir;
        return found;
    }
    static fs::path root() { return MP_IPC_SOURCE_DIR; }
    static std::size_t lines_of(const fs::path &path) {
        const std::string text = text_of_file(root() / path);
        return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
    }
};

TEST_F(House, EachRoomUsesOnlyThoseBeforeIt) {
    static const std::vector<std::string> rooms = {"base", "console", "options",
                                                   "eal",  "ipc",     "stats"};
    for (std::size_t room = 0; room < rooms.size(); room++) {
        for (const fs::path &file : sources_below("support/" + rooms[room])) {
            for (const std::string &include : project_includes(file)) {
                const bool before =
                    std::any_of(rooms.begin(), rooms.begin() + static_cast<long>(room) + 1,
                                [&](const std::string &known) {
                                    return include.starts_with("support/" + known + "/");
                                });
                EXPECT_TRUE(before) << file << " includes " << include;
            }
        }
    }
}

TEST_F(House, ExercisesKnowNeitherProgramNorTheDoctor) {
    for (const fs::path &file : sources_below("exercises")) {
        for (const std::string &include : project_includes(file))
            EXPECT_TRUE(include == "common.h" || include.starts_with("exercises/") ||
                        include.starts_with("support/"))
                << file << " includes " << include;
    }
}

TEST_F(House, TheDoctorKnowsSupportAlone) {
    for (const fs::path &file : sources_below("doctor")) {
        for (const std::string &include : project_includes(file))
            EXPECT_TRUE(include.starts_with("doctor/") || include.starts_with("support/"))
                << file << " includes " << include;
    }
}

TEST_F(House, TheLessonStaysALesson) {
    EXPECT_LE(lines_of("server.cpp"), 230U);
    EXPECT_LE(lines_of("client.cpp"), 280U);
    EXPECT_LE(lines_of("common.h"), 130U);
    EXPECT_LE(project_includes(root() / "server.cpp").size(), 9U);
    EXPECT_LE(project_includes(root() / "client.cpp").size(), 9U);
}

TEST_F(House, SupportKnowsNoProgram) {
    const std::regex name("mp_server|mp_client|\\[Server\\]|\\[Client\\]");
    for (const fs::path &file : sources_below("support"))
        EXPECT_FALSE(std::regex_search(text_of_file(file), name)) << file;
}

/* The rte_mp calls of the lesson are in the programs and the exercises, where a reader looks. */
TEST_F(House, SupportHidesNoCall) {
    const std::regex call(R"(\n[^*]*\brte_mp_(reply|request_sync|request_async|sendmsg)\(&)");
    for (const fs::path &file : sources_below("support"))
        EXPECT_FALSE(std::regex_search(text_of_file(file), call)) << file;
}

}  // namespace
}  // namespace mp_ipc
