/* SPDX-License-Identifier: BSD-3-Clause
 *
 * With MP_IPC_STATIC_EAL only: a primary's look at how fast the TSC counts, in 4 ms. EAL sleeps for
 * 100 ms to find that out where it does not trust what the processor says, and asks every AMD
 * processor, and most virtual machines, this way: most of a start that loads no drivers. It has no
 * option for it. The linker puts this in place of EAL's get_tsc_freq() (--wrap, in
 * cmake/static_eal.cmake); if a later EAL has no function of that name, the linker does nothing,
 * and EAL sleeps.
 */
#include <cmath>
#include <cstdint>
#include <ctime>
#include <limits>

#include <rte_cycles.h>
#include <rte_version.h>

namespace {

struct Moment {
    double ns;
    double ticks; /* of the TSC */
};

/* One moment by both clocks: of several looks the one in which least time passed, since a thread
 * may lose its core between two instructions. */
Moment look() {
    constexpr int kLooks = 10;
    std::uint64_t least = std::numeric_limits<std::uint64_t>::max();
    Moment best = {};
    for (int i = 0; i < kLooks; i++) {
        timespec time = {};
        const std::uint64_t before = rte_rdtsc();
        clock_gettime(CLOCK_MONOTONIC_RAW, &time);
        const std::uint64_t passed = rte_rdtsc() - before;
        if (passed >= least)
            continue;
        least = passed;
        best = {static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec),
                static_cast<double>(before) + static_cast<double>(passed) / 2};
    }
    return best;
}

double hz_between(const Moment &from, const Moment &to) {
    return (to.ticks - from.ticks) * 1e9 / (to.ns - from.ns);
}

}  // namespace

/* The names that --wrap gives to the library's own function, and to the one in its place.
 * `arch_hz`: what the processor says, 0 if nothing; since 24.11, before that it is only called for
 * 0.
 */
extern "C" std::uint64_t __real_get_tsc_freq(std::uint64_t arch_hz);
extern "C" std::uint64_t __wrap_get_tsc_freq(std::uint64_t arch_hz);

/* In Hz. Two measurements in a row have to agree; otherwise EAL's own is taken, sleep and all. */
std::uint64_t __wrap_get_tsc_freq([[maybe_unused]] std::uint64_t arch_hz) {
#if RTE_VERSION >= RTE_VERSION_NUM(24, 11, 0, 0)
    if (arch_hz != 0)
        return __real_get_tsc_freq(arch_hz);
#endif
    constexpr timespec kPause = {0, 2'000'000};
    constexpr double kAgreement = 200e-6; /* ten times what two looks of 20 ns differ in a pause */
    constexpr double kStep = 100e3;       /* Hz: to these EAL rounds, before 24.11 to 10 MHz */
    constexpr int kTries = 10;            /* 22 ms at most */
    Moment first = look();
    nanosleep(&kPause, nullptr);
    Moment second = look();
    for (int i = 0; i < kTries; i++) {
        nanosleep(&kPause, nullptr);
        const Moment third = look();
        const double hz = hz_between(first, third);
        if (std::abs(hz_between(first, second) - hz_between(second, third)) < hz * kAgreement)
            return static_cast<std::uint64_t>(std::round(hz / kStep) * kStep);
        first = second;
        second = third;
    }
    return __real_get_tsc_freq(0);
}
