/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A program that should end, and something that holds it up: a console that nobody reads, a handler
 * that takes an hour, a kernel that tells of no end.
 */
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

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

/* A console that nobody reads: it takes the first line of either program, and blocks on the next.
 */
class FullConsole {
  public:
    FullConsole() {
        const int size = fcntl(pipe_.write.get(), F_SETPIPE_SZ, 4096);
        const std::string fill(static_cast<std::size_t>(size) - kRoom, '.');
        if (write(pipe_.write.get(), fill.data(), fill.size()) != static_cast<ssize_t>(fill.size()))
            throw std::runtime_error("cannot fill a pipe");
        filled_ = bytes();
    }
    int fd() const { return pipe_.write.get(); }
    bool has_first_line() const { return bytes() > filled_; }

  private:
    /* The first lines have some 70 to 80 bytes, the last ones 55 and more. */
    static constexpr std::size_t kRoom = 100;
    int bytes() const {
        int count = 0;
        ioctl(pipe_.read.get(), FIONREAD, &count);
        return count;
    }
    const Pipe pipe_ = make_pipe();
    int filled_ = 0;
};

TEST_F(End, ASecondCtrlCEndsAServerWhoseConsoleNobodyReads) {
    const FullConsole console;
    ProcessOptions options;
    options.stdout_fd = console.fd();
    Process process(server(prefix_, {"--stats-interval", "0"}), options);
    ASSERT_TRUE(eventually([&] { return console.has_first_line(); })) << process.describe();
    const Clock::time_point first = Clock::now();
    process.signal(SIGINT); /* it comes as far as its last lines */
    EXPECT_TRUE(eventually([&] {
        process.signal(SIGINT);
        return !process.running();
    })) << process.describe();
    EXPECT_EQ(process.wait(), 1) << process.describe();
    /* Within a second it is taken for the same Ctrl-C. */
    EXPECT_GE(Clock::now() - first, std::chrono::seconds(1));
}

TEST_F(End, AClientInARequestWhoseConsoleNobodyReadsEndsAllTheSame) {
    RunningServer server_process(prefix_, {"--fault", "silent"});
    const FullConsole console;
    ProcessOptions options;
    options.stdout_fd = console.fd();
    Process process(client(prefix_, {"--timeout", "3600", "--async-interval", "0"}), options);
    expect_out(server_process, "[SYNC] Received");
    process.signal(SIGINT);
    EXPECT_EQ(process.wait(), 1) << process.describe();
}

TEST_F(End, AHandlerThatTakesAnHourDoesNotHoldUpTheServer) {
    RunningServer server_process(prefix_, {"--fault", "slow=3600000"});
    Process process(client(prefix_, {"--timeout", "3600", "--sync-interval", "0"}));
    expect_out(process, "[ASYNC] Request sent");
    expect_end(server_process);
    EXPECT_EQ(own_lines(server_process.err()), "");
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

TEST_F(End, AClientWithoutPidfdsSeesItsServersDeathAllTheSame) {
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
