/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The first part of the plan: what one round trip of the pair and of all alternatives costs, in
 * every placement of the processes. All rows are measured in turn, a slice of each in every round.
 */
#include <algorithm>
#include <cstdio>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "bench/options.h"
#include "bench/plan.h"
#include "bench/servers.h"
#include "bench/wire.h"
#include "common.h"

namespace mp_ipc::bench {
namespace {

/* The processes of this part, all idle except those whose turn it is. */
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
    /* EAL's threads run on the cores that -l does not name; if there are none, on the main core. */
    BareServer bare_split{only(g_config.a)};
    RealServer quiet_split{{"--quiet"}, Console::lines, only(g_config.a)};
    BareServer bare_batch{batch(both_cores())};
    RealServer quiet_batch{{"--quiet"}, Console::lines, batch(both_cores())};
    std::string ipc_core = std::to_string(g_config.b);
    RealServer quiet_ipc_core{{"--quiet", "--ipc-core", ipc_core}, Console::lines, both_cores()};

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
    std::unique_ptr<Peer> to_quiet_ipc_core = make_driver(quiet_ipc_core.prefix(), both_cores());

    RoundTrips() {
        echo.wait_ready();
#ifdef MP_IPC_ZMQ
        zmq_echo.wait_ready();
#endif
        to_quiet->wait_ready();
        to_quiet_one->wait_ready();
        to_quiet_split->wait_ready();
        to_quiet_batch->wait_ready();
        to_quiet_ipc_core->order("ipc-core " + ipc_core);
        const auto place = [](const std::string &row, RealServer &server, Peer &driver) {
            g_facts.placements[row + " server"] = placement_of(server.process().pid());
            g_facts.placements[row + " client"] = placement_of(driver.child().pid());
        };
        place("pair quiet", quiet, *to_quiet);
        place("pair split", quiet_split, *to_quiet_split);
        place("pair one core", quiet, *to_quiet_one);
        place("pair one core batch", quiet_batch, *to_quiet_batch);
        place("pair ipc core", quiet_ipc_core, *to_quiet_ipc_core);
    }
};
std::unique_ptr<RoundTrips> g_trips;

/* The same with a bare server, and with the thread switches of both sides per request. */
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

}  // namespace

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
        {"pair ipc core", 3000, sync(&RoundTrips::to_quiet_ipc_core, hello)},
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

void end_round_trips() {
    g_trips.reset();
}

}  // namespace mp_ipc::bench
