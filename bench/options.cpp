/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/options.h"

#include <sched.h>

#include <cstdio>
#include <filesystem>
#include <vector>

namespace mp_ipc::bench {

Config g_config;

namespace {

/* Chooses the two cores to use from those that this process may use. */
bool find_cores(const std::string &wanted) {
    cpu_set_t mine;
    if (sched_getaffinity(0, sizeof(mine), &mine) != 0)
        return false;
    const auto usable = [&](int core) {
        return core >= 0 && core < CPU_SETSIZE && CPU_ISSET(static_cast<std::size_t>(core), &mine);
    };
    if (!wanted.empty())
        return std::sscanf(wanted.c_str(), "%d,%d", &g_config.a, &g_config.b) == 2 &&
               g_config.a != g_config.b && usable(g_config.a) && usable(g_config.b);
    std::vector<int> cores;
    for (int core = 0; core < CPU_SETSIZE; core++) {
        if (usable(core))
            cores.push_back(core);
    }
    if (cores.size() < 2)
        return false;
    g_config.a = cores[0];
    g_config.b = cores[1];
    return true;
}

}  // namespace

bool read_options(int argc, char **argv) {
    std::string cores;
    for (int i = 1; i < argc; i++) {
        const std::string word = argv[i];
        const auto value = [&](const char *name) {
            const std::string start = std::string(name) + "=";
            return word.starts_with(start) ? word.substr(start.size()) : std::string();
        };
        if (word == "--quick")
            g_config.quick = true;
        else if (word == "--scale")
            g_config.scale = true;
        else if (!value("--out").empty())
            g_config.out = std::filesystem::absolute(value("--out"));
        else if (!value("--eal-alone").empty())
            g_config.eal_alone = value("--eal-alone");
        else if (!value("--cores").empty())
            cores = value("--cores");
        else {
            std::fprintf(
                stderr,
                "Usage: mp_bench [--quick] [--scale] [--out=DIR] [--cores=A,B] [--benchmark_...]\n"
                "  --quick      every row once and short: shows that it works\n"
                "  --scale      1 to 1,000 clients, instead of the rest\n"
                "  --out=DIR    where the tables, figures and logs go (.)\n"
                "  --eal-alone=DIR  programs built with MP_IPC_STATIC_EAL\n"
                "  --cores=A,B  the cores of the servers and of the clients\n");
            return false;
        }
    }
    if (!find_cores(cores)) {
        std::fprintf(stderr, "mp_bench: two cores of this process are needed: --cores=A,B\n");
        return false;
    }
    return true;
}

}  // namespace mp_ipc::bench
