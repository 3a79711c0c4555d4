/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The options of the two programs, after `--`, with the defaults of the tutorial.
 */
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "exercises/exercise.h"
#include "exercises/faults.h"
#include "support/options/eal_args.h"

namespace mp_ipc {

/* The options that both programs take. */
struct CommonOptions {
    bool quiet = false;
    bool help = false;
    bool version = false;
    std::optional<int> ipc_core; /* of the EAL's IPC thread; none: where EAL puts it */
};

struct ServerOptions : CommonOptions {
    enum class Broadcast { off, async, sync };

    double stats_interval_s = 3; /* 0: off */
    Broadcast broadcast = Broadcast::off;
    Fault fault;
    std::optional<double> no_secondaries_s; /* when after the start rte_mp_disable() is called */
    double leftover_wait_s = 5; /* how long to wait for processes that hold the runtime files */
};

/* The options that report and telemetry show: name and value of each. */
std::vector<std::pair<std::string, std::string>> shown(const ServerOptions &options);

struct ClientOptions : CommonOptions {
    const Command *command = nullptr;   /* none: hello */
    bool doctor = false;                /* the command that runs instead of the rest */
    double sync_interval_s = 3;         /* hello; 0: off */
    double async_interval_s = 5;        /* hello; 0: off */
    double timeout_s = 5;               /* of each request */
    std::optional<unsigned long> count; /* requests of each kind that is on; none: until stopped */
    std::string name = "Client";
    bool unbounded = false;       /* --fault unbounded: no limit on unanswered messages */
    bool unfiltered = false;      /* --fault unfiltered: malformed datagrams are let in */
    std::optional<double> wait_s; /* wait for a primary this long; 0: for ever */
};

/* A command line as read. `exit`: main returns this status at once, since help, the version or an
 * error has been printed.
 */
template <typename Options>
struct CommandLine {
    std::optional<int> exit;
    EalArgs args;
    Options options;
};

/* Reads the command line; sets the console's program, language and quiet. Before the first thread
 * and before rte_eal_init().
 */
CommandLine<ServerOptions> read_server_command_line(int argc, const char *const *argv);
CommandLine<ClientOptions> read_client_command_line(int argc, const char *const *argv);

}  // namespace mp_ipc
