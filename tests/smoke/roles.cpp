/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Primaries that are no mp_server.
 */
#include <csignal>
#include <cstdlib>

#include <rte_memzone.h>

#include "tests/harness/helper.h"

namespace mp_ipc::helper {
namespace {

/* A primary without the memzone of mp_server. */
int bare_primary(const std::string &prefix, const Arguments &) {
    start_primary(prefix);
    print("ready");
    wait_for_the_end();
}

/* A primary whose shared_info has this many bytes, zeros all of them, and no handlers. */
int long_zone(const std::string &prefix, const Arguments &arguments) {
    start_primary(prefix);
    if (rte_memzone_reserve(kSharedInfoName, std::strtoul(arguments.at(0).c_str(), nullptr, 10),
                            SOCKET_ID_ANY, 0) == nullptr)
        return 1;
    print("ready");
    wait_for_the_end();
}

/* A primary with the tutorial's memzone, no boot id and no handlers, which sets force_quit on
 * SIGUSR1 and stays.
 */
int quitting_primary(const std::string &prefix, const Arguments &) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGUSR1);
    sigprocmask(SIG_BLOCK, &signals, nullptr);
    start_primary(prefix);
    SharedInfo *shared = reserve_zone();
    if (shared == nullptr)
        return 1;
    print("ready");
    int number = 0;
    sigwait(&signals, &number);
    shared->force_quit = 1;
    wait_for_the_end();
}

const Roles kSmokeRoles({{"bare-primary", bare_primary},
                         {"long-zone", long_zone},
                         {"quitting-primary", quitting_primary}});

}  // namespace
}  // namespace mp_ipc::helper
