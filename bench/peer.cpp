/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What mp_bench measures besides the pair itself, each role in a process of its own: the plain
 * datagram echo as lower bound, the echo primary whose handlers do nothing else, and the secondary
 * that drives either a bare primary or the real mp_server. mp_bench gives orders on stdin, one per
 * line; each is answered by one line on stdout, "ok COUNT ELAPSED_NS" or "error WHY", and the times
 * of single requests are in the inherited shared memory.
 *
 *   mp_bench_peer echo SAMPLES_FD SOCKET         datagram echo
 *   mp_bench_peer zmq-echo SAMPLES_FD ENDPOINT   ZeroMQ REP
 *   mp_bench_peer plain SAMPLES_FD               drives both, and the telemetry socket; no EAL
 *   mp_bench_peer primary SAMPLES_FD EAL...      bare rte_mp echo, ring echo, broadcaster
 *   mp_bench_peer driver SAMPLES_FD EAL...       secondary: sends requests, drives the ring
 */
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_service_component.h>

#include "bench/peer.h"

namespace {

using namespace mp_ipc::bench;

void map_samples(int fd) {
    void *memory = mmap(nullptr, kMostSamples * sizeof(std::uint32_t), PROT_READ | PROT_WRITE,
                        MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED)
        fail("cannot map the samples", errno);
    g_samples = static_cast<std::uint32_t *>(memory);
}

/* Serves orders until stdin ends. */
void serve(const Orders &orders) {
    std::cout << "ready" << std::endl;
    for (std::string line; std::getline(std::cin, line);) {
        std::istringstream words(line);
        const auto name = next<std::string>(words);
        g_sample_count = 0;
        try {
            const auto order = orders.find(name);
            if (order == orders.end())
                throw Failure("no such order: " + name);
            const std::int64_t elapsed = order->second(words);
            std::cout << "ok " << g_sample_count << ' ' << elapsed << std::endl;
        } catch (const std::exception &error) {
            std::cout << "error " << error.what() << std::endl;
        }
    }
}

/* If an address of the primary's memory is taken in this process, runs this program again, with
 * another layout of addresses by the kernel, as mp_client does.
 */
void start_eal(int argc, char **argv) {
    constexpr const char *kTried = "MP_BENCH_PEER_TRIED"; /* one letter for each earlier run */
    std::vector<std::string> words(argv, argv + argc);    /* EAL reorders its own */
    const std::string tried = std::getenv(kTried) != nullptr ? std::getenv(kTried) : "";
    /* EAL takes argv[2], the last argument that is not its own, as the program's name. */
    if (rte_eal_init(argc - 2, argv + 2) >= 0)
        return;
    const int error = rte_errno;
    if (error == ENOMEM && tried.size() < 5) {
        std::vector<char *> again;
        for (std::string &word : words)
            again.push_back(word.data());
        again.push_back(nullptr);
        setenv(kTried, (tried + "x").c_str(), 1);
        execv("/proc/self/exe", again.data());
    }
    fail("rte_eal_init", error);
}

int run(int argc, char **argv) {
    if (argc < 3) {
        std::cerr << "mp_bench_peer is started by mp_bench\n";
        return 2;
    }
    const std::string role = argv[1];
    map_samples(std::atoi(argv[2]));
    if (role == "echo" && argc == 4)
        run_echo(argv[3]);
#ifdef MP_IPC_ZMQ
    else if (role == "zmq-echo" && argc == 4)
        run_zmq_echo(argv[3]);
#endif
    else if (role == "plain")
        serve({{"echo", drive_echo},
#ifdef MP_IPC_ZMQ
               {"zmq", drive_zmq},
#endif
               {"telemetry", drive_telemetry}});
    else if (role == "primary") {
        start_eal(argc, argv);
        prepare_primary();
        serve({{"ring", echo_ring},
               {"broadcast-sync", broadcast_sync},
               {"broadcast-async", broadcast_async}});
        rte_eal_cleanup();
    } else if (role == "driver") {
        start_eal(argc, argv);
        rte_service_finalize(); /* as mp_client, to free memory that a thousand could not have */
        serve({{"sync", drive_sync},
               {"until", drive_until},
               {"async", drive_async},
               {"ipc-core", take_ipc_core},
               {"ring", drive_ring}});
        rte_eal_cleanup();
    } else {
        std::cerr << "mp_bench_peer: no such role: " << role << '\n';
        return 2;
    }
    return 0;
}

}  // namespace

int main(int argc, char **argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception &error) {
        std::cerr << "mp_bench_peer: " << error.what() << '\n';
        return 1;
    }
}
