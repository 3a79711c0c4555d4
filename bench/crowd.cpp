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

    std::vector<std::unique_ptr<Peer>> &drivers(bool real, std::size_t size) {
        auto &those = real ? to_pair : to_bare;
        while (those.size() < size) {
            those.push_back(make_driver(real ? pair.prefix() : bare.prefix(), both_cores()));
            if (those.size() % 8 == 0 || those.size() == size) { /* so many start at once */
                for (const auto &driver : those)
                    driver->wait_ready();
                note_progress(std::to_string(those.size()) + " of " + std::to_string(size));
            }
        }
        return those;
    }
};
std::unique_ptr<Crowd> g_crowd;

}  // namespace

Slice measure_crowd(bool real, int size, Clock::duration time) {
    if (!g_crowd)
        g_crowd = std::make_unique<Crowd>();
    auto &drivers = g_crowd->drivers(real, static_cast<std::size_t>(size));
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
                         return measure_crowd(real, size, time);
                     }});
        }
    }
}

void end_crowd() {
    g_crowd.reset();
}

}  // namespace mp_ipc::bench
