/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Many clients at one moment: all are served, also one that comes after them, and the server ends
 * with 0. How many: MP_IPC_STORM_CLIENTS (150).
 */
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <random>

#include "tests/harness/datagram.h"
#include "tests/harness/pair.h"

namespace mp_ipc::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/* A machine with two cores starts about ten clients a second, under load fewer. */
constexpr seconds kStormLimit{300};

int storm_size() {
    const char *given = std::getenv("MP_IPC_STORM_CLIENTS");
    return given == nullptr ? 150 : std::atoi(given);
}

class Storm : public Hugepages {
  protected:
    /* Starts the clients without the thread and the two pipes that Process has for each. */
    void start(int count, const Words &options) {
        Words argv = client(prefix_, options);
        std::vector<char *> words;
        for (std::string &word : argv)
            words.push_back(word.data());
        words.push_back(nullptr);
        for (int i = 0; i < count; i++) {
            const pid_t pid = fork();
            if (pid == 0) {
                dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDOUT_FILENO);
                dup2(open((prefix_.dir() + "/storm.err").c_str(),
                          O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600),
                     STDERR_FILENO);
                execv(words[0], words.data());
                _exit(127);
            }
            ASSERT_GT(pid, 0) << std::strerror(errno);
            pids_.push_back(pid);
        }
    }
    /* How many of the started clients did not end with 0. */
    int failures() {
        int failed = 0;
        eventually(
            [&] {
                std::erase_if(pids_, [&](pid_t pid) {
                    int status = 0;
                    if (waitpid(pid, &status, WNOHANG) != pid)
                        return false;
                    failed += WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : 1;
                    return true;
                });
                return pids_.empty();
            },
            kStormLimit);
        return failed + static_cast<int>(pids_.size());
    }
    void TearDown() override {
        for (const pid_t pid : pids_) {
            kill(pid, SIGKILL);
            waitpid(pid, nullptr, 0);
        }
    }
    /* A storm, beside what `others` starts first. */
    void weather(const std::function<void()> &others = [] {}) {
        RunningServer server_process(prefix_, {"--quiet"});
        const std::size_t pages = prefix_.hugepage_files();
        others();
        ASSERT_NO_FATAL_FAILURE(
            start(storm_size(), {"--count", "3", "--sync-interval", "0.5", "--async-interval",
                                 "0.5", "--timeout", "60", "--quiet"}));
        EXPECT_EQ(failures(), 0) << read_file(prefix_.dir() + "/storm.err");
        const Finished newcomer = run(client(prefix_, {"ping", "--count", "1"}));
        EXPECT_EQ(newcomer.status, 0) << newcomer.err;
        EXPECT_EQ(prefix_.hugepage_files(), pages) << "the heap has grown";
        expect_end(server_process);
    }

  private:
    std::vector<pid_t> pids_;
};

TEST_F(Storm, OfClientsIsServed) {
    weather();
}

TEST_F(Storm, BesideAStoppedClientIsServed) {
    std::optional<RunningClient> stopped;
    weather([&] {
        stopped.emplace(prefix_, Words{"--quiet"});
        stopped->signal(SIGSTOP);
    });
}

TEST_F(Storm, BesideASocketThatNobodyReadsIsServed) {
    std::optional<RawSocket> deaf;
    weather([&] { deaf.emplace(prefix_.dir() + "/mp_socket_1_f00d"); });
}

TEST_F(Storm, WithClientsThatAreKilledInTheirStartIsServed) {
    std::thread killer;
    weather([&] {
        killer = std::thread([&] {
            std::mt19937 random(std::random_device{}());
            std::uniform_int_distribution<int> life(0, 300);
            for (int i = 0; i < 30; i++) {
                Process process(client(prefix_, {"--quiet"}));
                std::this_thread::sleep_for(milliseconds(life(random)));
                process.signal(SIGKILL);
                process.wait();
            }
        });
    });
    killer.join();
}

}  // namespace
}  // namespace mp_ipc::test
