/* SPDX-License-Identifier: BSD-3-Clause */
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "support/console/console.h"

namespace mp_ipc {
namespace {

TEST(Console, WritesWholeLinesFromManyThreads) {
    ::testing::internal::CaptureStdout();
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; t++) {
        threads.emplace_back([t] {
            for (int i = 0; i < 200; i++)
                say({"[T{}] {}", "[T{}] {}"}, t, std::string(100, static_cast<char>('a' + t)));
        });
    }
    for (std::thread &thread : threads)
        thread.join();
    std::istringstream lines(::testing::internal::GetCapturedStdout());
    int count = 0;
    for (std::string line; std::getline(lines, line); count++) {
        const int t = line.at(2) - '0';
        ASSERT_EQ(line,
                  "[T" + std::to_string(t) + "] " + std::string(100, static_cast<char>('a' + t)));
    }
    EXPECT_EQ(count, 800);
}

TEST(Console, SpeaksTheLanguageThatIsSet) {
    ::testing::internal::CaptureStdout();
    set_language(Language::chinese);
    say({"[Server] {}, {}", "[Server] 已处理 {} 个, {} 个"}, 1, std::uint64_t{2});
    set_language(Language::english);
    say({"[Server] {} {{", "[Server] {} {{"}, "{}"); /* a value with braces is only a value */
    EXPECT_EQ(::testing::internal::GetCapturedStdout(),
              "[Server] 已处理 1 个, 2 个\n[Server] {} {{\n");
}

TEST(Console, DiagnosticsSpeakItToo) {
    ::testing::internal::CaptureStderr();
    set_program({"mp_test", "Test", "peer"});
    set_language(Language::chinese);
    error({"no {} of {}", "没有 {}，共 {}"}, "{}", 2); /* a value with braces is only a value */
    warn({"again", "再试一次"});
    diagnose(Severity::info, {"memory", "内存"});
    set_language(Language::english);
    error({"no {} of {}", "没有 {}，共 {}"}, "{}", 2);
    warn({"again", "再试一次"});
    EXPECT_EQ(::testing::internal::GetCapturedStderr(),
              "mp_test: 错误：没有 {}，共 2\nmp_test: 警告：再试一次\nmp_test: 内存\n"
              "mp_test: error: no {} of 2\nmp_test: warning: again\n");
}

TEST(Console, NoControlCharacterReachesTheTerminal) {
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    say({"[Client] {}, {}", "[Client] {}, {}"}, "\x1b[2J", std::string("客户\n[Server] Ready"));
    error({"a primary ({}) already runs", "primary ({}) 已在运行"}, "pid 7, \x1b]0;x\a\n");
    EXPECT_EQ(::testing::internal::GetCapturedStdout(),
              "[Client] \\x1b[2J, 客户\\x0a[Server] Ready\n");
    const std::string shown = ::testing::internal::GetCapturedStderr();
    EXPECT_NE(shown.find("error: a primary (pid 7, \\x1b]0;x\\x07\\x0a) already runs\n"),
              std::string::npos)
        << shown;
}

}  // namespace
}  // namespace mp_ipc
