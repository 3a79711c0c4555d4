/* SPDX-License-Identifier: BSD-3-Clause
 *
 * For LD_PRELOAD: reports each sleep of 100 ms, by which EAL learns how fast the TSC counts. With
 * UNSTEADY_CLOCK in the environment, the clock that the TSC is compared with goes a second forward
 * and back again, each after ten calls: as many as support/eal/tsc_frequency.cpp takes for a look.
 */
#include <dlfcn.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>

extern "C" int nanosleep(const timespec *time, timespec *left) {
    if (time->tv_nsec == 100'000'000)
        std::fputs("slept for 100 ms\n", stderr);
    return clock_nanosleep(CLOCK_REALTIME, 0, time, left);
}

extern "C" int clock_gettime(clockid_t clock, timespec *time) noexcept {
    using Function = int(clockid_t, timespec *);
    static auto *const library = reinterpret_cast<Function *>(dlsym(RTLD_NEXT, "clock_gettime"));
    static const bool unsteady = std::getenv("UNSTEADY_CLOCK") != nullptr;
    static unsigned calls = 0;
    const int result = library(clock, time);
    if (unsteady && clock == CLOCK_MONOTONIC_RAW && calls++ / 10 % 2 == 1)
        time->tv_sec++;
    return result;
}
