/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Many clients at one moment: all are served, also one that comes after them, and the server ends
 * with 0. How many: MP_IPC_STORM_CLIENTS (150).
 */
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <functional>
#include <optional>
#include <random>
#include <thread>

#include "tests/harness/datagram.h"
#include "tests/harness/pair.h"

namespace mp_ipc::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/* A machine with two cores starts about ten clients a second, under load fewer. */
constexpr seconds kStormLimit{300};

std::string storm_size() {
    const char *given = std::getenv("MP_IPC_STORM_CLIENTS");
    return given == nullptr ? "150" : given;
}

class Storm : public Hugepages {
  protected:
    /* A storm, beside what `others` starts first. One shell starts all clients, without the thread
     * and the two pipes that Process has for each.
     */
    void weather(const std::function<void()> &others = [] {}) {
        RunningServer server_process(prefix_, {"--quiet"});
        const std::size_t pages = prefix_.hugepage_files();
        others();
        const Words one =
            client(prefix_, {"--count", "3", "--sync-interval", "0.5", "--async-interval", "0.5",
                             "--timeout", "60", "--quiet"});
        const Finished storm =
            run(joined({"sh", "-c",
                        "for i in $(seq $CLIENTS); do \"$@\" >/dev/null & pids=\"$pids $!\"; done; "
                        "failed=0; for pid in $pids; do wait $pid || failed=1; done; exit $failed",
                        "sh"},
                       one),
                {.environment = {"CLIENTS=" + storm_size()}}, kStormLimit);
        EXPECT_EQ(storm.status, 0) << storm.err;
        const Finished newcomer = run(client(prefix_, {"ping", "--count", "1"}));
        EXPECT_EQ(newcomer.status, 0) << newcomer.err;
        EXPECT_EQ(prefix_.hugepage_files(), pages) << "the heap has grown";
        expect_end(server_process);
    }
};

TEST_F(Storm, OfClientsIsServed) {
    weather();
}

TEST_F(Storm, BesideAStoppedClientAndASocketThatNobodyReadsIsServed) {
    std::optional<RunningClient> stopped;
    std::optional<RawSocket> deaf;
    weather([&] {
        stopped.emplace(prefix_, Words{"--quiet"});
        stopped->signal(SIGSTOP);
        deaf.emplace(prefix_.dir() + "/mp_socket_1_f00d");
    });
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
