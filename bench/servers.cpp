/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/servers.h"

#include <algorithm>
#include <cstdio>

#include "bench/plan.h"

namespace mp_ipc::bench {
namespace {

Words driver_words(const Prefix &prefix) {
    return with(eal_words(prefix, g_config.b), {"--proc-type=secondary"});
}

Slice slice_of_result(const Peer::Result &result) {
    return slice_of({result.samples.begin(), result.samples.end()},
                    static_cast<double>(result.elapsed_ns) / 1e9);
}

}  // namespace

Place both_cores() {
    return {{g_config.a, g_config.b}, false, ""};
}
Place only(int core) {
    return {{core}, false, ""};
}
Place large_pages(Place place) {
    place.environment = "GLIBC_TUNABLES=glibc.malloc.hugetlb=1";
    return place;
}
Place batch(Place place) {
    place.batch = true;
    return place;
}

Words eal_words(const Prefix &prefix, int core) {
    return {"-l", std::to_string(core), "--no-pci", "--file-prefix=" + prefix.name()};
}

Words with(Words words, const Words &more) {
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

Words server_words(const Prefix &prefix, const Words &options) {
    Words words = {g_config.server};
    words = with(words, eal_words(prefix, g_config.a));
    words.emplace_back("--");
    return with(words, options);
}

Words client_words(const Prefix &prefix, const Words &options) {
    Words words = {g_config.client};
    words = with(words, eal_words(prefix, g_config.b));
    words.emplace_back("--");
    return with(words, options);
}

void attach_clients(std::vector<std::unique_ptr<Child>> *clients, std::size_t size,
                    const Prefix &prefix, const Words &options) {
    constexpr std::size_t kAhead = 8;
    for (std::size_t attached = clients->size(); attached < size; attached++) {
        while (clients->size() < std::min(attached + kAhead, size))
            clients->push_back(
                std::make_unique<Child>(client_words(prefix, options), both_cores()));
        (*clients)[attached]->read_until("Attached");
        note_progress("attached " + std::to_string(attached + 1) + " of " + std::to_string(size));
    }
}

std::unique_ptr<Peer> make_driver(const Prefix &prefix, const Place &place) {
    return std::make_unique<Peer>(g_config.peer, "driver", driver_words(prefix), place);
}

void read_ping_times(const std::string &line, Slice *slice) {
    double least = 0;
    double p50 = 0;
    double p99 = 0;
    const std::size_t numbers = line.find("= ");
    if (numbers == std::string::npos ||
        std::sscanf(line.c_str() + numbers, "= %lf/%lf/%lf", &least, &p50, &p99) != 3)
        throw Failure("mp_client printed: " + line);
    (*slice)["p50"] = p50 * 1000;
    (*slice)["p99"] = p99 * 1000;
}

Slice run_order(Peer &peer, const std::string &words, unsigned count) {
    return slice_of_result(peer.order(words + " " + std::to_string(count)));
}

}  // namespace mp_ipc::bench
