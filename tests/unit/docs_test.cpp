/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The documents agree: both READMEs show the same commands and tables, also each page and its
 * Chinese translation, and what the documents name exists. And the sources stand where they say.
 */
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/harness/pair.h"

namespace mp_ipc::test {
namespace {

namespace fs = std::filesystem;
const fs::path kRoot = MP_IPC_SOURCE_DIR;

/* The fenced blocks of this kind, or all, each with the line that opens it, which says its kind. */
std::vector<std::string> blocks(const std::string &text, const std::string &kind = "") {
    std::vector<std::string> found;
    std::size_t end = 0;
    for (std::size_t at = text.find("\n```"); at != std::string::npos;
         at = text.find("\n```", end + 1)) {
        end = std::min(text.find("\n```", at + 1), text.size());
        const std::string block = text.substr(at + 1, end - at);
        if (block.starts_with("```" + kind))
            found.push_back(block);
    }
    return found;
}

std::size_t lines_that_begin_with(const std::string &begin, const std::string &text) {
    std::size_t count = 0;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
        count += line.starts_with(begin) ? 1U : 0U;
    return count;
}

/* What is set as code in a table's cell, links to files by their name. */
std::string code_of(const std::string &cell) {
    static const std::regex code("`[^`]*`|^\\| [0-9] \\||^\\| \\[[a-z_.]+/?\\]");
    std::string found;
    for (std::sregex_iterator it(cell.begin(), cell.end(), code), end; it != end; ++it)
        found += it->str();
    return found;
}

/* The code in the first and in the last cell of each row of a table. */
std::vector<std::pair<std::string, std::string>> table_keys(const std::string &text) {
    std::vector<std::pair<std::string, std::string>> keys;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("| ") && !line.starts_with("| ---"))
            keys.emplace_back(code_of(line.substr(0, line.find(" |", 2) + 2)),
                              code_of(line.substr(line.rfind(" | ") + 3)));
    }
    return keys;
}

TEST(Docs, BothReadmesShowTheSameCommandsAndTables) {
    const std::string english = read_file(kRoot / "README.md");
    const std::string chinese = read_file(kRoot / "docs/README.zh-CN.md");
    EXPECT_EQ(blocks(english, "console"), blocks(chinese, "console"));
    EXPECT_EQ(blocks(english, "console").size(), 2U);
    EXPECT_EQ(blocks(english, "cpp"), blocks(chinese, "cpp"));
    EXPECT_EQ(table_keys(english), table_keys(chinese));
    EXPECT_GE(table_keys(english).size(), 20U);
}

TEST(Docs, EachPageIsInStepWithItsChinese) {
    for (const std::string page : {"walkthrough", "your-own", "containers", "faults"}) {
        const std::string english = read_file(kRoot / "docs" / (page + ".md"));
        const std::string chinese = read_file(kRoot / "docs" / (page + ".zh-CN.md"));
        ASSERT_FALSE(english.empty()) << page;
        ASSERT_FALSE(chinese.empty()) << page;
        EXPECT_EQ(blocks(english), blocks(chinese)) << page;
        EXPECT_EQ(table_keys(english), table_keys(chinese)) << page;
        EXPECT_EQ(lines_that_begin_with("#", english), lines_that_begin_with("#", chinese)) << page;
        EXPECT_EQ(lines_that_begin_with("|", english), lines_that_begin_with("|", chinese)) << page;
        /* Each links to the other before its first heading. */
        EXPECT_LT(english.find("](" + page + ".zh-CN.md)"), english.find("\n## ")) << page;
        EXPECT_LT(chinese.find("](" + page + ".md)"), chinese.find("\n## ")) << page;
    }
}

/* The first screen shows the code that a reader would write, exactly as in the source ("..."
 * between two parts of it), and the two commands.
 */
