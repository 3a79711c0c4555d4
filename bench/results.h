/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What was measured, by row and round, and the results: medians over the rounds, and ratios of
 * figures of the same round, so that a machine that is slow for a while is slow for both sides of a
 * ratio. Pure.
 */
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace mp_ipc::bench {

double median(std::vector<double> values);

/* One row in one round: figures by name ("p50", "p99", "mean" in µs, "rate" in 1/s, …). */
using Slice = std::map<std::string, double>;

/* The figures of single times and of all of them together. Sorts the samples. */
Slice slice_of(std::vector<std::uint32_t> samples_ns, double elapsed_s);

class Results {
  public:
    void add(const std::string &row, int round, const Slice &slice);
    bool has(const std::string &row) const { return rows_.contains(row); }
    int rounds(const std::string &row) const;
    /* Median over the rounds; NaN: none was measured. */
    double get(const std::string &row, const std::string &figure) const;
    /* The largest of all rounds; NaN: none was measured. */
    double most(const std::string &row, const std::string &figure) const;
    /* Median over the rounds of figure(row) / base_figure(base) in the same round. */
    double ratio(const std::string &row, const std::string &base, const std::string &figure) const;
    const std::map<std::string, std::map<int, Slice>> &rows() const { return rows_; }

  private:
    std::map<std::string, std::map<int, Slice>> rows_;
};

/* A figure that must be reached. */
struct Goal {
    std::string what;
    double measured;
    double bound;
    bool at_least; /* otherwise at most */
    int decimals;
    bool met() const { return at_least ? measured >= bound : measured <= bound; }
};
std::vector<Goal> goals_of(const Results &results);

/* Placements, and other facts that the figures do not have. */
struct Facts {
    bool quick = false; /* the figures are not a measurement */
    std::vector<std::pair<std::string, std::string>> machine;  /* what, value */
    std::map<std::string, std::string> placements;             /* of a row */
    std::vector<std::pair<std::string, std::string>> left_out; /* row, why */
    std::vector<std::pair<std::string, std::string>> failures; /* row, why */
    std::vector<int> clients;                                  /* sizes that were measured */
    std::vector<int> broadcast;
    std::map<int, std::string> heaps; /* of the server, by the number of clients */
};

/* Everything as Markdown tables. */
std::string markdown(const Results &results, const Facts &facts);
/* The same figures for programs. */
std::string json(const Results &results, const Facts &facts, const std::vector<Goal> &goals);
/* What gnuplot reads: lines of "name"<tab>figures. */
std::string latency_data(const Results &results);
std::string clients_data(const Results &results, const Facts &facts);
/* The same for a run of the scale: scale_tables.cpp. */
std::string scale_markdown(const Results &results, const Facts &facts);
std::string scale_data(const Results &results, const Facts &facts);
std::vector<Goal> scale_goals_of(const Results &results, const Facts &facts);

}  // namespace mp_ipc::bench
