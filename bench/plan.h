/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What mp_bench does, in steps, and what has come of it. A part of the plan is a file: it puts its
 * steps behind those of the part before it, and keeps the processes that they share. These live
 * from the part's first slice to the first of the next part.
 */
#pragma once

#include <csignal>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "bench/child.h"
#include "bench/results.h"

namespace mp_ipc::bench {

/* What Google Benchmark runs: in this order, each once. */
struct Step {
    std::string row;
    int round;
    std::int64_t iterations;
    std::function<Slice()> measure;
    bool several = false; /* it adds rows by itself */
};
extern std::vector<Step> g_plan;
extern Results g_results;
extern Facts g_facts;
extern volatile std::sig_atomic_t g_stop; /* SIGINT or SIGTERM came */

void plan_round_trips(); /* round_trips.cpp: the latency of one request at a time */
void end_round_trips();
void plan_crowd(); /* crowd.cpp: clients at once */
void end_crowd();
void plan_broadcast(); /* broadcast.cpp */
void end_broadcast();
void plan_life(); /* life.cpp: start, end, idle, memory; each step has its own processes */

void plan_scale(); /* scale.cpp: instead of all of these */

/* Of crowd.cpp and broadcast.cpp, for the scale too: each starts what is missing. */
Slice measure_crowd(bool real, int size, Clock::duration time);
Slice measure_broadcast(const std::string &kind, int size, unsigned count);

/* How far a long step is, in place on a terminal. */
void note_progress(const std::string &text);

}  // namespace mp_ipc::bench
