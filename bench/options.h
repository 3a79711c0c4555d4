/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The command line of mp_bench, and the two cores that it uses.
 */
#pragma once

#include <string>

namespace mp_ipc::bench {

struct Config {
    bool quick = false; /* every row once, short: a check that it works, not a measurement */
    bool scale = false; /* the other plan: as many clients as the machine has room for */
    std::string out = ".";
    std::string server = MP_SERVER;
    std::string client = MP_CLIENT;
    std::string peer = MP_BENCH_PEER;
    std::string eal_alone; /* folder of the programs built with MP_IPC_STATIC_EAL; empty: none */
    int a = 0;             /* the server's core, -l */
    int b = 1;             /* the clients' */
};
extern Config g_config;

/* Reads mp_bench's own options, after Google Benchmark has removed its own. false: they are wrong,
 * which has been reported on stderr.
 */
bool read_options(int argc, char **argv);

}  // namespace mp_ipc::bench
