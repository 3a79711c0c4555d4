/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Answers to a server's broadcasts that come about when the library's timeout expires, for
 * MP_IPC_SOAK_SECONDS. Without the async fixes an answer just at the timeout deadlocks the library.
 * That must be rare (run an hour of it by hand), and if it happens the server must report it and
 * end: it must not run on and receive nothing.
 */
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <memory>
#include <random>

#include "tests/harness/datagram.h"
#include "tests/harness/pair.h"

namespace mp_ipc::test {
namespace {

using Steady = std::chrono::steady_clock;
using std::chrono::milliseconds;

class LateAnswers : public Hugepages {};

Steady::duration duration() {
    const char *seconds = std::getenv("MP_IPC_SOAK_SECONDS");
    return std::chrono::seconds(seconds != nullptr ? std::atol(seconds) : 20);
}

/* Takes one broadcast with each socket and answers all at one moment, `delay` after the first was
 * taken: the answers come right after each other, as the library's timeouts do.
 */
void answer_a_round(const std::vector<std::unique_ptr<RawSocket>> &sockets, const std::string &to,
                    Steady::duration delay) {
    std::vector<WireMessage> answers;
    Steady::time_point moment{};
    for (const auto &socket : sockets) {
        WireMessage message;
        if (!socket->receive(&message))
            return;
        if (answers.empty())
            moment = Steady::now() + delay;
        message.type = kWireReply;
        answers.push_back(message);
    }
    std::this_thread::sleep_until(moment - milliseconds(1));
    while (Steady::now() < moment) {
    }
    for (std::size_t i = 0; i < answers.size(); i++)
        sockets[i]->send(to, answers[i]);
}

TEST_F(LateAnswers, LeaveNoServerUpAndDeaf) {
    RunningServer process(prefix_, {"--quiet", "--broadcast", "--stats-interval", "0.1"});
    std::vector<std::unique_ptr<RawSocket>> sockets;
    for (int i = 1; i <= 8; i++)
        sockets.push_back(std::make_unique<RawSocket>(
            prefix_.dir() + "/mp_socket_" + std::to_string(getpid()) + "_" + std::to_string(i)));
    std::mt19937 random(std::random_device{}());
    std::uniform_int_distribution<int> microseconds(2'000'000, 3'000'000);
    int rounds = 0;
    for (const auto end = Steady::now() + duration(); Steady::now() < end && process.running();) {
        answer_a_round(sockets, prefix_.dir() + "/mp_socket",
                       std::chrono::microseconds(microseconds(random)));
        rounds++;
    }
    sockets.clear();
    std::printf("%d rounds\n", rounds);
    EXPECT_GT(rounds, 0);
    /* A deadlock shows within this time. */
    const auto served = [&] {
        return run(client(prefix_, {"ping", "--count", "1", "--timeout", "1"})).status == 0;
    };
    EXPECT_TRUE(eventually([&] { return !process.running() || served(); })) << process.describe();
    if (process.running())
        process.signal(SIGINT);
    const auto status = process.wait();
    EXPECT_TRUE(status == 0 ||
                (status == 1 && process.err().find("restart this program") != std::string::npos))
        << process.describe();
}

}  // namespace
}  // namespace mp_ipc::test
