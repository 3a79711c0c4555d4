/* SPDX-License-Identifier: BSD-3-Clause
 *
 * support/base: schedules, histograms, counts, sealed memory, cores.
 */
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <random>
#include <thread>

#include "support/base/cores.h"
#include "support/base/histogram.h"
#include "support/base/request_counts.h"
#include "support/base/schedule.h"
#include "support/base/sealed_memory.h"

namespace mp_ipc {
namespace {

using std::chrono::milliseconds;

TEST(Schedule, IsDueAtOnceAndThenOnAGrid) {
    const Clock::time_point t0{};
    Schedule schedule(t0, milliseconds(100));
    EXPECT_TRUE(schedule.take(t0));
    EXPECT_FALSE(schedule.take(t0 + milliseconds(99)));
    EXPECT_TRUE(schedule.take(t0 + milliseconds(130))); /* served late */
    EXPECT_EQ(schedule.due(), t0 + milliseconds(200));  /* the grid stays */
    EXPECT_TRUE(schedule.take(t0 + milliseconds(200)));
}

TEST(Schedule, StartsAgainAfterMissedTimes) {
    const Clock::time_point t0{};
    Schedule schedule(t0, milliseconds(100));
    EXPECT_TRUE(schedule.take(t0));
    EXPECT_TRUE(schedule.take(t0 + milliseconds(750)));
    EXPECT_EQ(schedule.due(), t0 + milliseconds(750)); /* once at once, not seven times */
    EXPECT_TRUE(schedule.take(t0 + milliseconds(750)));
    EXPECT_EQ(schedule.due(), t0 + milliseconds(850));
}

TEST(Schedule, OfIntervalZeroIsNeverDue) {
    Schedule schedule(Clock::time_point{}, Clock::duration::zero());
    EXPECT_FALSE(schedule.take(Clock::now()));
    EXPECT_EQ(schedule.due(), Clock::time_point::max());
}

TEST(ToTimespec, KeepsNanoseconds) {
    const timespec time = to_timespec(seconds(1.25));
    EXPECT_EQ(time.tv_sec, 1);
    EXPECT_EQ(time.tv_nsec, 250000000);
}

TEST(Histogram, IsEmptyAtFirst) {
    const Histogram histogram;
    EXPECT_EQ(histogram.count(), 0U);
    EXPECT_EQ(histogram.min(), 0U);
    EXPECT_EQ(histogram.max(), 0U);
}

TEST(Histogram, QuantilesAreWithinTwoPercent) {
    std::mt19937_64 random(1);
    for (const double scale : {1e1, 1e3, 1e5, 1e9, 1e15}) {
        std::vector<std::uint64_t> times;
        Histogram histogram;
        std::uniform_real_distribution<double> spread(0, scale);
        for (int i = 0; i < 5000; i++) {
            times.push_back(static_cast<std::uint64_t>(spread(random)));
            histogram.add(times.back());
        }
        std::sort(times.begin(), times.end());
        for (const double part : {0.01, 0.5, 0.9, 0.99, 1.0}) {
            const auto exact =
                times[static_cast<std::size_t>(part * static_cast<double>(times.size())) - 1];
            const auto got = histogram.quantile(part);
            EXPECT_GE(static_cast<double>(got), static_cast<double>(exact) * 0.98 - 1) << part;
            EXPECT_LE(static_cast<double>(got), static_cast<double>(exact) * 1.02 + 1) << part;
        }
        EXPECT_EQ(histogram.min(), times.front());
        EXPECT_EQ(histogram.max(), times.back());
    }
}

TEST(Histogram, NoQuantileIsBelowTheLeastTime) {
    Histogram histogram;
    for (const std::uint64_t ns : {1038U, 1039U}) /* of the bucket that begins with 1024 */
        histogram.add(ns);
    EXPECT_EQ(histogram.quantile(0.5), 1038U);
}

TEST(Histogram, TakesTheLargestTime) {
    Histogram histogram;
    histogram.add(UINT64_MAX);
    EXPECT_EQ(histogram.quantile(0.5), UINT64_MAX);
}

TEST(Histogram, CountsUpToABound) {
    Histogram times;
    for (const std::uint64_t ns : {5U, 1023U, 1024U, 2000U, 5000U})
        times.add(ns);
    EXPECT_EQ(times.count_up_to(4), 0U);
    EXPECT_EQ(times.count_up_to(5), 1U);
    EXPECT_EQ(times.count_up_to(1023), 2U); /* bounds of powers of two are exact */
    EXPECT_EQ(times.count_up_to(2047), 4U);
    EXPECT_EQ(times.count_up_to(8191), 5U);
    EXPECT_EQ(times.count_up_to(std::uint64_t{1} << 40), 5U);
}

TEST(Histogram, IsReadWhileItIsWritten) {
    Histogram histogram;
    std::atomic<bool> done{false};
    constexpr std::uint64_t kTimes = 200'000;
    std::thread writer([&] {
        for (std::uint64_t i = 0; i < kTimes; i++)
            histogram.add(1000 + i % 1000);
        done = true;
    });
    std::uint64_t last = 0;
    while (!done) {
        const std::uint64_t count = histogram.count();
        ASSERT_GE(count, last); /* it never falls */
        last = count;
        if (last > 0) {
            ASSERT_GE(histogram.min(), 1000U);
            ASSERT_GE(histogram.quantile(0.5), 1000U);
            ASSERT_LE(histogram.quantile(1.0), 1999U);
        }
    }
    writer.join();
    EXPECT_EQ(histogram.count(), kTimes);
}

TEST(RequestCounts, CountEveryOutcomeOnce) {
    RequestCounts counts;
    for (const Outcome outcome :
         {Outcome::answered, Outcome::late, Outcome::timed_out, Outcome::refused}) {
        EXPECT_EQ(counts.closed(), counts.sent);
        counts.sent++;
        counts.close(outcome);
    }
    EXPECT_EQ(counts.closed(), 4U);
    EXPECT_EQ(counts.count(Outcome::answered), 1U);
}

TEST(SealedMemory, CarriesAText) {
    const std::string text(1000, 't');
    const UniqueFd fd = seal_text("test", text);
    ASSERT_TRUE(fd);
    std::string wrong;
    EXPECT_EQ(read_sealed_text(fd.get(), text.size(), &wrong), text) << wrong;
    EXPECT_EQ(write(fd.get(), "x", 1), -1);
    EXPECT_EQ(ftruncate(fd.get(), 1), -1);
}

TEST(SealedMemory, RefusesWhatMayChangeOrIsOfAnotherSize) {
    std::string wrong;
    constexpr int kAll = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
    for (int seals = 0; seals < kAll; seals++) { /* each set of them but all */
        const UniqueFd fd(memfd_create("open", MFD_CLOEXEC | MFD_ALLOW_SEALING));
        ASSERT_EQ(write(fd.get(), "text", 4), 4);
        ASSERT_EQ(fcntl(fd.get(), F_ADD_SEALS, seals), 0);
        EXPECT_FALSE(read_sealed_text(fd.get(), 4, &wrong)) << seals;
        EXPECT_NE(wrong.find("not sealed"), std::string::npos) << wrong;
    }
    const UniqueFd fd = seal_text("test", "text");
    for (const std::uint64_t size : {0UL, 3UL, 5UL, ~0UL})
        EXPECT_FALSE(read_sealed_text(fd.get(), size, &wrong)) << size;
    EXPECT_FALSE(read_sealed_text(fd.get(), 5, &wrong));
    EXPECT_NE(wrong.find("has 4 bytes, not the announced 5"), std::string::npos) << wrong;
    EXPECT_FALSE(read_sealed_text(seal_text("empty", "").get(), 0, &wrong));
    for (const char *path :
         {"/proc/self/exe", "/proc/self/status", "/proc/self", "/dev/zero", "/nowhere"}) {
        const UniqueFd file(open(path, O_RDONLY | O_CLOEXEC));
        EXPECT_FALSE(read_sealed_text(file.get(), 4, &wrong)) << path;
        EXPECT_NE(wrong.find("no memfd"), std::string::npos) << wrong;
    }
    const UniqueFd large = seal_text("large", std::string((1U << 20) + 1, 'x'));
    EXPECT_FALSE(read_sealed_text(large.get(), (1U << 20) + 1, &wrong));
}

TEST(CoreList, IsWrittenAsTheKernelDoes) {
    EXPECT_EQ(core_list({}), "");
    EXPECT_EQ(core_list({4}), "4");
    EXPECT_EQ(core_list({0, 1, 2, 8, 10, 11}), "0-2,8,10-11");
}

}  // namespace
}  // namespace mp_ipc
