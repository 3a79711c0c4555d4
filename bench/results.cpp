/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/results.h"

#include <algorithm>
#include <cmath>

#include "bench/tables.h"
#include "support/console/console.h"

namespace mp_ipc::bench {
namespace {

std::string quoted(const std::string &text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\')
            out += '\\';
        out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
    return out + '"';
}

std::string json_number(double value) {
    return std::isnan(value) ? "null" : fixed(value, 4);
}

}  // namespace

double median(std::vector<double> values) {
    std::erase_if(values, [](double value) { return std::isnan(value); });
    if (values.empty())
        return kNone;
    std::sort(values.begin(), values.end());
    const std::size_t half = values.size() / 2;
    return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

Slice slice_of(std::vector<std::uint32_t> samples_ns, double elapsed_s) {
    Slice slice;
    const auto count = static_cast<double>(samples_ns.size());
    if (samples_ns.empty() || elapsed_s <= 0)
        return slice;
    std::sort(samples_ns.begin(), samples_ns.end());
    const auto at = [&](double part) {
        return samples_ns[static_cast<std::size_t>(part * (count - 1))] / 1000.0;
    };
    slice["p50"] = at(0.5);
    slice["p99"] = at(0.99);
    slice["mean"] = elapsed_s * 1e6 / count;
    slice["rate"] = count / elapsed_s;
    return slice;
}

/* ---- Results -------------------------------------------------------------------------------- */

void Results::add(const std::string &row, int round, const Slice &slice) {
    rows_[row][round] = slice;
}

int Results::rounds(const std::string &row) const {
    const auto it = rows_.find(row);
    return it == rows_.end() ? 0 : static_cast<int>(it->second.size());
}

double Results::get(const std::string &row, const std::string &figure) const {
    std::vector<double> values;
    if (const auto it = rows_.find(row); it != rows_.end()) {
        for (const auto &[round, slice] : it->second) {
            if (const auto value = slice.find(figure); value != slice.end())
                values.push_back(value->second);
        }
    }
    return median(values);
}

double Results::most(const std::string &row, const std::string &figure) const {
    double most = kNone;
    if (const auto it = rows_.find(row); it != rows_.end()) {
        for (const auto &[round, slice] : it->second) {
            if (const auto value = slice.find(figure); value != slice.end())
                most = std::isnan(most) ? value->second : std::max(most, value->second);
        }
    }
    return most;
}

double Results::ratio(const std::string &row, const std::string &base,
                      const std::string &figure) const {
    const auto above = rows_.find(row);
    const auto below = rows_.find(base);
    std::vector<double> ratios;
    if (above != rows_.end() && below != rows_.end()) {
        for (const auto &[round, slice] : above->second) {
            const auto other = below->second.find(round);
            if (other != below->second.end() && slice.contains(figure) &&
                other->second.contains(figure))
                ratios.push_back(slice.at(figure) / other->second.at(figure));
        }
    }
    return median(ratios);
}

std::vector<Goal> goals_of(const Results &r) {
    std::vector<Goal> goals = {
        {"pair quiet ÷ bare", r.ratio("pair quiet", "bare", "p50"), 1.03, false, 3},
        {"pair quiet ÷ bare, on one core by the recipe",
         r.ratio("pair one core batch", "bare one core batch", "p50"), 1.03, false, 3},
        {"pair talking to a file ÷ bare", r.ratio("pair file", "bare", "p50"), 1.15, false, 3},
        {"ping ÷ bare", r.ratio("ping", "bare", "p50"), 1.03, false, 3},
        {"bare ÷ floor, two cores", r.ratio("bare", "floor", "p50"), 1.6, false, 2},
        {"pair quiet ÷ floor, two cores", r.ratio("pair quiet", "floor", "p50"), 1.6, false, 2},
        {"bare by the recipe ÷ floor on two cores", r.ratio("bare one core batch", "floor", "p50"),
         1.0, false, 2},
        {"pair by the recipe ÷ floor on two cores", r.ratio("pair one core batch", "floor", "p50"),
         1.0, false, 2},
        {"pair by `--ipc-core` ÷ floor on two cores", r.ratio("pair ipc core", "floor", "p50"), 1.0,
         false, 2},
        {"pair by `--ipc-core` ÷ pair by the recipe",
         r.ratio("pair ipc core", "pair one core batch", "p50"), 1.1, false, 2},
        {"32 clients: pair ÷ bare, rate", r.ratio("clients pair 32", "clients bare 32", "rate"),
         0.95, true, 3},
        {"start to first reply, s", r.get("start client", "ms") / 1000, 0.15, false, 3},
        {"idle server, wake-ups a second", r.get("idle server alone", "wake-ups"), 2, false, 2},
        {"idle client, wake-ups a second", r.get("idle client alone", "wake-ups"), 2, false, 2},
        {"idle server, CPU %", r.get("idle server", "cpu"), 0.05, false, 2},
        {"idle client, CPU %", r.get("idle client", "cpu"), 0.05, false, 2},
    };
    for (const char *side : {"server", "client"}) {
        const std::string row = std::string("start ") + side;
        const std::string what = std::string("EAL alone ÷ all libraries: ") + side;
        if (!r.has(row + " eal alone"))
            continue;
        goals.push_back({what + ", start", r.ratio(row + " eal alone", row, "ms"), 0.5, false, 2});
        goals.push_back(
            {what + ", resident", r.ratio(row + " eal alone", row, "rss"), 0.4, false, 2});
    }
    for (const char *row : {"rss server", "rss client"})
        goals.push_back({std::string("RSS of ") + (row + 4) + ", growth over " +
                             grouped(r.get(row, "requests")) + " requests, KiB",
                         r.get(row, "after") - r.get(row, "before"), 256, false, 0});
    return goals;
}

std::string json(const Results &results, const Facts &facts, const std::vector<Goal> &goals) {
    std::string text =
        std::string("{\n  \"quick\": ") + (facts.quick ? "true" : "false") + ",\n  \"machine\": {";
    const char *comma = "";
    for (const auto &[what, value] : facts.machine) {
        text += comma + std::string("\n    ") + quoted(what) + ": " + quoted(value);
        comma = ",";
    }
    text += "\n  },\n  \"rows\": {";
    comma = "";
    for (const auto &[row, rounds] : results.rows()) {
        text += comma + std::string("\n    ") + quoted(row) +
                ": {\"rounds\": " + std::to_string(rounds.size());
        for (const auto &[figure, value] : rounds.begin()->second)
            text += ", " + quoted(figure) + ": " + json_number(results.get(row, figure));
        text += "}";
        comma = ",";
    }
    text += "\n  },\n  \"goals\": [";
    comma = "";
    for (const Goal &goal : facts.quick ? std::vector<Goal>{} : goals) {
        text += comma + std::string("\n    {\"what\": ") + quoted(goal.what) +
                ", \"measured\": " + json_number(goal.measured) + ", \"" +
                (goal.at_least ? "at_least" : "at_most") + "\": " + json_number(goal.bound) +
                ", \"met\": " + (goal.met() ? "true" : "false") + "}";
        comma = ",";
    }
    text += "\n  ],\n  \"failures\": [";
    comma = "";
    for (const auto &[row, why] : facts.failures) {
        text += comma + std::string("\n    ") + quoted(row + ": " + why);
        comma = ",";
    }
    return text + "\n  ]\n}\n";
}

std::string latency_data(const Results &r) {
    static constexpr struct {
        const char *row;
        const char *label;
    } kBars[] = {{"ring", "rte\\\\_ring"},
                 {"floor one core", "datagrams, one core"},
                 {"pair one core batch", "pair, one core"},
                 {"floor", "datagrams"},
                 {"bare", "bare rte\\\\_mp"},
                 {"pair quiet", "pair, quiet"},
                 {"ping", "ping"},
                 {"pair file", "pair, to a file"},
                 {"pair pipe", "pair, to a pipe"},
                 {"telemetry", "telemetry"},
                 {"zeromq", "ZeroMQ"},
                 {"async 1", "async, 1"},
                 {"async 8", "async, 8"}};
    std::string text;
    for (const auto &bar : kBars) {
        if (r.has(bar.row))
            text += std::string("\"") + bar.label + "\"\t" + fixed(r.get(bar.row, "p50"), 3) +
                    "\t" + fixed(r.get(bar.row, "p99"), 3) + "\t" +
                    fixed(r.get(bar.row, "rate"), 0) + "\n";
    }
    return text;
}

std::string clients_data(const Results &r, const Facts &facts) {
    std::string text;
    for (const int n : facts.clients) {
        const std::string pair = sized("clients pair", n);
        const std::string bare = sized("clients bare", n);
        if (r.has(pair) && r.has(bare))
            text += std::to_string(n) + "\t" + fixed(r.get(pair, "rate"), 0) + "\t" +
                    fixed(r.get(bare, "rate"), 0) + "\t" + fixed(r.get(pair, "p50"), 1) + "\t" +
                    fixed(r.get(pair, "p99"), 1) + "\n";
    }
    return text;
}

}  // namespace mp_ipc::bench
