/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a person sees: the whole consoles of both programs, line by line, in both languages.
 */
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <regex>

#include "common.h"
#include "exercises/ping.h"
#include "exercises/report.h"
#include "tests/harness/datagram.h"
#include "tests/harness/pair.h"

namespace mp_ipc::test {
namespace {

class Console : public Hugepages {};

/* The text without what differs from run to run. */
std::string normalized(std::string text, const Prefix &prefix, const Process &server) {
    text = std::regex_replace(text, std::regex(prefix.name()), "PREFIX");
    return std::regex_replace(text, std::regex("pid " + std::to_string(server.pid()) + "\\b"),
                              "pid PID");
}

struct Consoles {
    std::string server;
    std::string client;
};

/* One sync and one async request: sync first, as the client sends them. */
Consoles run_pair(const std::string &language) {
    const Prefix prefix;
    Process server_process(server(prefix, {"--lang", language, "--stats-interval", "0"}));
    expect_out(server_process, "Ctrl-C");
    Process client_process(client(prefix, {"--lang", language, "--count", "1"}));
    EXPECT_EQ(client_process.wait(), 0) << client_process.describe();
    expect_end(server_process);
    return {normalized(server_process.out(), prefix, server_process),
            normalized(client_process.out(), prefix, server_process)};
}

TEST_F(Console, IsWholeInEnglish) {
    const Consoles consoles = run_pair("en");
    EXPECT_EQ(consoles.server,
              "[Server] Ready: file prefix 'PREFIX', pid PID; Ctrl-C ends it\n"
              "[SYNC] Received: SYNC Hello 1 from Client\n"
              "[ASYNC] Received: ASYNC Hello 1 from Client\n"
              "[Server] Processed sync requests: 1, async requests: 1\n"
              "[Server] Ended\n");
    EXPECT_EQ(consoles.client,
              "[Client] Attached to the server of file prefix 'PREFIX'; Ctrl-C ends it\n"
              "[SYNC] Reply: Server SYNC reply: Got 'SYNC Hello 1 from Client'\n"
              "[ASYNC] Request sent\n"
              "[ASYNC] Callback called\n"
              "[ASYNC] Reply: Server ASYNC reply: Got 'ASYNC Hello 1 from Client'\n"
              "[Client] Sync: sent 1, answered 1, late 0, timed out 0, refused 0\n"
              "[Client] Async: sent 1, answered 1, late 0, timed out 0, refused 0\n");
}

TEST_F(Console, IsWholeInChineseWithTheTutorialsLinesToTheLetter) {
    const Consoles consoles = run_pair("zh");
    EXPECT_EQ(consoles.server,
              "[Server] 就绪: file-prefix 'PREFIX', pid PID; Ctrl-C 退出\n"
              "[SYNC] 收到: SYNC Hello 1 from Client\n"
              "[ASYNC] 收到: ASYNC Hello 1 from Client\n"
              "[Server] 已处理同步请求: 1 个, 异步请求: 1 个\n"
              "[Server] 已退出\n");
    EXPECT_EQ(consoles.client,
              "[Client] 已连接 Server, file-prefix 'PREFIX'; Ctrl-C 退出\n"
              "[SYNC] 回复: Server SYNC reply: Got 'SYNC Hello 1 from Client'\n"
              "[ASYNC] 请求已发送\n"
              "[ASYNC] 回调被调用\n"
              "[ASYNC] 回复: Server ASYNC reply: Got 'ASYNC Hello 1 from Client'\n"
              "[Client] 同步请求: 已发送 1, 已回复 1, 迟到 0, 超时 0, 被拒绝 0\n"
              "[Client] 异步请求: 已发送 1, 已回复 1, 迟到 0, 超时 0, 被拒绝 0\n");
}

TEST_F(Console, QuietLeavesOutTheRequests) {
    RunningServer server_process(prefix_, {"--quiet"});
    Process client_process(client(prefix_, {"--quiet", "--count", "2", "--sync-interval", "0.01",
                                            "--async-interval", "0.01"}));
    EXPECT_EQ(client_process.wait(), 0) << client_process.describe();
    EXPECT_FALSE(has(client_process.out(), "[SYNC]"));
    EXPECT_FALSE(has(client_process.out(), "[ASYNC]"));
    expect_end(server_process, SIGTERM);
    EXPECT_FALSE(has(server_process.out(), "Received"));
    EXPECT_TRUE(has(server_process.out(), "Processed sync requests: 2, async requests: 2"));
}

TEST_F(Console, TotalsComeEveryStatsInterval) {
    Process server_process(server(prefix_, {"--stats-interval", "0.1"}));
    expect_out(server_process, "[Server] Processed sync requests: 0", 4);
}

TEST_F(Console, AClosedStdoutEndsTheProgramWithAReason) {
    Process server_process(server(prefix_, {"--stats-interval", "0.1"}),
                           {.environment = {}, .close_stdout = true});
    EXPECT_EQ(server_process.wait(), 1) << server_process.describe();
    EXPECT_TRUE(has(server_process.err(), "mp_server: error: cannot write to stdout: Broken pipe"));
}

/* All that a client may send: text of every kind, and structs with every error. */
TEST_F(Console, OddTextIsAnsweredAndHarmless) {
    /* unfiltered: else the kernel drops the message with descriptors */
    RunningServer server_process(prefix_, {"--fault", "unfiltered"});
    const auto open_before = open_files(server_process.pid());
    const RawSocket by_hand(prefix_.dir() + "/mp_socket_1_f00d");
    const auto ask = [&](const char *name, const std::string &param, int with_fds = 0) {
        WireMessage request = wire_message(kWireRequest, name, param);
        request.num_fds = with_fds;
        const std::vector<int> fds(static_cast<std::size_t>(with_fds), STDERR_FILENO);
        EXPECT_EQ(by_hand.send(prefix_.dir() + "/mp_socket", request, fds), 0);
        WireMessage answer;
        EXPECT_TRUE(by_hand.receive(&answer)) << name << ": no answer";
        EXPECT_EQ(answer.num_fds, 0);
        return answer;
    };

    std::string wide;
    while (wide.size() + 3 <= 256)
        wide += "\xe4\xb8\xad";
    const struct {
        std::string text;
        std::string quoted;
    } kTexts[] = {{"", ""},
                  {std::string(1, '\0'), ""},
                  {"plain", "plain"}, /* no NUL */
                  {std::string(256, 'x'), std::string(230, 'x')},
                  {wide, wide.substr(0, 228)},
                  {"\x1b[2J\x07 bell \x7f \xc2\x9b", "\x1b[2J\x07 bell \x7f \xc2\x9b"},
                  {"\xff\xfe \xc0\xaf", "\xff\xfe \xc0\xaf"}};
    const auto hello = [&](const std::string &text, int with_fds = 0) {
        const WireMessage answer = ask(kMsgHelloSync, text, with_fds);
        return std::string(reinterpret_cast<const char *>(answer.param),
                           static_cast<std::size_t>(answer.len_param));
    };
    for (const auto &row : kTexts)
        EXPECT_EQ(hello(row.text), "Server SYNC reply: Got '" + row.quoted + "'" + '\0');
    EXPECT_EQ(hello("fds", 3), std::string("Server SYNC reply: Got 'fds'") + '\0');

    const auto ping = [](std::uint32_t version, std::uint64_t boot_id) {
        PingRequest request;
        request.header.version = version;
        request.header.boot_id = boot_id;
        request.header.sequence = 7;
        return std::string(reinterpret_cast<const char *>(&request), sizeof(request));
    };
    const std::string good = ping(PingRequest::kVersion, 0);
    const struct {
        const char *what;
        const char *name;
        std::string bytes;
        int len_param;
        Status status;
        std::uint64_t sequence;
    } kStructs[] = {
        {"ping", kMsgPing, good, 48, Status::ok, 7},
        {"ping too short", kMsgPing, good.substr(0, good.size() - 1), 48, Status::bad_length, 7},
        {"ping empty", kMsgPing, "", 48, Status::bad_length, 0},
        {"ping too long", kMsgPing, good + "x", 48, Status::bad_length, 7},
        {"ping of version 99", kMsgPing, ping(99, 0), 48, Status::bad_version, 7},
        {"ping of version 1", kMsgPing, ping(1, 0), 32, Status::bad_version, 7},
        {"ping of another boot", kMsgPing, ping(PingRequest::kVersion, 12345), 48,
         Status::other_boot, 7},
        {"report too short", kMsgReport, "abc", 32, Status::bad_length, 0}};
    for (const auto &row : kStructs) {
        SCOPED_TRACE(row.what);
        const WireMessage answer = ask(row.name, row.bytes);
        Header header;
        std::memcpy(&header, answer.param, sizeof(header));
        EXPECT_EQ(answer.len_param, row.len_param);
        EXPECT_EQ(header.status, row.status);
        EXPECT_EQ(header.sequence, row.sequence);
    }

    EXPECT_EQ(open_files(server_process.pid()), open_before);
    for (const char c : server_process.out())
        ASSERT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20) << server_process.out();
    EXPECT_TRUE(has(server_process.out(), "[SYNC] Received: \\x1b[2J\\x07 bell \\x7f \\xc2\\x9b"));
    EXPECT_TRUE(server_process.running());
}

/* A handler's line is the first that cannot be written; main sleeps for an hour. */
TEST_F(Console, OneThatFailsInAHandlerEndsTheServerAtOnce) {
    Pipe console = make_pipe();
    ProcessOptions options;
    options.stdout_fd = console.write.get();
    Process server_process(server(prefix_, {"--stats-interval", "3600"}), options);
    console.write = UniqueFd();
    std::string said;
    char part[4096];
    while (said.find(kServerReady) == std::string::npos) {
        const ssize_t got = read(console.read.get(), part, sizeof(part));
        ASSERT_GT(got, 0) << server_process.describe();
        said.append(part, static_cast<std::size_t>(got));
    }
    console.read = UniqueFd();
    Process client_process(client(prefix_));
    EXPECT_EQ(server_process.wait(), 1) << server_process.describe();
    EXPECT_TRUE(has(server_process.err(), "cannot write to stdout"));
}

}  // namespace
}  // namespace mp_ipc::test