TEST(Docs, TheReadmesCodeIsTheSource) {
    const std::string readme = read_file(kRoot / "README.md");
    EXPECT_LE(std::count(readme.begin(), readme.end(), '\n'), 130);
    const std::vector<std::string> code = blocks(readme, "cpp");
    ASSERT_EQ(code.size(), 2U);
    const std::string source = read_file(kRoot / "server.cpp") + read_file(kRoot / "client.cpp");
    for (const std::string &block : code) {
        std::size_t begin = block.find('\n') + 1;
        while (begin < block.size()) {
            const std::string gap = "    ...\n";
            const std::size_t end = std::min(block.find(gap, begin), block.size());
            const std::string piece = block.substr(begin, end - begin);
            EXPECT_NE(source.find(piece), std::string::npos) << piece;
            begin = end + gap.size();
        }
    }
    const std::size_t commands = readme.find("$ scripts/test.sh\n");
    ASSERT_NE(commands, std::string::npos);
    EXPECT_LT(std::count(readme.begin(), readme.begin() + static_cast<long>(commands), '\n'), 40);
}

/* As GitHub names a heading's anchor: lower case, spaces as dashes, no other punctuation. */
std::string anchor_of(const std::string &heading) {
    std::string anchor;
    for (const char c : heading) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == ' ')
            anchor += '-';
        else if (std::isalnum(byte) != 0 || c == '-' || c == '_' || byte >= 0x80)
            anchor += static_cast<char>(std::tolower(byte));
    }
    return anchor;
}

bool has_anchor(const std::string &text, const std::string &anchor) {
    if (text.find("<a id=\"" + anchor + "\"></a>") != std::string::npos)
        return true;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("#") && anchor_of(line.substr(line.find(' ') + 1)) == anchor)
            return true;
    }
    return false;
}

TEST(Docs, EveryLinkLeadsSomewhere) {
    std::vector<fs::path> pages = {kRoot / "README.md", kRoot / "CONTRIBUTING.md"};
    for (const auto &entry : fs::recursive_directory_iterator(kRoot / "docs")) {
        if (entry.path().extension() == ".md")
            pages.push_back(entry.path());
    }
    const std::regex link(R"(\]\(([^)#: ]*)(?:#([^)]+))?\))");
    for (const fs::path &page : pages) {
        const std::string text = read_file(page);
        for (std::sregex_iterator it(text.begin(), text.end(), link), end; it != end; ++it) {
            const fs::path target =
                (*it)[1].length() == 0 ? page : page.parent_path() / (*it)[1].str();
            EXPECT_TRUE(fs::exists(target)) << page << ": " << (*it)[0];
            if ((*it)[2].matched) {
                EXPECT_TRUE(has_anchor(read_file(target), (*it)[2])) << page << ": " << (*it)[0];
            }
        }
    }
}

TEST(Docs, EveryRowOfTheApiHasItsConsoles) {
    const std::string text = read_file(kRoot / "docs/api.md");
    const std::string page = read_file(kRoot / "docs/consoles.md");
    const std::regex row(R"(\n\| \[[^\]]*\]\(consoles\.md#([a-z-]+)\) \|)");
    const std::regex code("`([^`]*)`");
    std::set<std::string> rows;
    for (std::sregex_iterator it(text.begin(), text.end(), row), end; it != end; ++it) {
        const std::string name = (*it)[1];
        EXPECT_TRUE(rows.insert(name).second) << name << " is there twice";
        const std::size_t at = page.find("\n## " + name + "\n");
        ASSERT_NE(at, std::string::npos) << "no heading for " << name;
        const std::vector<std::string> consoles =
            blocks(page.substr(at, page.find("\n## ", at + 1) - at), "console");
        ASSERT_EQ(consoles.size(), 1U) << name;
        EXPECT_NE(consoles[0].find("\n$ mp_"), std::string::npos)
            << "run scripts/maintain/consoles.py " << name;
        /* The code in the row's cells is part of a command that the tour runs. */
        const std::size_t cells = static_cast<std::size_t>(it->position(0) + it->length(0));
        const std::string line = text.substr(cells, text.find('\n', cells) - cells);
        for (std::sregex_iterator part(line.begin(), line.end(), code); part != end; ++part)
            EXPECT_NE(consoles[0].find(" " + (*part)[1].str()), std::string::npos)
                << name << ": " << (*part)[1];
    }
    EXPECT_EQ(blocks(page, "console").size(), rows.size()) << "a console without a row";
    EXPECT_GE(rows.size(), 24U);
}

