/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a fuzz target claims of the code under test: a false claim ends it like a crash does.
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
