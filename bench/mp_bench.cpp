/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a round trip of DPDK's IPC costs on this machine, beside what it could cost. Everything runs
 * in processes of their own, mp_server and mp_client among them; this program starts them, gives
 * orders and takes the times. Rows that are compared are measured in turn, a short slice of each
 * in every round, and a ratio is that of two slices of the same round: on a machine that does other
 * things as well, only such ratios mean anything. scripts/bench.sh runs it and draws the plots.
 *
 * Google Benchmark runs each slice (manual time: one iteration is one round trip, timed in the
 * process that asked) and writes its own JSON with --benchmark_out; the tables of medians are ours.
 */
#include <benchmark/benchmark.h>

#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <list>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <rte_version.h>

#include "bench/child.h"
#include "bench/results.h"
#include "bench/wire.h"
#include "common.h"
#include "tests/harness/prefix.h"

namespace {

using namespace mp_ipc;
using namespace mp_ipc::bench;
namespace fs = std::filesystem;
using test::Prefix;

struct Config {
    bool quick = false; /* every row once, short: shows that it works, measures nothing */
    std::string out = ".";
    std::string server = MP_SERVER;
    std::string client = MP_CLIENT;
    std::string peer = MP_BENCH_PEER;
    int a = 0; /* the server's core, -l */
    int b = 1; /* the clients' */
};
Config g_config;
Results g_results;
Facts g_facts;
volatile std::sig_atomic_t g_stop = 0;

Place both_cores() {
    return {{g_config.a, g_config.b}, false, ""};
}
Place only(int core) {
    return {{core}, false, ""};
}
/* malloc takes its memory in pages of 2 MiB. The library loses 4 KiB with each asynchronous request
 * of a secondary (before 26.07), so each touches a new page; this shows what that costs.
 */
Place large_pages(Place place) {
    place.environment = "GLIBC_TUNABLES=glibc.malloc.hugetlb=1";
    return place;
}
Place batch(Place place) {
    place.batch = true;
    return place;
}

Words eal_words(const Prefix &prefix, int core) {
    return {"-l", std::to_string(core), "--no-pci", "--file-prefix=" + prefix.name()};
}

Words with(Words words, const Words &more) {
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

Words server_words(const Prefix &prefix, const Words &options) {
    Words words = {g_config.server};
    words = with(words, eal_words(prefix, g_config.a));
    words.emplace_back("--");
    return with(words, options);
}

Words client_words(const Prefix &prefix, const Words &options) {
    Words words = {g_config.client};
    words = with(words, eal_words(prefix, g_config.b));
    words.emplace_back("--");
    return with(words, options);
}

Words driver_words(const Prefix &prefix) {
    return with(eal_words(prefix, g_config.b), {"--proc-type=secondary"});
}

/* ---- what is measured against: a server, real or bare, with its drivers --------------------- */

class RealServer {
  public:
    RealServer(const Words &options, Console console, const Place &place)
        : process_(server_words(prefix_, options), place, console) {
        if (console != Console::read_pipe)
            process_.read_until("Ready");
    }
    const Prefix &prefix() const { return prefix_; }
    Child &process() { return process_; }

  private:
    Prefix prefix_;
    Child process_;
};

class BareServer {
  public:
    explicit BareServer(const Place &place)
        : peer_(g_config.peer, "primary",
                with(eal_words(prefix_, g_config.a), {"--proc-type=primary"}), place) {
        peer_.wait_ready();
    }
    const Prefix &prefix() const { return prefix_; }
    Peer &peer() { return peer_; }

  private:
    Prefix prefix_;
    Peer peer_;
};

std::unique_ptr<Peer> make_driver(const Prefix &prefix, const Place &place) {
    return std::make_unique<Peer>(g_config.peer, "driver", driver_words(prefix), place);
}

Slice slice_of_result(const Peer::Result &result) {
    return slice_of({result.samples.begin(), result.samples.end()},
                    static_cast<double>(result.elapsed_ns) / 1e9);
}

/* Processes of the first part, all idle but for the ones whose turn it is. */
struct RoundTrips {
    std::string echo_path = g_config.out + "/echo.sock";
    std::string zmq_endpoint = "ipc://" + g_config.out + "/zmq.sock";
    Peer echo{g_config.peer, "echo", {echo_path}, only(g_config.a)};
    Peer plain_other{g_config.peer, "plain", {}, only(g_config.b)};
    Peer plain_same{g_config.peer, "plain", {}, only(g_config.a)};
#ifdef MP_IPC_ZMQ
    Peer zmq_echo{g_config.peer, "zmq-echo", {zmq_endpoint}, both_cores()};
    Peer zmq_driver{g_config.peer, "plain", {}, both_cores()};
#endif
    BareServer bare{both_cores()};
    RealServer quiet{{"--quiet"}, Console::lines, both_cores()};
    RealServer file{{}, Console::file, both_cores()};
    RealServer pipe{{}, Console::read_pipe, both_cores()};
    /* EAL's threads run on the cores that -l leaves; where it leaves none, on the main core. */
    BareServer bare_split{only(g_config.a)};
    RealServer quiet_split{{"--quiet"}, Console::lines, only(g_config.a)};
    BareServer bare_batch{batch(both_cores())};
    RealServer quiet_batch{{"--quiet"}, Console::lines, batch(both_cores())};

    std::unique_ptr<Peer> to_bare = make_driver(bare.prefix(), both_cores());
    std::unique_ptr<Peer> to_quiet = make_driver(quiet.prefix(), both_cores());
    std::unique_ptr<Peer> to_file = make_driver(file.prefix(), both_cores());
    std::unique_ptr<Peer> to_pipe = make_driver(pipe.prefix(), both_cores());
    std::unique_ptr<Peer> to_bare_one = make_driver(bare.prefix(), only(g_config.b));
    std::unique_ptr<Peer> to_quiet_one = make_driver(quiet.prefix(), only(g_config.b));
    std::unique_ptr<Peer> to_bare_split = make_driver(bare_split.prefix(), only(g_config.b));
    std::unique_ptr<Peer> to_quiet_split = make_driver(quiet_split.prefix(), only(g_config.b));

    std::unique_ptr<Peer> to_bare_batch = make_driver(bare_batch.prefix(), batch(only(g_config.b)));
    std::unique_ptr<Peer> to_bare_batch_large =
        make_driver(bare_batch.prefix(), large_pages(batch(only(g_config.b))));
    std::unique_ptr<Peer> to_quiet_batch =
        make_driver(quiet_batch.prefix(), batch(only(g_config.b)));

    RoundTrips() {
        echo.wait_ready();
#ifdef MP_IPC_ZMQ
        zmq_echo.wait_ready();
#endif
        to_quiet->wait_ready();
        to_quiet_one->wait_ready();
        to_quiet_split->wait_ready();
        to_quiet_batch->wait_ready();
        const auto place = [](const std::string &row, RealServer &server, Peer &driver) {
            g_facts.placements[row + " server"] = placement_of(server.process().pid());
            g_facts.placements[row + " client"] = placement_of(driver.child().pid());
        };
        place("pair quiet", quiet, *to_quiet);
        place("pair split", quiet_split, *to_quiet_split);
        place("pair one core", quiet, *to_quiet_one);
        place("pair one core batch", quiet_batch, *to_quiet_batch);
    }
};

/* The processes of one part live from its first slice to the first of the next part. */
std::unique_ptr<RoundTrips> g_trips;

Slice run_order(Peer &peer, const std::string &words, unsigned count) {
    return slice_of_result(peer.order(words + " " + std::to_string(count)));
}

/* The same to a bare server, with the thread switches of both sides for each request. */
Slice run_counted(BareServer &server, Peer &driver, unsigned count) {
    const auto switches = [&] {
        return usage_of(server.peer().child().pid()).switches +
               usage_of(driver.child().pid()).switches;
    };
    driver.wait_ready();
    const std::uint64_t before = switches();
    Slice slice = run_order(driver, "sync " + echo_name(0), count);
    slice["switches"] = static_cast<double>(switches() - before) / count;
    return slice;
}

Slice measure_ring(unsigned count) {
    Peer &echo = g_trips->bare.peer();
    echo.begin("ring " + std::to_string(count));
    const Slice slice = run_order(*g_trips->to_bare, "ring", count);
    echo.finish();
    return slice;
}

/* "[PING] time min/median/p99/max = 0.021/0.040/0.061/0.300 ms" */
void read_ping_times(const std::string &line, Slice *slice) {
    double least = 0;
    double p50 = 0;
    double p99 = 0;
    const std::size_t numbers = line.find("= ");
    if (numbers == std::string::npos ||
        std::sscanf(line.c_str() + numbers, "= %lf/%lf/%lf", &least, &p50, &p99) != 3)
        throw Failure("mp_client printed: " + line);
    (*slice)["p50"] = p50 * 1000;
    (*slice)["p99"] = p99 * 1000;
}

/* The real mp_client, from its line "Attached" to its totals. */
Slice measure_ping(unsigned count) {
    Child client(client_words(g_trips->quiet.prefix(),
                              {"ping", "--flood", "--quiet", "--count", std::to_string(count)}),
                 both_cores());
    client.read_until("Attached");
    const Clock::time_point begin = Clock::now();
    const std::string totals = client.read_until("sent");
    const double elapsed = std::chrono::duration<double>(Clock::now() - begin).count();
    Slice slice;
    read_ping_times(client.read_line(), &slice);
    if (totals.find(std::to_string(count) + " answered") == std::string::npos)
        throw Failure("mp_client printed: " + totals);
    slice["mean"] = elapsed * 1e6 / count;
    slice["rate"] = count / elapsed;
    client.wait();
    return slice;
}

/* ---- clients at once ------------------------------------------------------------------------ */

struct Crowd {
    BareServer bare{both_cores()};
    RealServer pair{{"--quiet"}, Console::lines, both_cores()};
    std::vector<std::unique_ptr<Peer>> to_bare;
    std::vector<std::unique_ptr<Peer>> to_pair;

    void grow(std::size_t size) {
        while (to_bare.size() < size) {
            to_bare.push_back(make_driver(bare.prefix(), both_cores()));
            to_pair.push_back(make_driver(pair.prefix(), both_cores()));
            if (to_bare.size() % 4 == 0 || to_bare.size() == size) { /* as many start at once */
                for (std::size_t i = 0; i < to_bare.size(); i++) {
                    to_bare[i]->wait_ready();
                    to_pair[i]->wait_ready();
                }
            }
        }
    }
};
std::unique_ptr<Crowd> g_crowd;

Slice measure_crowd(bool real, int size, Clock::duration time) {
    g_crowd->grow(static_cast<std::size_t>(size));
    auto &drivers = real ? g_crowd->to_pair : g_crowd->to_bare;
    /* std::chrono::steady_clock is CLOCK_MONOTONIC, the same for all processes. */
    const auto begin = Clock::now() + std::chrono::milliseconds(10);
    const auto end = begin + time;
    const std::string order = std::string("until ") + (real ? kMsgHelloSync : "bench_echo_0") +
                              " " + std::to_string(begin.time_since_epoch().count()) + " " +
                              std::to_string(end.time_since_epoch().count());
    for (int i = 0; i < size; i++)
        drivers[static_cast<std::size_t>(i)]->begin(order);
    std::vector<std::uint32_t> samples;
    std::vector<double> counts;
    double longest = 0;
    for (int i = 0; i < size; i++) {
        const Peer::Result result = drivers[static_cast<std::size_t>(i)]->finish();
        samples.insert(samples.end(), result.samples.begin(), result.samples.end());
        counts.push_back(static_cast<double>(result.count));
        longest = std::max(longest, static_cast<double>(result.elapsed_ns) / 1e9);
    }
    Slice slice = slice_of(std::move(samples), longest);
    slice["least/most"] = *std::min_element(counts.begin(), counts.end()) /
                          std::max(1.0, *std::max_element(counts.begin(), counts.end()));
    return slice;
}

/* ---- broadcast ------------------------------------------------------------------------------ */

/* A bare primary that asks real clients what mp_server --broadcast asks them. */
struct Audience {
    BareServer primary{both_cores()};
    std::list<Child> clients;

    void grow(std::size_t size) {
        while (clients.size() < size) {
            clients.emplace_back(
                client_words(primary.prefix(),
                             {"--sync-interval", "0", "--async-interval", "0", "--quiet"}),
                both_cores());
            clients.back().read_until("Attached");
        }
    }
};
std::unique_ptr<Audience> g_audience;

Slice measure_broadcast(const std::string &kind, int size, unsigned count) {
    g_audience->grow(static_cast<std::size_t>(size));
    return run_order(g_audience->primary.peer(), "broadcast-" + kind + " " + std::to_string(size),
                     count);
}

/* ---- start, end, idle, memory --------------------------------------------------------------- */

double ms_between(Clock::time_point from, Clock::time_point to) {
    return std::chrono::duration<double, std::milli>(to - from).count();
}

/* One life of a pair: four rows at once. */
void measure_life(int round) {
    const Prefix prefix;
    Child server(server_words(prefix, {}), both_cores());
    server.read_until("Ready");
    g_results.add("start server", round, {{"ms", ms_between(server.started(), Clock::now())}});
    Child client(client_words(prefix, {}), both_cores());
    client.read_until("[SYNC] Reply");
    g_results.add("start client", round, {{"ms", ms_between(client.started(), Clock::now())}});
    /* Let it come to rest: the end is to be that of a program that sleeps. */
    usleep(50'000);
    Clock::time_point asked = Clock::now();
    client.signal(SIGINT);
    g_results.add("stop client", round, {{"ms", ms_between(asked, client.wait())}});
    asked = Clock::now();
    server.signal(SIGINT);
    g_results.add("stop server", round, {{"ms", ms_between(asked, server.wait())}});
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
    /* Clients first, as a person would: a client without a server ends with an error. */
    client.end();
    client_alone.end();
}

/* By the placement with which a request is fastest. */
void measure_memory(unsigned long requests) {
    RealServer server({"--quiet"}, Console::lines, batch(both_cores()));
    Child client(client_words(server.prefix(),
                              {"ping", "--flood", "--quiet", "--count", std::to_string(requests)}),
                 batch(only(g_config.b)));
    client.read_until("Attached");
    usleep(300'000); /* all code has been run and all of the heap that is kept is there */
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

/* ---- the plan ------------------------------------------------------------------------------- */

/* What Google Benchmark runs: in this order, each once. */
struct Step {
    std::string row;
    int round;
    std::int64_t iterations;
    std::function<Slice()> measure;
    bool several = false; /* it adds rows by itself */
};
std::vector<Step> g_plan;

void plan_round_trips() {
    struct Row {
        const char *name;
        unsigned count;
        std::function<Slice(unsigned)> measure;
    };
    const auto sync = [](std::unique_ptr<Peer> RoundTrips::*driver, const std::string &name) {
        return
            [=](unsigned count) { return run_order(*((*g_trips).*driver), "sync " + name, count); };
    };
    const auto async = [](int names, std::unique_ptr<Peer> RoundTrips::*driver) {
        return [=](unsigned count) {
            return run_order(*((*g_trips).*driver), "async " + std::to_string(names), count);
        };
    };
    const auto counted = [](BareServer RoundTrips::*server,
                            std::unique_ptr<Peer> RoundTrips::*driver) {
        return [=](unsigned count) {
            return run_counted((*g_trips).*server, *((*g_trips).*driver), count);
        };
    };
    const std::string hello = kMsgHelloSync;
    std::vector<Row> rows = {
        {"floor", 3000,
         [](unsigned n) {
             return run_order(g_trips->plain_other, "echo " + g_trips->echo_path, n);
         }},
        {"floor one core", 5000,
         [](unsigned n) {
             return run_order(g_trips->plain_same, "echo " + g_trips->echo_path, n);
         }},
        {"ring", 50000, measure_ring},
        {"bare", 2000, counted(&RoundTrips::bare, &RoundTrips::to_bare)},
        {"pair quiet", 2000, sync(&RoundTrips::to_quiet, hello)},
        {"pair file", 2000, sync(&RoundTrips::to_file, hello)},
        {"pair pipe", 2000, sync(&RoundTrips::to_pipe, hello)},
        {"ping", 2000, measure_ping},
        {"bare split", 2000, counted(&RoundTrips::bare_split, &RoundTrips::to_bare_split)},
        {"pair split", 2000, sync(&RoundTrips::to_quiet_split, hello)},
        {"bare one core", 3000, counted(&RoundTrips::bare, &RoundTrips::to_bare_one)},
        {"pair one core", 3000, sync(&RoundTrips::to_quiet_one, hello)},
        {"bare one core batch", 3000, counted(&RoundTrips::bare_batch, &RoundTrips::to_bare_batch)},
        {"pair one core batch", 3000, sync(&RoundTrips::to_quiet_batch, hello)},
        {"async 1", 600, async(1, &RoundTrips::to_bare)},
        {"async 2", 600, async(2, &RoundTrips::to_bare)},
        {"async 4", 1000, async(4, &RoundTrips::to_bare)},
        {"async 8", 1000, async(8, &RoundTrips::to_bare)},
        {"async 1 recipe", 1000, async(1, &RoundTrips::to_bare_batch)},
        {"async 1 recipe large", 1000, async(1, &RoundTrips::to_bare_batch_large)},
        {"telemetry", 2000,
         [](unsigned n) {
             /* EAL's telemetry thread runs where its IPC thread does: on the other core. */
             return run_order(g_trips->plain_same,
                              "telemetry " + g_trips->bare.prefix().dir() + "/dpdk_telemetry.v2",
                              n);
         }},
#ifdef MP_IPC_ZMQ
        {"zeromq", 1500,
         [](unsigned n) {
             return run_order(g_trips->zmq_driver, "zmq " + g_trips->zmq_endpoint, n);
         }},
#endif
    };
#ifndef MP_IPC_ZMQ
    g_facts.left_out.emplace_back("ZeroMQ", "libzmq was not there when this was built");
#endif
    const int rounds = g_config.quick ? 1 : 15;
    std::minstd_rand random(1); /* the order changes from round to round, not from run to run */
    for (int round = 0; round < rounds; round++) {
        std::shuffle(rows.begin(), rows.end(), random);
        for (const Row &row : rows) {
            const unsigned count = g_config.quick ? std::max(row.count / 10, 50U) : row.count;
            g_plan.push_back({row.name, round, count, [measure = row.measure, count] {
                                  if (!g_trips)
                                      g_trips = std::make_unique<RoundTrips>();
                                  return measure(count);
                              }});
        }
    }
}

void plan_crowd() {
    g_facts.clients = {1, 2, 4, 8, 16, 32};
    const int rounds = g_config.quick ? 1 : 7;
    const auto time = std::chrono::milliseconds(g_config.quick ? 30 : 120);
    for (const int size : g_facts.clients) {
        for (int round = 0; round < rounds; round++) {
            for (const bool real : {round % 2 == 0, round % 2 != 0})
                g_plan.push_back(
                    {std::string("clients ") + (real ? "pair " : "bare ") + std::to_string(size),
                     round, 1, [=] {
                         g_trips.reset();
                         if (!g_crowd)
                             g_crowd = std::make_unique<Crowd>();
                         return measure_crowd(real, size, time);
                     }});
        }
    }
}

void plan_broadcast() {
    g_facts.broadcast = {1, 4, 16};
    const int rounds = g_config.quick ? 1 : 5;
    const unsigned count = g_config.quick ? 10 : 60;
    for (const int size : g_facts.broadcast) {
        for (int round = 0; round < rounds; round++) {
            for (const char *kind : {"sync", "async"})
                g_plan.push_back({std::string("broadcast ") + kind + " " + std::to_string(size),
                                  round, count, [=] {
                                      g_crowd.reset();
                                      if (!g_audience)
                                          g_audience = std::make_unique<Audience>();
                                      return measure_broadcast(kind, size, count);
                                  }});
        }
    }
}

void plan_life() {
    const int rounds = g_config.quick ? 1 : 7;
    for (int round = 0; round < rounds; round++)
        g_plan.push_back({"start and end", round, 1,
                          [=] {
                              g_audience.reset();
                              measure_life(round);
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

/* ---- running it ----------------------------------------------------------------------------- */

/* One slice. The samples themselves are in the peer's memory; what Google Benchmark is given as the
 * time of an iteration is their mean, since it reports no more of a run than their sum.
 */
void run_step(benchmark::State &state, const Step &step) {
    Slice slice;
    try {
        if (g_stop != 0)
            throw Failure("interrupted");
        /* A machine that cannot start the servers fails them all, each after its own wait. */
        constexpr std::size_t kMostFailures = 5;
        if (g_facts.failures.size() >= kMostFailures)
            throw Failure("not tried: too much has failed");
        slice = step.measure();
        if (slice.empty() && !step.several)
            throw Failure("nothing was measured");
    } catch (const std::exception &error) {
        g_facts.failures.emplace_back(step.row, error.what());
        state.SkipWithError(error.what());
        for (auto _ : state) {
        }
        return;
    }
    const double mean = slice.contains("mean") ? slice["mean"] / 1e6 : 0;
    for (auto _ : state)
        state.SetIterationTime(mean);
    for (const auto &[figure, value] : slice)
        state.counters[figure] = value;
    if (!slice.empty())
        g_results.add(step.row, step.round, slice);
}

/* A line that says how far it is, in place on a terminal and now and then into a file. */
class Progress : public benchmark::BenchmarkReporter {
  public:
    bool ReportContext(const Context & /*context*/) override { return true; }
    void ReportRuns(const std::vector<Run> &runs) override {
        done_++;
        const std::size_t percent = 100 * done_ / g_plan.size();
        for (const Run &run : runs) {
            if (run.error_occurred && g_stop == 0)
                std::fprintf(stderr, "\nmp_bench: %s: %s\n", run.benchmark_name().c_str(),
                             run.error_message.c_str());
        }
        if (terminal_)
            std::fprintf(stderr, "\r%3zu %%  %-40.40s", percent,
                         runs[0].run_name.function_name.c_str());
        else if (percent / 10 != last_ / 10)
            std::fprintf(stderr, "%3zu %%  %s\n", percent, runs[0].run_name.function_name.c_str());
        last_ = percent;
    }
    void Finalize() override {
        if (terminal_)
            std::fprintf(stderr, "\r%-50s\r", "");
    }

  private:
    bool terminal_ = isatty(STDERR_FILENO) == 1;
    std::size_t done_ = 0;
    std::size_t last_ = 0;
};

void find_machine() {
    utsname name = {};
    uname(&name);
    std::string model = "?";
    std::ifstream cpuinfo("/proc/cpuinfo");
    for (std::string line; std::getline(cpuinfo, line);) {
        if (line.starts_with("model name")) {
            model = line.substr(line.find(':') + 2);
            break;
        }
    }
    std::string system = "?";
    std::ifstream release("/etc/os-release");
    for (std::string line; std::getline(release, line);) {
        if (line.starts_with("PRETTY_NAME="))
            system = line.substr(13, line.size() - 14);
    }
    std::ifstream governor("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
    std::string clocking = "none seen (a virtual machine?)";
    std::getline(governor, clocking);
    std::string load = "?";
    std::ifstream("/proc/loadavg") >> load;
    char date[32] = "";
    const std::time_t now = std::time(nullptr);
    std::strftime(date, sizeof(date), "%Y-%m-%d %H:%M UTC", std::gmtime(&now));
    g_facts.machine = {
        {"processor", model + ", " + std::to_string(sysconf(_SC_NPROCESSORS_ONLN)) + " cores"},
        {"used", "core " + std::to_string(g_config.a) + " (server's `-l`) and core " +
                     std::to_string(g_config.b) + " (clients' `-l`)"},
        {"frequency governor", clocking},
        {"load before the run", load + " (over 0.5, the times are those of a busy machine)"},
        {"kernel", std::string(name.sysname) + " " + name.release},
        {"system", system},
        {"library", rte_version()},
        {"compiler", std::string("C++ compiler ") + __VERSION__},
        {"date", date}};
}

/* The two cores to use, out of those that this process may use. */
bool find_cores(const std::string &wanted) {
    cpu_set_t mine;
    if (sched_getaffinity(0, sizeof(mine), &mine) != 0)
        return false;
    const auto usable = [&](int core) {
        return core >= 0 && core < CPU_SETSIZE && CPU_ISSET(static_cast<std::size_t>(core), &mine);
    };
    if (!wanted.empty())
        return std::sscanf(wanted.c_str(), "%d,%d", &g_config.a, &g_config.b) == 2 &&
               g_config.a != g_config.b && usable(g_config.a) && usable(g_config.b);
    std::vector<int> cores;
    for (int core = 0; core < CPU_SETSIZE; core++) {
        if (usable(core))
            cores.push_back(core);
    }
    if (cores.size() < 2)
        return false;
    g_config.a = cores[0];
    g_config.b = cores[1];
    return true;
}

/* Our own options; Google Benchmark has taken its own out. */
bool read_options(int argc, char **argv) {
    std::string cores;
    for (int i = 1; i < argc; i++) {
        const std::string word = argv[i];
        const auto value = [&](const char *name) {
            const std::string start = std::string(name) + "=";
            return word.starts_with(start) ? word.substr(start.size()) : std::string();
        };
        if (word == "--quick")
            g_config.quick = true;
        else if (!value("--out").empty())
            g_config.out = fs::absolute(value("--out"));
        else if (!value("--cores").empty())
            cores = value("--cores");
        else {
            std::fprintf(stderr,
                         "Usage: mp_bench [--quick] [--out=DIR] [--cores=A,B] [--benchmark_...]\n"
                         "  --quick      every row once and short: shows that it works\n"
                         "  --out=DIR    where the tables, figures and logs go (.)\n"
                         "  --cores=A,B  the cores of the servers and of the clients\n");
            return false;
        }
    }
    if (!find_cores(cores)) {
        std::fprintf(stderr, "mp_bench: two cores of this process are needed: --cores=A,B\n");
        return false;
    }
    return true;
}

void write_file(const std::string &name, const std::string &text) {
    std::ofstream(g_config.out + "/" + name) << text;
}

}  // namespace

int main(int argc, char **argv) {
    benchmark::Initialize(&argc, argv);
    if (!read_options(argc, argv))
        return 2;
    fs::create_directories(g_config.out);
    fs::remove(g_config.out + "/stderr.txt");
    set_log_directory(g_config.out);
    std::signal(SIGPIPE, SIG_IGN);
    struct sigaction action = {};
    action.sa_handler = [](int) { g_stop = 1; };
    for (const int number : {SIGINT, SIGTERM})
        sigaction(number, &action, nullptr); /* no SA_RESTART: poll() returns */

    g_facts.quick = g_config.quick;
    find_machine();
    plan_round_trips();
    plan_crowd();
    plan_broadcast();
    plan_life();
    for (const Step &step : g_plan)
        benchmark::RegisterBenchmark((step.row + "/round:" + std::to_string(step.round)).c_str(),
                                     [&step](benchmark::State &state) { run_step(state, step); })
            ->Iterations(step.iterations)
            ->UseManualTime()
            ->Unit(benchmark::kMicrosecond);
    Progress progress;
    benchmark::RunSpecifiedBenchmarks(&progress);
    g_trips.reset();
    g_crowd.reset();
    g_audience.reset();
    if (g_stop != 0) {
        std::fprintf(stderr, "\nmp_bench: interrupted\n");
        return 1;
    }

    write_file("bench.md", markdown(g_results, g_facts));
    write_file("bench.json", json(g_results, g_facts));
    write_file("latency.dat", latency_data(g_results));
    write_file("clients.dat", clients_data(g_results, g_facts));
    std::cout << markdown(g_results, g_facts);
    return g_facts.failures.empty() ? 0 : 1;
}