/* A link of a table row, [`function`](../file): the function is in that file, and calls what the
 * row's first cell names; a callback (on_...) is what the call names.
 */
TEST(Docs, EveryCallsCodeStandsWhereTheApiSays) {
    const std::string text = read_file(kRoot / "docs/api.md");
    const std::regex link(R"(\[`([a-z_]+)`\]\(([^)#:]+)\))");
    const std::regex call(R"(^\| `(rte_mp_[a-z_]+)` \|)");
    std::istringstream lines(text);
    std::set<std::string> calls;
    for (std::string line; std::getline(lines, line);) {
        std::smatch of_row;
        const bool is_row = std::regex_search(line, of_row, call);
        if (is_row)
            calls.insert(of_row[1]);
        for (std::sregex_iterator it(line.begin(), line.end(), link), end; it != end; ++it) {
            const std::string name = (*it)[1];
            const std::string source = read_file(kRoot / "docs" / (*it)[2].str());
            /* From its first line, which begins at the margin, to the brace that does too. */
            const std::regex begins("\n[a-z][^\n(;]*[ *]" + name + "\\(");
            std::smatch found;
            ASSERT_TRUE(std::regex_search(source, found, begins)) << (*it)[0];
            const auto at = static_cast<std::size_t>(found.position(0));
            const std::string body = source.substr(at, source.find("\n}", at) - at);
            if (is_row) {
                EXPECT_TRUE(body.find(of_row[1].str() + "(") != std::string::npos ||
                            source.find(", " + name + ")") != std::string::npos)
                    << (*it)[0] << " does not call " << of_row[1];
            }
        }
    }
    EXPECT_EQ(calls.size(), 7U) << "DPDK's IPC has seven calls";
}

/* "Suite.Name" of every test, as the sources have it. */
std::vector<std::string> all_tests() {
    std::vector<std::string> tests;
    const std::regex declared("\\nTEST(?:_F|_P)?\\(([A-Za-z]+), ([A-Za-z0-9]+)\\)");
    for (const auto &entry : fs::recursive_directory_iterator(kRoot / "tests")) {
        if (entry.path().extension() != ".cpp")
            continue;
        const std::string text = read_file(entry.path());
        for (std::sregex_iterator it(text.begin(), text.end(), declared), end; it != end; ++it)
            tests.push_back((*it)[1].str() + "." + (*it)[2].str());
    }
    return tests;
}

TEST(Docs, EveryTestNamedInATableExists) {
    const std::vector<std::string> tests = all_tests();
    const std::string api = read_file(kRoot / "docs/api.md");
    /* `Name` or `Suite.Name`, or the beginning of one before "…"; or `api.row`. */
    const std::regex name("`((?:[A-Za-z]+\\.)?[A-Z][A-Za-z0-9]{7,})(…)?`|`api\\.([a-z-]+)`");
    for (const auto &[document, at_least] : {std::pair{"docs/faults.md", 8},
                                             {"docs/hostile.md", 7},
                                             {"docs/walkthrough.md", 8},
                                             {"docs/walkthrough.zh-CN.md", 8},
                                             {"docs/faults.zh-CN.md", 8}}) {
        std::istringstream lines(read_file(kRoot / document));
        int named = 0;
        for (std::string line; std::getline(lines, line);) {
            if (!line.starts_with("| "))
                continue;
            const std::string cell = line.substr(line.rfind(" | ") + 3);
            for (std::sregex_iterator it(cell.begin(), cell.end(), name), end; it != end; ++it) {
                named++;
                if ((*it)[3].matched) {
                    EXPECT_NE(api.find("(consoles.md#" + (*it)[3].str() + ")"), std::string::npos)
                        << document << " names " << (*it)[0];
                    continue;
                }
                const std::string wanted = (*it)[1];
                const bool there = std::any_of(tests.begin(), tests.end(), [&](const auto &test) {
                    const std::size_t dot = test.find('.');
                    const std::string own =
                        wanted.find('.') == std::string::npos ? test.substr(dot + 1) : test;
                    return own == wanted || test.substr(0, dot) == wanted ||
                           ((*it)[2].matched && own.starts_with(wanted));
                });
                EXPECT_TRUE(there) << document << " names " << (*it)[0];
            }
        }
        EXPECT_GE(named, at_least) << document;
    }
}

