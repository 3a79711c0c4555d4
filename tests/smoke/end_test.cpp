/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A program that should go on or end, and something that blocks it: a console that nobody reads, a
 * handler that takes an hour, a kernel that does not report the end of a process.
 */
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <stdexcept>
#include <string>

#include "tests/harness/datagram.h"
#include "tests/harness/pair.h"

namespace mp_ipc::test {
namespace {

using Clock = std::chrono::steady_clock;

class End : public Hugepages {};

/* A pipe that nobody reads: it takes the first line, and blocks on the next. */
class FullPipe {
  public:
    /* poll: one page is free, so poll(2), which counts in pages, reports room for one line. write:
     * 100 bytes are free, so the next write(2) blocks. */
    enum class By { poll, write };
    explicit FullPipe(By by = By::poll) {
        constexpr int kPage = 4096;
        fcntl(pipe_.write.get(), F_SETPIPE_SZ, by == By::poll ? 2 * kPage : kPage);
        const std::string fill(by == By::poll ? kPage : kPage - 100, '.');
        if (write(pipe_.write.get(), fill.data(), fill.size()) != static_cast<ssize_t>(fill.size()))
            throw std::runtime_error("cannot fill a pipe");
        filled_ = bytes();
    }
    int fd() const { return pipe_.write.get(); }
    bool has_first_line() const { return bytes() > filled_; }
    /* Reads all that is in it; then it has room again. */
    std::string read_all() const {
        std::string text(static_cast<std::size_t>(bytes()), '\0');
        const ssize_t got = read(pipe_.read.get(), text.data(), text.size());
        text.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
        return text;
    }

  private:
    int bytes() const {
        int count = 0;
        ioctl(pipe_.read.get(), FIONREAD, &count);
        return count;
    }
    const Pipe pipe_ = make_pipe();
    int filled_ = 0;
};

/* The first line waits 2 s; the next ones are left out at once. */
TEST_F(End, AServerWhoseConsoleNobodyReadsServesAndSaysWhatItLeftOut) {
    const FullPipe console;
    ProcessOptions options;
    options.stdout_fd = console.fd();
    Process process(server(prefix_, {"--stats-interval", "0"}), options);
    ASSERT_TRUE(eventually([&] { return console.has_first_line(); })) << process.describe();
    const Words ping = {"ping", "--count", "50", "--interval", "0.01", "--timeout", "20"};
    const Finished served = run(client(prefix_, ping));
    EXPECT_EQ(served.status, 0) << served.out << served.err;
    const std::string cause = "warning: nobody reads stdout: lines are left out until it is";
    EXPECT_EQ(count_of(process.err(), cause), 1) << process.err();
    console.read_all();
    EXPECT_EQ(run(client(prefix_, {"ping", "--count", "1"})).status, 0);
    const std::string read_again = console.read_all();
    EXPECT_EQ(count_of(read_again, "[Server] Lines left out here, since nobody read the console: "),
              1)
        << read_again;
    EXPECT_EQ(count_of(read_again, "[PING] Received: seq=1\n"), 1) << read_again;
    expect_end(process);
}

TEST_F(End, ACtrlCEndsBothProgramsWhoseConsolesNobodyReads) {
    const FullPipe console, clients_console;
    ProcessOptions options;
    options.stdout_fd = console.fd();
    Process process(server(prefix_, {"--stats-interval", "0", "--fault", "silent"}), options);
    ASSERT_TRUE(eventually([&] { return console.has_first_line(); })) << process.describe();
    options.stdout_fd = clients_console.fd();
    Process asking(client(prefix_, {"--timeout", "3600", "--async-interval", "0"}), options);
    ASSERT_TRUE(eventually([&] { return clients_console.has_first_line(); })) << asking.describe();
    for (Process *program : {&asking, &process}) {
        expect_end(*program);
    }
}

/* EAL's own lines wait for ever. */
TEST_F(End, ASecondCtrlCEndsAServerWhoseErrorsNobodyReads) {
    const FullPipe errors(FullPipe::By::write);
    ProcessOptions options;
    options.stderr_fd = errors.fd();
    Process process(server(prefix_), options);
    ASSERT_TRUE(eventually([&] { return errors.has_first_line(); })) << process.describe();
    const Clock::time_point first = Clock::now();
    process.signal(SIGINT);
    EXPECT_TRUE(eventually([&] {
        process.signal(SIGINT);
        return !process.running();
    })) << process.describe();
    EXPECT_EQ(process.wait(), 1) << process.describe();
    /* Within a second, another is taken as the same Ctrl-C. */
    EXPECT_GE(Clock::now() - first, std::chrono::seconds(1));
}

/* Whether the process's IPC thread sleeps elsewhere than in recvmsg(): in a handler. */
bool is_in_a_handler(pid_t pid) {
    return read_file("/proc/" + std::to_string(ipc_thread_of(pid)) + "/syscall")
        .starts_with(std::to_string(SYS_futex) + " ");
}

TEST_F(End, AHandlerThatTakesAnHourDoesNotHoldUpTheServer) {
    RunningServer server_process(prefix_, {"--fault", "slow=3600000"});
    Process process(client(prefix_, {"--timeout", "3600", "--sync-interval", "0"}));
    expect_out(process, "[ASYNC] Request sent");
    ASSERT_TRUE(eventually([&] { return is_in_a_handler(server_process.pid()); }));
    expect_end(server_process);
    EXPECT_EQ(own_lines(server_process.err()), "");
    /* It was let out, and had come to its end: not left to rte_eal_cleanup(). */
    EXPECT_TRUE(has(server_process.out(),
                    "[ASYNC] Received: ASYNC Hello 1 from Client\n"
                    "[Server] Processed sync requests: 0, async requests: 1\n"));
    EXPECT_EQ(process.wait(), 0) << process.describe();
}

TEST_F(End, UnderNohupSighupEndsNeitherProgram) {
    const auto nohup = [](Words argv) {
        argv.insert(argv.begin(), "nohup");
        return argv;
    };
    RunningServer server_process(nohup(server(prefix_)));
    Process process(nohup(client(prefix_, {"--sync-interval", "0.1"})));
    expect_out(process, "[SYNC] Reply");
    server_process.signal(SIGHUP);
    process.signal(SIGHUP);
    const int before = count_of(process.out(), "[SYNC] Reply");
    expect_out(process, "[SYNC] Reply", before + 5);
    expect_end(process, SIGTERM);
    expect_end(server_process, SIGTERM);
}

TEST_F(End, AClientWithoutPidfdsStillSeesItsServersEnd) {
    RunningServer server_process(prefix_);
    ProcessOptions options;
    options.no_pidfd = true;
    RunningClient process(prefix_, {"--sync-interval", "0", "--async-interval", "0"}, options);
    for (const std::string &file : open_files(process.pid()))
        ASSERT_FALSE(has(file, "pidfd"));
    server_process.signal(SIGKILL);
    EXPECT_EQ(process.wait(), 3) << process.describe();
    EXPECT_TRUE(has(process.err(), "error: the server went away without shutting down"));
}

}  // namespace
}  // namespace mp_ipc::test
