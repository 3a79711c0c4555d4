/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The arithmetic of mp_bench: nobody would notice a wrong median or ratio.
 */
#include <gtest/gtest.h>

#include <cmath>

#include "bench/results.h"

namespace mp_ipc::bench {
namespace {

TEST(BenchMedian, TakesTheMiddleOrTheMeanOfTheTwoMiddleOnes) {
    EXPECT_EQ(median({3, 1, 2}), 2);
    EXPECT_EQ(median({4, 1, 3, 2}), 2.5);
    EXPECT_EQ(median({7}), 7);
    EXPECT_EQ(median({1, NAN, 3}), 2); /* what was not measured does not count */
    EXPECT_TRUE(std::isnan(median({})));
}

TEST(BenchSlice, QuantilesAreOfSingleTimesAndTheRateOfAll) {
    std::vector<std::uint32_t> samples;
    for (std::uint32_t i = 101; i > 0; i--)
        samples.push_back(i * 1000);
    const Slice slice = slice_of(samples, 0.202);
    EXPECT_DOUBLE_EQ(slice.at("p50"), 51);
    EXPECT_DOUBLE_EQ(slice.at("p99"), 100);
    EXPECT_DOUBLE_EQ(slice.at("rate"), 500);
    EXPECT_DOUBLE_EQ(slice.at("mean"), 2000);
    EXPECT_TRUE(slice_of({}, 1).empty());
}

/* A machine that is ten times slower in one round is slower for both sides. */
TEST(BenchResults, RatiosAreTakenWithinARound) {
    Results results;
    for (int round = 0; round < 5; round++) {
        const double slow = round == 3 ? 10 : 1;
        results.add("bare", round, {{"p50", 40 * slow}});
        results.add("pair", round, {{"p50", 41 * slow}});
    }
    results.add("pair", 5, {{"p50", 1000}}); /* a round without its other side */
    EXPECT_DOUBLE_EQ(results.ratio("pair", "bare", "p50"), 1.025);
    EXPECT_DOUBLE_EQ(results.get("bare", "p50"), 40);
    EXPECT_DOUBLE_EQ(results.most("bare", "p50"), 400);
    EXPECT_TRUE(std::isnan(results.ratio("pair", "none", "p50")));
    EXPECT_TRUE(std::isnan(results.get("pair", "none")));
}

TEST(BenchResults, WhatWasNotMeasuredIsNotMet) {
    for (const Goal &goal : goals_of(Results{}))
        EXPECT_FALSE(goal.met()) << goal.what;
}

TEST(BenchResults, AGoalIsMetUpToItsBound) {
    Results results;
    results.add("bare", 0, {{"p50", 100}});
    results.add("pair quiet", 0, {{"p50", 103}});
    EXPECT_TRUE(goals_of(results)[0].met());
    results.add("pair quiet", 0, {{"p50", 103.1}});
    EXPECT_FALSE(goals_of(results)[0].met());
}

TEST(BenchModel, ExtendsTheLineThroughWhatWasMeasured) {
    Results results;
    Facts facts;
    facts.clients = {32};
    facts.broadcast = {1, 4, 16};
    results.add("clients pair 32", 0, {{"rate", 20000}, {"p50", 1600}});
    for (const int n : facts.broadcast) {
        results.add("broadcast sync " + std::to_string(n), 0, {{"p50", 10 + 40.0 * n}});
        results.add("broadcast async " + std::to_string(n), 0, {{"p50", 50 + 10.0 * n}});
    }
    const std::string text = markdown(results, facts);
    /* 1000 clients at 20,000 a second: 50 ms; 10 + 40,000 µs; 50 + 10,000 µs */
    EXPECT_NE(text.find("| 1,000 | 50.00 | – | 40.01 | 10.05 |"), std::string::npos) << text;
    EXPECT_NE(text.find("| 32 | 1.60 | 1.60 | 1.29 | 0.37 |"), std::string::npos) << text;
}

TEST(BenchJson, SaysNullWhereNothingWasMeasured) {
    Results results;
    results.add("bare", 0, {{"p50", 1.5}});
    const std::string text = json(results, {}, goals_of(results));
    EXPECT_NE(text.find("\"bare\": {\"rounds\": 1, \"p50\": 1.5000}"), std::string::npos) << text;
    EXPECT_NE(text.find("\"measured\": null"), std::string::npos) << text;
    EXPECT_EQ(text.find("nan"), std::string::npos) << text;
}

}  // namespace
}  // namespace mp_ipc::bench
