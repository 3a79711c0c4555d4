/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The third part of the plan: a request from the primary to all clients.
 */
#include <memory>
#include <string>
#include <vector>

#include "bench/options.h"
#include "bench/plan.h"
#include "bench/servers.h"

namespace mp_ipc::bench {
namespace {

/* A bare primary that sends real clients the request of mp_server --broadcast. */
struct Audience {
    BareServer primary{both_cores()};
    std::vector<std::unique_ptr<Child>> clients;

    void grow(std::size_t size) {
        attach_clients(&clients, size, primary.prefix(),
                       {"--sync-interval", "0", "--async-interval", "0", "--quiet"});
    }
};
std::unique_ptr<Audience> g_audience;

}  // namespace

Slice measure_broadcast(const std::string &kind, int size, unsigned count) {
    if (!g_audience)
        g_audience = std::make_unique<Audience>();
    g_audience->grow(static_cast<std::size_t>(size));
    return run_order(g_audience->primary.peer(), "broadcast-" + kind + " " + std::to_string(size),
                     count);
}

void plan_broadcast() {
    g_facts.broadcast = {1, 4, 16};
    const int rounds = g_config.quick ? 1 : 5;
    const unsigned count = g_config.quick ? 10 : 60;
    for (const int size : g_facts.broadcast) {
        for (int round = 0; round < rounds; round++) {
            for (const char *kind : {"sync", "async"})
                g_plan.push_back({std::string("broadcast ") + kind + " " + std::to_string(size),
                                  round, count, [=] {
                                      end_crowd();
                                      return measure_broadcast(kind, size, count);
                                  }});
        }
    }
}

void end_broadcast() {
    g_audience.reset();
}

}  // namespace mp_ipc::bench
