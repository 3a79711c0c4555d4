/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What mp_bench does, in steps, and the results. Each part of the plan is a file: it appends its
 * steps to those of the earlier parts, and owns the processes that they share. These run from the
 * part's first slice to the first slice of the next part.
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
    bool several = false; /* it adds its rows itself */
};
extern std::vector<Step> g_plan;
extern Results g_results;
extern Facts g_facts;
extern volatile std::sig_atomic_t g_stop; /* set by SIGINT and SIGTERM */

void plan_round_trips(); /* round_trips.cpp: the latency of one request at a time */
void end_round_trips();
void plan_crowd(); /* crowd.cpp: clients at once */
void end_crowd();
void plan_broadcast(); /* broadcast.cpp */
void end_broadcast();
void plan_life(); /* life.cpp: start, end, idle, memory; each step has its own processes */

void plan_scale(); /* scale.cpp: instead of all of these */

/* In crowd.cpp and broadcast.cpp, also for the scale: each starts the processes that it lacks. */
Slice measure_crowd(bool real, int size, Clock::duration time);
Slice measure_broadcast(const std::string &kind, int size, unsigned count);

/* Shows the progress of a long step, in place on a terminal. */
void note_progress(const std::string &text);

}  // namespace mp_ipc::bench
