/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Everything at once, for MP_IPC_SOAK_SECONDS (20; a minute in CI, longer by hand): eight
 * clients in all modes, killed, stopped and restarted at random, the server killed and restarted.
 * At the end the counts of every client that ended by itself balance, every client is served, and
 * nothing has grown.
 */
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <random>

#include "support/eal/runtime_dir.h"
#include "tests/harness/datagram.h"
#include "tests/harness/pair.h"

namespace mp_ipc::test {
namespace {

using std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;

class Soak : public Hugepages {};

struct Size {
    long rss_kib = 0;
    long threads = 0;
    std::size_t descriptors = 0;
};

Size size_of(pid_t pid) {
    return {process_status(pid, "VmRSS:"), process_status(pid, "Threads:"), open_files(pid).size()};
}

/* The size of a process soon after its start, with all that it keeps open; it must stay the same.
 */
struct Young {
    Steady::time_point start = Steady::now();
    std::optional<Size> size;

    void look(const Process &process) {
        if (!size && Steady::now() - start > std::chrono::seconds(3))
            size = size_of(process.pid());
    }
    void expect_no_growth(const Process &process) const {
        if (!size)
            return;
        /* A telemetry connection, by which a client that starts asks a server, has a thread. */
        EXPECT_TRUE(eventually([&] { return size_of(process.pid()).threads <= size->threads; }))
            << size_of(process.pid()).threads << " threads, before " << size->threads;
        const Size now = size_of(process.pid());
        EXPECT_LE(now.rss_kib, size->rss_kib + 4096) << process.describe();
        EXPECT_LE(now.descriptors, size->descriptors + 2) << process.describe();
    }
};

/* Checks that the sums of each kind of request balance; returns how many requests there were. */
long expect_balance(const Process &process) {
    long requests = 0;
    for (const char *kind : {"Sync", "Async", "PING"}) {
        const Sums sums = sums_of(process.out(), kind);
        EXPECT_TRUE(sums.balance()) << kind << process.describe();
        requests += sums.sent;
    }
    return requests;
}

TEST_F(Soak, TheCountsBalanceAndNothingGrows) {
    const char *given = std::getenv("MP_IPC_SOAK_SECONDS");
    const std::chrono::seconds length(given != nullptr ? std::atol(given) : 20);
    const Words modes[] = {
        {"--wait", "--sync-interval", "0.01", "--async-interval", "0.02"},
        {"--wait", "--sync-interval", "0.005", "--async-interval", "0", "--timeout", "0.002"},
        {"--wait", "--sync-interval", "0", "--async-interval", "0.01"},
        {"ping", "--wait", "--flood", "--quiet"},
        {"ping", "--wait", "--flood", "--quiet", "--timeout", "0.0001"},
        {"ping", "--wait", "--interval", "0.05"},
        {"report", "--wait", "--quiet", "--count", "1000000000"},
        {"--wait", "--sync-interval", "1", "--async-interval", "1", "--quiet"},
    };
    const auto start_server = [&] {
        return std::make_unique<RunningServer>(
            prefix_, Words{"--quiet", "--broadcast", "--stats-interval", "0.5", "--fault",
                           "slow=0-1", "--fault-for", "5"});
    };
    const auto start_client = [&](std::size_t i) {
        return std::make_unique<Process>(client(prefix_, modes[i]));
    };
    auto server_process = start_server();
    std::vector<std::unique_ptr<Process>> clients;
    for (std::size_t i = 0; i < std::size(modes); i++)
        clients.push_back(start_client(i));

    std::mt19937 random(std::random_device{}());
    Young young_server;
    std::vector<Young> young(clients.size());
    /* Clients that send asynchronous requests: the library leaks 4 KiB with each. */
    const auto leaks = [](std::size_t i) { return i == 0 || i == 2 || i == 7; };
    int looked_at = 0;
    long requests = 0;
    const auto end_of = [&](std::size_t i) {
        if (young[i].size && !leaks(i)) {
            young[i].expect_no_growth(*clients[i]);
            looked_at++;
        }
        clients[i]->signal(SIGINT);
        ASSERT_TRUE(clients[i]->wait()) << clients[i]->describe();
        EXPECT_NE(*clients[i]->wait(), 1) << clients[i]->describe();
        requests += expect_balance(*clients[i]);
    };
    const auto end = Steady::now() + length;
    while (Steady::now() < end) {
        std::this_thread::sleep_for(milliseconds(random() % 400));
        const std::size_t i = random() % clients.size();
        switch (random() % 8) {
            case 0: /* a client is killed, whatever it does */
                clients[i]->signal(SIGKILL);
                ASSERT_TRUE(clients[i]->wait());
                clients[i] = start_client(i);
                young[i] = {};
                break;
            case 1: /* a client ends by itself: its counts balance, and it has not grown */
            case 2:
                end_of(i);
                clients[i] = start_client(i);
                young[i] = {};
                break;
            case 3: /* a client is stopped for a while */
                clients[i]->signal(SIGSTOP);
                std::this_thread::sleep_for(milliseconds(random() % 500));
                clients[i]->signal(SIGCONT);
                break;
            case 4: /* the server is killed, now and then */
                if (Steady::now() - young_server.start < std::chrono::seconds(8))
                    break;
                server_process->signal(SIGKILL);
                ASSERT_TRUE(server_process->wait());
                server_process = start_server();
                young_server = {};
                young.assign(clients.size(), {}); /* they run again, each in a new process image */
                break;
            default:
                break;
        }
        ASSERT_TRUE(server_process->running()) << server_process->describe();
        young_server.look(*server_process);
        for (std::size_t k = 0; k < clients.size(); k++)
            young[k].look(*clients[k]);
    }
    young_server.expect_no_growth(*server_process);
    for (std::size_t i = 0; i < clients.size(); i++)
        end_of(i);
    EXPECT_GT(requests, 1000);
    /* No socket of a client remains. */
    EXPECT_TRUE(eventually([&] { return client_sockets(prefix_.dir()).empty(); }));
    EXPECT_EQ(run(client(prefix_, {"ping", "--count", "1"})).status, 0);
    expect_end(*server_process);
    std::printf(
        "soak: %ld requests accounted for in %ld s, %d clients and the server looked at "
        "for growth\n",
        requests, static_cast<long>(length.count()), looked_at);
}

}  // namespace
}  // namespace mp_ipc::test