/* ---- the sources -------------------------------------------------------------------------- */

std::vector<std::string> project_includes(const fs::path &path) {
    std::vector<std::string> found;
    const std::string text = read_file(path);
    const std::regex include("#include \"([^\"]+)\"");
    for (std::sregex_iterator it(text.begin(), text.end(), include), end; it != end; ++it)
        found.push_back((*it)[1]);
    return found;
}

std::vector<fs::path> sources_below(const std::string &dir) {
    std::vector<fs::path> found;
    for (const auto &entry : fs::recursive_directory_iterator(kRoot / dir)) {
        const std::string extension = entry.path().extension();
        if (extension == ".h" || extension == ".cpp")
            found.push_back(entry.path());
    }
    EXPECT_FALSE(found.empty()) << dir;
    return found;
}

auto lines_of(const std::string &path) {
    const std::string text = read_file(kRoot / path);
    return std::count(text.begin(), text.end(), '\n');
}

/* The two programs include all; each folder of support/ only the ones before it. */
TEST(House, EachRoomUsesOnlyThoseBeforeIt) {
    constexpr struct {
        const char *folder;
        const char *may_include;
    } kRooms[] = {{"support/base", "support/base/.*"},
                  {"support/console", "support/(base|console)/.*"},
                  {"support/options", "support/(base|console|options)/.*"},
                  {"support/eal", "support/(base|console|options|eal)/.*"},
                  {"support/ipc", "support/(base|console|options|eal|ipc)/.*"},
                  {"support/stats", "support/.*"},
                  {"exercises", "common\\.h|exercises/.*|support/.*"},
                  {"doctor", "doctor/.*|support/.*"}};
    for (const auto &room : kRooms) {
        for (const fs::path &file : sources_below(room.folder)) {
            for (const std::string &include : project_includes(file))
                EXPECT_TRUE(std::regex_match(include, std::regex(room.may_include)))
                    << file << " includes " << include;
        }
    }
}

TEST(House, TheLessonStaysALesson) {
    EXPECT_LE(lines_of("server.cpp"), 230);
    EXPECT_LE(lines_of("client.cpp"), 280);
    EXPECT_LE(lines_of("common.h"), 130);
    EXPECT_LE(project_includes(kRoot / "server.cpp").size(), 9U);
    EXPECT_LE(project_includes(kRoot / "client.cpp").size(), 9U);
}

TEST(House, SupportKnowsNoProgram) {
    const std::regex name("mp_server|mp_client|\\[Server\\]|\\[Client\\]");
    for (const fs::path &file : sources_below("support"))
        EXPECT_FALSE(std::regex_search(read_file(file), name)) << file;
}

/* The rte_mp calls of the lesson are in the programs and the exercises, where a reader looks. */
TEST(House, SupportHidesNoCall) {
    const std::regex call(R"(\n[^*]*\brte_mp_(reply|request_sync|request_async|sendmsg)\(&)");
    for (const fs::path &file : sources_below("support"))
        EXPECT_FALSE(std::regex_search(read_file(file), call)) << file;
}

}  // namespace
}  // namespace mp_ipc::test
