/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the two programs can be told after `--`, with the defaults of the tutorial.
 */
#pragma once

#include <optional>
#include <string>

#include "support/console/console.h"
#include "support/options/eal_args.h"
#include "support/options/option_parser.h"

namespace mp_ipc {

/* How a server misbehaves on purpose, to make the pitfalls of the API happen. */
struct Fault {
    enum class Kind { none, slow, silent, wrong_name };
    Kind kind = Kind::none;
    double least_s = 0; /* slow: each handler waits a random time from least_s to most_s */
    double most_s = 0;
    bool unbounded = false;  /* replies wait for ever for a peer that does not read */
    bool unfiltered = false; /* malformed datagrams are let in */
    double for_s = 0;        /* how long after the start; 0: always */
};

struct ServerOptions {
    enum class Broadcast { off, async, sync };

    double stats_interval_s = 3; /* 0: off */
    bool quiet = false;          /* no line per request */
    Broadcast broadcast = Broadcast::off;
    Fault fault;
    std::optional<double> no_secondaries_s; /* when after the start rte_mp_disable() is called */
    double leftover_wait_s = 5; /* how long to wait for processes that hold the runtime files */
};

struct ClientOptions {
    enum class Command { hello, ping, notify, report, doctor };

    Command command = Command::hello;
    double sync_interval_s = 3;  /* 0: off */
    double async_interval_s = 5; /* 0: off */
    double timeout_s = 5;
    double ping_interval_s = 1;
    bool flood = false;
    std::optional<unsigned long> count; /* requests of each kind that is on; none: until stopped */
    std::string name = "Client";
    std::string text;             /* of notify */
    bool quiet = false;           /* no line per request */
    bool unbounded = false;       /* --fault unbounded: no limit on unanswered messages */
    bool unfiltered = false;      /* --fault unfiltered: malformed datagrams are let in */
    std::optional<double> wait_s; /* wait for a primary this long; 0: for ever */
};

/* A command line as read. `done` says that main returns `status` at once: help or the version has
 * been printed, or an error.
 */
template <typename Options>
struct CommandLine {
    bool done = false;
    int status = 0;
    EalArgs args;
    Options options;
};

/* Reads the command line, sets the console's program and language. Needs no EAL. */
CommandLine<ServerOptions> read_server_command_line(int argc, const char *const *argv);
CommandLine<ClientOptions> read_client_command_line(int argc, const char *const *argv);

}  // namespace mp_ipc
