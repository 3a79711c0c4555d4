/* SPDX-License-Identifier: BSD-3-Clause
 *
 * An assertion of a fuzz target about the code under test: if it is false, the target aborts.
 */
#pragma once

#include <cstdio>
#include <cstdlib>

#define MP_IPC_CHECK(claim)                                                            \
    do {                                                                               \
        if (!(claim)) {                                                                \
            std::fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #claim); \
            std::abort();                                                              \
        }                                                                              \
    } while (false)
