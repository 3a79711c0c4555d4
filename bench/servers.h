/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The servers, real or bare, that answer the measured requests, each under a prefix of its own; the
 * peers that send them; and the command lines and placements of all of these.
 */
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bench/child.h"
#include "bench/options.h"
#include "bench/results.h"
#include "tests/harness/prefix.h"

namespace mp_ipc::bench {

using test::Prefix;

Place both_cores();
Place only(int core);
/* The place with malloc in pages of 2 MiB. A library that leaks 4 KiB with each asynchronous
 * request of a secondary (docs/faults.md) touches a new page of 4 KiB each time; this shows what
 * that costs.
 */
Place large_pages(Place place);
Place batch(Place place);

Words eal_words(const Prefix &prefix, int core);
Words with(Words words, const Words &more);
/* argv of the real programs, with `options` after `--`. */
Words server_words(const Prefix &prefix, const Words &options);
Words client_words(const Prefix &prefix, const Words &options);

class RealServer {
  public:
    RealServer(const Words &options, Console console, const Place &place)
        : process_(server_words(prefix_, options), place, console) {
        if (console != Console::read_pipe)
            process_.read_until("Ready");
    }
    const Prefix &prefix() const { return prefix_; }
    Child &process() { return process_; }

  private:
    Prefix prefix_;
    Child process_;
};

class BareServer {
  public:
    explicit BareServer(const Place &place)
        : peer_(g_config.peer, "primary",
                with(eal_words(prefix_, g_config.a), {"--proc-type=primary"}), place) {
        peer_.wait_ready();
    }
    const Prefix &prefix() const { return prefix_; }
    Peer &peer() { return peer_; }

  private:
    Prefix prefix_;
    Peer peer_;
};

/* Starts real clients with these options until `size` are attached; at a time as many as AttachGate
 * lets in.
 */
void attach_clients(std::vector<std::unique_ptr<Child>> *clients, std::size_t size,
                    const Prefix &prefix, const Words &options);

std::unique_ptr<Peer> make_driver(const Prefix &prefix, const Place &place);

/* Reads p50 and p99 (µs) out of mp_client's
 * "[PING] time min/median/p99/max = 0.021/0.040/0.061/0.300 ms". */
void read_ping_times(const std::string &line, Slice *slice);

/* Gives an order to a peer, and returns what it measured. */
Slice run_order(Peer &peer, const std::string &words, unsigned count);

}  // namespace mp_ipc::bench
