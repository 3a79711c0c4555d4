/* SPDX-License-Identifier: BSD-3-Clause */
#include "exercises/command_line.h"

#include "exercises/table.h"
#include "support/base/exit_status.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <sstream>

#include <string>
#include <vector>

namespace mp_ipc {
namespace {

using Words = std::vector<std::string>;

template <typename Line>
struct Read {
    Line line;
    std::string out;
    std::string err;
};

template <typename Reader>
auto read_with(const Reader &reader, const char *program, const Words &words) {
    std::vector<const char *> argv = {program};
    for (const std::string &word : words)
        argv.push_back(word.c_str());
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    auto line = reader(static_cast<int>(argv.size()), argv.data());
    return Read<decltype(line)>{std::move(line), ::testing::internal::GetCapturedStdout(),
                                ::testing::internal::GetCapturedStderr()};
}
auto client(const Words &words) {
    return read_with(read_client_command_line, "mp_client", words);
}
auto server(const Words &words) {
    return read_with(read_server_command_line, "mp_server", words);
}

class Options : public ::testing::Test {
  protected:
    void SetUp() override {
        for (const char *name : {"LC_ALL", "LC_MESSAGES", "LANG"})
            unsetenv(name);
    }
};

TEST_F(Options, TheTutorialsLinesStandAsTheyAre) {
    const auto s = server({"-l", "0-1", "-n", "4", "--proc-type=primary"});
    EXPECT_FALSE(s.line.exit) << s.err;
    EXPECT_EQ(s.line.args.file_prefix, "rte");
    EXPECT_EQ(s.line.args.eal.size(), 6U);
    EXPECT_EQ(s.line.options.stats_interval_s, 3);
    const auto c =
        client({"-l", "2-3", "-n", "4", "--proc-type=secondary", "--file-prefix=mp_ipc"});
    EXPECT_FALSE(c.line.exit) << c.err;
    EXPECT_EQ(c.line.args.file_prefix, "mp_ipc");
    EXPECT_EQ(c.line.options.sync_interval_s, 3);
    EXPECT_EQ(c.line.options.async_interval_s, 5);
    EXPECT_EQ(c.line.options.timeout_s, 5);
    EXPECT_EQ(c.line.options.name, "Client");
    EXPECT_FALSE(c.line.options.count);
}

TEST_F(Options, ProgramsTakeTheirOwnRole) {
    EXPECT_EQ(server({}).line.args.eal, (Words{"mp_server", "--proc-type=primary"}));
    /* At the front: an option without its value would take it. */
    EXPECT_EQ(client({"--vdev"}).line.args.eal,
              (Words{"mp_client", "--proc-type=secondary", "--vdev"}));
    EXPECT_EQ(client({"--proc-type=auto"}).line.args.eal.back(), "--proc-type=auto");
    EXPECT_EQ(client({"--proc-type", "auto"}).line.args.eal.size(), 3U);
}

TEST_F(Options, AWrongRoleIsACommandLineError) {
    const auto s = server({"--proc-type=secondary"});
    EXPECT_EQ(s.line.exit, kExitUsage);
    EXPECT_NE(s.err.find("mp_server is always a primary process: use --proc-type=primary"),
              std::string::npos)
        << s.err;
    const auto c = client({"--proc-type", "primary"});
    EXPECT_EQ(c.line.exit, kExitUsage);
    EXPECT_NE(c.err.find("mp_client is always a secondary process"), std::string::npos) << c.err;
    EXPECT_EQ(client({"--proc-type=nonsense"}).line.exit, kExitUsage);
}

TEST_F(Options, ApplicationOptionsAreRead) {
    const auto c =
        client({"--", "--sync-interval", "0.5", "--async-interval=0", "--timeout", "0.001",
                "--count", "7", "--name", "\xe5\xae\xa2\xe6\x88\xb7", "--quiet"});
    ASSERT_FALSE(c.line.exit) << c.err;
    EXPECT_EQ(c.line.options.sync_interval_s, 0.5);
    EXPECT_EQ(c.line.options.async_interval_s, 0);
    EXPECT_EQ(c.line.options.timeout_s, 0.001);
    EXPECT_EQ(c.line.options.count, 7U);
    EXPECT_EQ(c.line.options.name, "\xe5\xae\xa2\xe6\x88\xb7");
    EXPECT_TRUE(quiet());
}

TEST_F(Options, CommandsAreRead) {
    EXPECT_EQ(client({"--", "hello"}).line.options.command, nullptr);
    EXPECT_EQ(client({"--", "ping", "--count", "3"}).line.options.command, &kPing.command);
    EXPECT_EQ(client({"--", "--count", "3", "report"}).line.options.command, &kReport.command);
    const auto event = client({"--", "notify", "link up"});
    EXPECT_EQ(event.line.options.command, &kNotify.command);
    EXPECT_EQ(notify::g_text, "link up");
    client({"--", "notify", "--", "--text"});
    EXPECT_EQ(notify::g_text, "--text");
}

TEST_F(Options, FaultsAreRead) {
    const auto slow = server({"--", "--fault", "slow=50", "--fault-for", "2"}).line.options.fault;
    EXPECT_EQ(slow.least_s, 0.05);
    EXPECT_EQ(slow.most_s, 0.05);
    EXPECT_EQ(slow.for_s, 2);
    const auto random = server({"--", "--fault=slow=1-20"}).line.options.fault;
    EXPECT_EQ(random.least_s, 0.001);
    EXPECT_EQ(random.most_s, 0.02);
    const auto silent = server({"--", "--fault=silent"}).line.options.fault;
    EXPECT_TRUE(silent.on());
    EXPECT_NE(silent.handler, slow.handler);
}

struct Wrong {
    bool server;
    Words words;
    std::string says; /* part of the one line */
};

const std::vector<Wrong> kWrong = {
    Wrong{false, {"--", "--bogus"}, "unknown option '--bogus' after '--'"},
    Wrong{false, {"--", "-x"}, "unknown option '-x'"},
    Wrong{false, {"--", "--count"}, "--count needs a value: --count N"},
    Wrong{false, {"--", "--count", "0"}, "--count takes a whole number from 1 to"},
    Wrong{false, {"--", "--count", "-3"}, "not '-3'"},
    Wrong{false, {"--", "--count", "1.5"}, "not '1.5'"},
    Wrong{false, {"--", "--count", "99999999999999999999"}, "--count takes"},
    Wrong{false, {"--", "--timeout", "0"}, "--timeout takes seconds from 0.00001 to 86400"},
    Wrong{false, {"--", "--timeout", "-1"}, "--timeout takes seconds"},
    Wrong{false, {"--", "--timeout", "1e3"}, "--timeout takes seconds"},
    Wrong{false, {"--", "--timeout", "nan"}, "--timeout takes seconds"},
    Wrong{false, {"--", "--timeout", "inf"}, "--timeout takes seconds"},
    Wrong{false, {"--", "--timeout", "5s"}, "not '5s'"},
    Wrong{false, {"--", "--timeout", ""}, "not ''"},
    Wrong{false, {"--", "--sync-interval", "100000"}, "86400, or 0 for off"},
    Wrong{false, {"--", "--sync-interval", "-0"}, "or 0 for off"},
    Wrong{false, {"--", "--name", ""}, "--name takes 1 to 31 bytes"},
    Wrong{false, {"--", "--name", "a\tb"}, "--name takes 1 to 31 bytes"},
    Wrong{false, {"--", "--name", "0123456789012345678901234567890123"}, "--name takes"},
    Wrong{false, {"--", "--lang", "fr"}, "--lang takes en or zh, not 'fr'"},
    Wrong{false, {"--", "--ipc-core"}, "--ipc-core needs a value: --ipc-core N"},
    Wrong{false, {"--", "--ipc-core", "-1"}, "--ipc-core takes the number of a core that is"},
    Wrong{true, {"--", "--ipc-core", "0-1"}, "available here ("},
    Wrong{true, {"--", "--ipc-core", "1023"}, "--ipc-core takes a core of this machine ("},
    Wrong{true, {"--", "--ipc-core", "99999999999"}, "not '99999999999'"},
    Wrong{false, {"--", "--quiet=1"}, "--quiet takes no value"},
    Wrong{false, {"--", "dance"}, "unknown command 'dance'"},
    Wrong{false, {"--", "ping", "pong"}, "unexpected 'pong' after 'ping'"},
    Wrong{false, {"--", "notify"}, "notify takes one TEXT"},
    Wrong{false, {"--", "notify", std::string(200, 'x')}, "notify takes one TEXT of 1 to 179"},
    Wrong{false,
          {"--", "--count", "1", "--sync-interval", "0", "--async-interval", "0"},
          "--count needs a kind of request that is on"},
    Wrong{false, {"--count", "3"}, "'--count' must stand after '--'"},
    Wrong{false, {"-l", "1", "ping"}, "'ping' must stand after '--'"},
    Wrong{false, {"-l", "1", "--file-prefix=x", "--no-pci", "report"}, "'report' must stand after"},
    Wrong{false, {"--huge-unlink", "doctor"}, "'doctor' must stand after '--'"},
    Wrong{false, {"-v", "ping"}, "'ping' must stand after '--'"},
    Wrong{true, {"--file-prefix", "--", "--quiet"}, "--file-prefix needs a value"},
    Wrong{true, {"--no-pci", "--file-prefix"}, "--file-prefix needs a value"},
    Wrong{true, {"--file-prefix="}, "--file-prefix needs a value"},
    Wrong{true, {"--file-pre", "--no-pci"}, "--file-pre needs a value"},
    Wrong{true, {"--huge-dir", "", "--no-pci"}, "--huge-dir needs a value"},
    Wrong{true, {"-l", "--no-pci"}, "-l needs a value"},
    Wrong{false, {"--proc-type"}, "--proc-type needs a value"},
    Wrong{true, {"--stats-interval=1"}, "'--stats-interval' must stand after '--'"},
    Wrong{true, {"--", "--stats-interval", "x"}, "--stats-interval takes seconds"},
    Wrong{true, {"--", "--broadcast=maybe"}, "--broadcast takes nothing, =async or =sync"},
    Wrong{true,
          {"--", "--broadcast", "--stats-interval", "0"},
          "--broadcast asks every stats interval"},
    Wrong{true, {"--", "--fault", "slow"}, "--fault takes slow=MS"},
    Wrong{true, {"--", "--fault", "slow=9-3"}, "--fault takes slow=MS"},
    Wrong{true, {"--", "now"}, "unexpected 'now'"}};

TEST_F(Options, WrongOnesGetOneClearLineAndStatus2) {
    for (const Wrong &wrong : kWrong) {
        SCOPED_TRACE(wrong.says);
        const auto check = [&](const auto &read) {
            EXPECT_EQ(read.line.exit, kExitUsage);
            EXPECT_EQ(read.out, "");
            EXPECT_EQ(std::count(read.err.begin(), read.err.end(), '\n'), 1) << read.err;
            EXPECT_NE(read.err.find(wrong.says), std::string::npos) << read.err;
        };
        if (wrong.server)
            check(server(wrong.words));
        else
            check(client(wrong.words));
    }
}

TEST_F(Options, HelpNeedsNothingAndNamesEveryOption) {
    for (const Words &words : {Words{"--help"}, Words{"-h"}, Words{"--", "--help"}}) {
        const auto c = client(words);
        EXPECT_EQ(c.line.exit, kExitOk);
        for (const char *part :
             {"--sync-interval S", "--async-interval S", "--timeout S", "--count N", "--name NAME",
              "--quiet", "--lang en|zh", "--wait[=S]", "--version", "Examples:", "--file-prefix",
              "EAL options", "Exit status"})
            EXPECT_NE(c.out.find(part), std::string::npos) << part;
        EXPECT_EQ(c.err, "");
    }
    const auto s = server({"--", "--help"});
    for (const char *part : {"--stats-interval S", "--quiet", "--broadcast[=sync]", "--fault KIND",
                             "--no-secondaries[=S]"})
        EXPECT_NE(s.out.find(part), std::string::npos) << part;
}

/* Columns in a terminal: what is no ASCII here takes two, in three bytes. */
std::size_t columns(const std::string &line) {
    const auto ascii = static_cast<std::size_t>(std::count_if(
        line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; }));
    return ascii + (line.size() - ascii) / 3 * 2;
}

/* The first words of the rows of options and commands. */
Words rows_of(const std::string &help) {
    static const std::regex kRow("\\n  (-[^ ]*|[a-z]+)( [A-Z]+)?(?= )");
    Words rows;
    for (std::sregex_iterator it(help.begin(), help.end(), kRow), end; it != end; ++it)
        rows.push_back((*it)[0]);
    return rows;
}

TEST_F(Options, HelpIsChineseWhereTheConsoleIs) {
    /* Finds English sentences; names of options and commands are shorter. */
    static const std::regex kEnglish("[A-Za-z]+ [a-z]+ [a-z]+");
    for (const auto &[english, chinese] :
         {std::pair{client({"--help"}).out, client({"--", "--lang=zh", "--help"}).out},
          std::pair{server({"-h"}).out, server({"-h", "--", "--lang", "zh"}).out}}) {
        EXPECT_EQ(rows_of(english), rows_of(chinese));
        EXPECT_GT(rows_of(chinese).size(), 10U);
        std::istringstream lines(english + chinese);
        for (std::string line; std::getline(lines, line);)
            EXPECT_LE(columns(line), 90U) << line;
        EXPECT_FALSE(std::regex_search(chinese, kEnglish)) << chinese;
        EXPECT_NE(chinese.find("用法：mp_"), std::string::npos);
    }
}

/* Every error is reported in the language of --lang, wherever that stands. */
TEST_F(Options, WrongOnesAreSaidInChineseWhereTheConsoleIs) {
    static const std::regex kEnglish("[A-Za-z]+ [a-z]+ [a-z]+");
    setenv("LC_ALL", "zh_CN.UTF-8", 1);
    for (const Wrong &wrong : kWrong) {
        SCOPED_TRACE(wrong.says);
        if (wrong.words.back() == "fr") /* --lang itself, below */
            continue;
        const std::string said = wrong.server ? server(wrong.words).err : client(wrong.words).err;
        EXPECT_TRUE(said.starts_with(wrong.server ? "mp_server: 错误：" : "mp_client: 错误："))
            << said;
        EXPECT_FALSE(std::regex_search(said, kEnglish)) << said;
    }
    unsetenv("LC_ALL");
    for (const Words &words :
         {Words{"--", "--count", "0", "--lang", "zh"}, Words{"--", "--lang=zh", "--count", "0"}})
        EXPECT_EQ(client(words).err,
                  "mp_client: 错误：--count 应为 1 到 1000000000000 的整数，而不是 '0'\n");
    EXPECT_EQ(client({"--", "--lang=zh", "--lang", "fr"}).err,
              "mp_client: 错误：--lang 应为 en 或 zh，而不是 'fr'\n");
    EXPECT_EQ(client({"--", "--lang=zh", "dance"}).err,
              "mp_client: 错误：未知命令 'dance'；可用的命令：hello、ping、notify "
              "TEXT、report 或 doctor\n");
    EXPECT_EQ(client({"--", "notify", "--", "--lang=zh", "more"}).err,
              "mp_client: error: unexpected 'more' after 'notify'\n");
    set_language(Language::english);
}

TEST_F(Options, VersionIsPrinted) {
    const auto s = server({"--version"});
    EXPECT_EQ(s.line.exit, kExitOk);
    EXPECT_NE(s.out.find("mp_server 1."), std::string::npos) << s.out;
    EXPECT_NE(s.out.find("DPDK"), std::string::npos) << s.out;
}

TEST_F(Options, LanguageFollowsTheLocaleUnlessToldOtherwise) {
    client({});
    EXPECT_EQ(language(), Language::english);
    setenv("LANG", "zh_CN.UTF-8", 1);
    client({});
    EXPECT_EQ(language(), Language::chinese);
    setenv("LC_MESSAGES", "C", 1);
    client({});
    EXPECT_EQ(language(), Language::english);
    setenv("LC_ALL", "zh_TW", 1);
    client({});
    EXPECT_EQ(language(), Language::chinese);
    client({"--", "--lang", "en"});
    EXPECT_EQ(language(), Language::english);
    unsetenv("LC_ALL");
    client({"--", "--lang=zh"});
    EXPECT_EQ(language(), Language::chinese);
    set_language(Language::english);
}
}  // namespace
}  // namespace mp_ipc
