/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The last part of the plan: what a pair costs besides its requests. How long it takes to start and
 * to end, how often it wakes up when there is little to do, and how much memory it uses after many
 * requests.
 */
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "bench/options.h"
#include "bench/plan.h"
#include "bench/servers.h"

namespace mp_ipc::bench {
namespace {

double ms_between(Clock::time_point from, Clock::time_point to) {
    return std::chrono::duration<double, std::milli>(to - from).count();
}

/* `argv` with the program of the same name in `folder`; empty: unchanged. */
Words out_of(const std::string &folder, Words argv) {
    if (!folder.empty())
        argv[0] = folder + argv[0].substr(argv[0].rfind('/'));
    return argv;
}

/* One run of a pair, of the programs in this folder: four rows at once. */
void measure_life(int round, const std::string &folder, const std::string &suffix) {
    const Prefix prefix;
    const auto resident_kib = [](const Child &child) {
        return static_cast<double>(usage_of(child.pid()).rss_kib);
    };
    Child server(out_of(folder, server_words(prefix, {})), both_cores());
    server.read_until("Ready");
    const double server_ms = ms_between(server.started(), Clock::now());
    Child client(out_of(folder, client_words(prefix, {})), both_cores());
    client.read_until("[SYNC] Reply");
    const double client_ms = ms_between(client.started(), Clock::now());
    /* Waits until it sleeps, to measure the end of a program that sleeps. */
    usleep(50'000);
    g_results.add("start server" + suffix, round,
                  {{"ms", server_ms}, {"rss", resident_kib(server)}});
    g_results.add("start client" + suffix, round,
                  {{"ms", client_ms}, {"rss", resident_kib(client)}});
    Clock::time_point asked = Clock::now();
    client.signal(SIGINT);
    g_results.add("stop client" + suffix, round, {{"ms", ms_between(asked, client.wait())}});
    asked = Clock::now();
    server.signal(SIGINT);
    g_results.add("stop server" + suffix, round, {{"ms", ms_between(asked, server.wait())}});
}

void measure_idle(Clock::duration time) {
    const Prefix prefix;
    const Prefix other;
    Child server(server_words(prefix, {}), both_cores());
    server.read_until("Ready");
    Child server_alone(server_words(other, {"--stats-interval", "0"}), both_cores());
    server_alone.read_until("Ready");
    Child client(client_words(prefix, {}), both_cores());
    client.read_until("[SYNC] Reply");
    Child client_alone(client_words(other, {"--sync-interval", "0", "--async-interval", "0"}),
                       both_cores());
    client_alone.read_until("Attached");
    usleep(200'000);

    const std::vector<std::pair<const char *, pid_t>> rows = {
        {"idle server", server.pid()},
        {"idle client", client.pid()},
        {"idle server alone", server_alone.pid()},
        {"idle client alone", client_alone.pid()}};
    std::vector<Usage> before;
    const Clock::time_point begin = Clock::now();
    for (const auto &row : rows)
        before.push_back(usage_of(row.second));
    std::this_thread::sleep_for(time);
    for (std::size_t i = 0; i < rows.size(); i++) {
        const Usage after = usage_of(rows[i].second);
        const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
        g_results.add(
            rows[i].first, 0,
            {{"wake-ups", static_cast<double>(after.wake_ups - before[i].wake_ups) / seconds},
             {"cpu", static_cast<double>(after.cpu_ns - before[i].cpu_ns) / 1e9 / seconds * 100},
             {"rss", static_cast<double>(after.rss_kib)}});
    }
    /* The client first, as a person would: without a server it would end with an error. */
    client.end();
    client_alone.end();
}

/* With the placement that has the fastest requests. */
void measure_memory(unsigned long requests) {
    RealServer server({"--quiet"}, Console::lines, batch(both_cores()));
    Child client(client_words(server.prefix(),
                              {"ping", "--flood", "--quiet", "--count", std::to_string(requests)}),
                 batch(only(g_config.b)));
    client.read_until("Attached");
    usleep(300'000); /* by now all code has run once, and the heap has its size */
    const Usage server_before = usage_of(server.process().pid());
    const Usage client_before = usage_of(client.pid());
    Usage client_after = client_before;
    for (std::string line; line.find("[PING]") == std::string::npos && g_stop == 0;) {
        const Usage now = usage_of(client.pid());
        if (now.rss_kib > 0)
            client_after = now; /* the last look while it runs */
        try {
            line = client.read_line(std::chrono::milliseconds(200));
        } catch (const Failure &) {
            if (now.rss_kib == 0)
                throw;
        }
    }
    const Usage server_after = usage_of(server.process().pid());
    const auto row = [&](const char *name, const Usage &before, const Usage &after) {
        g_results.add(name, 0,
                      {{"before", static_cast<double>(before.rss_kib)},
                       {"after", static_cast<double>(after.rss_kib)},
                       {"requests", static_cast<double>(requests)}});
    };
    row("rss server", server_before, server_after);
    row("rss client", client_before, client_after);
    client.wait();
}

}  // namespace

void plan_life() {
    const int rounds = g_config.quick ? 1 : 7;
    for (int round = 0; round < rounds; round++)
        g_plan.push_back({"start and end", round, 1,
                          [=] {
                              end_broadcast();
                              measure_life(round, "", "");
                              if (!g_config.eal_alone.empty())
                                  measure_life(round, g_config.eal_alone, " eal alone");
                              return Slice{};
                          },
                          true});
    g_plan.push_back({"idle", 0, 1,
                      [] {
                          measure_idle(std::chrono::seconds(g_config.quick ? 1 : 6));
                          return Slice{};
                      },
                      true});
    g_plan.push_back({"memory", 0, 1,
                      [] {
                          measure_memory(g_config.quick ? 20'000 : 1'000'000);
                          return Slice{};
                      },
                      true});
}

}  // namespace mp_ipc::bench
