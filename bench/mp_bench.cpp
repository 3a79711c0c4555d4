/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Measures what a round trip of DPDK's IPC costs on this machine, and what alternatives cost. What
 * is measured runs in processes of its own, among them mp_server and mp_client; this program starts
 * them, gives orders and takes the times. Rows that are compared are measured in turn, a short
 * slice of each in every round, and a ratio is of two slices of the same round: on a machine that
 * is not idle only such ratios are meaningful. scripts/bench.sh runs it and draws the plots.
 *
 * Google Benchmark runs each slice (manual time: one iteration is one round trip, timed in the
 * process that asked) and writes its own JSON with --benchmark_out; the tables of medians are ours.
 */
#include <benchmark/benchmark.h>

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "bench/child.h"
#include "bench/machine.h"
#include "bench/options.h"
#include "bench/plan.h"
#include "bench/results.h"

namespace mp_ipc::bench {

std::vector<Step> g_plan;
Results g_results;
Facts g_facts;
volatile std::sig_atomic_t g_stop = 0;

void note_progress(const std::string &text) {
    if (isatty(STDERR_FILENO) == 1)
        std::fprintf(stderr, "\r       %-44.44s", text.c_str());
}

}  // namespace mp_ipc::bench

namespace {

using namespace mp_ipc::bench;
namespace fs = std::filesystem;

/* One slice. The samples themselves are in the peer's memory. Google Benchmark gets their mean as
 * the time of an iteration, since it only reports the sum of a run.
 */
void run_step(benchmark::State &state, const Step &step) {
    Slice slice;
    try {
        if (g_stop != 0)
            throw Failure("interrupted");
        /* On a machine that cannot start the servers all steps fail, each after its own wait. */
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

/* A progress line: rewritten in place on a terminal, printed now and then into a file. */
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
    g_facts.machine = look_at_machine();
    if (g_config.scale) {
        plan_scale();
    } else {
        plan_round_trips();
        plan_crowd();
        plan_broadcast();
        plan_life();
    }
    for (const Step &step : g_plan)
        benchmark::RegisterBenchmark((step.row + "/round:" + std::to_string(step.round)).c_str(),
                                     [&step](benchmark::State &state) { run_step(state, step); })
            ->Iterations(step.iterations)
            ->UseManualTime()
            ->Unit(benchmark::kMicrosecond);
    Progress progress;
    benchmark::RunSpecifiedBenchmarks(&progress);
    end_round_trips();
    end_crowd();
    end_broadcast();
    if (g_stop != 0) {
        std::fprintf(stderr, "\nmp_bench: interrupted\n");
        return 1;
    }

    if (g_config.scale) {
        write_file("scale.md", scale_markdown(g_results, g_facts));
        write_file("scale.json", json(g_results, g_facts, scale_goals_of(g_results, g_facts)));
        write_file("scale.dat", scale_data(g_results, g_facts));
        return g_facts.failures.empty() ? 0 : 1;
    }
    write_file("bench.md", markdown(g_results, g_facts));
    write_file("bench.json", json(g_results, g_facts, goals_of(g_results)));
    write_file("latency.dat", latency_data(g_results));
    write_file("clients.dat", clients_data(g_results, g_facts));
    std::cout << markdown(g_results, g_facts);
    return g_facts.failures.empty() ? 0 : 1;
}
