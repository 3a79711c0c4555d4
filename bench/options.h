/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The command line of mp_bench, and the two cores that it uses.
 */
#pragma once

#include <string>

namespace mp_ipc::bench {

struct Config {
    bool quick = false; /* every row once, short: shows that it works, measures nothing */
    bool scale = false; /* the other plan: as many clients as there is room for */
    std::string out = ".";
    std::string server = MP_SERVER;
    std::string client = MP_CLIENT;
    std::string peer = MP_BENCH_PEER;
    std::string eal_alone; /* folder of the programs built with MP_IPC_STATIC_EAL; empty: none */
    int a = 0;             /* the server's core, -l */
    int b = 1;             /* the clients' */
};
extern Config g_config;

/* Our own options; Google Benchmark has taken its own out. False, with the reason on stderr, where
 * they cannot be used.
 */
bool read_options(int argc, char **argv);

}  // namespace mp_ipc::bench
