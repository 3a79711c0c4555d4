/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The second part of the plan: clients that ask at once, of a bare server and of the real one.
 */
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bench/options.h"
#include "bench/plan.h"
#include "bench/servers.h"
#include "common.h"

namespace mp_ipc::bench {
namespace {

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

}  // namespace

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
                         end_round_trips();
                         if (!g_crowd)
                             g_crowd = std::make_unique<Crowd>();
                         return measure_crowd(real, size, time);
                     }});
        }
    }
}

void end_crowd() {
    g_crowd.reset();
}

}  // namespace mp_ipc::bench
