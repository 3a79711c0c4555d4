/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The doctor's checks: each takes facts of the machine or of a running server, and returns one line
 * with what to do. Only the look_at_ functions read the machine; they take the root of the tree
 * that they read, so that a test can show them every wrong state.
 */
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "support/eal/finding.h"
#include "support/eal/hugepages.h"
#include "support/eal/runtime_dir.h"
#include "support/eal/start_checks.h"
#include "support/options/eal_args.h"

namespace mp_ipc {

/* Versions as in "22.11.11" (headers) and "DPDK 22.11.11" (as rte_version() returns it). */
Finding check_versions(const std::string &headers, const std::string &library);

/* `left`: hugepage files that exited primaries have left behind, as text. `server`: a server runs,
 * which has its pages and its mount; a client needs none of its own.
 */
Finding check_hugepages(const Hugepages &pages, const std::vector<std::string> &left, bool server);
Finding check_hugepage_mount(const Hugepages &pages, const std::optional<std::string> &huge_dir,
                             bool server);

/* As check_runtime_usable(), and bad if other users may use it. */
Finding check_runtime(const RuntimeFacts &facts);

/* `own`: of `file_prefix`; `all`: it and the others. */
Finding check_prefix(const std::string &file_prefix, const PrimaryProbe &own,
                     const std::vector<pid_t> &holders, const std::vector<PrimaryProbe> &all);

Finding check_stale_sockets(const std::vector<ClientSocket> &sockets);

enum class Attach { not_tried, done, failed };
/* `aslr`: kernel.randomize_va_space; nullopt: it could not be read. */
Finding check_aslr(std::optional<int> aslr, Attach attach);

struct ProcessFacts {
    bool seen = false;       /* its threads could be looked at */
    char state = '?';        /* of its main thread, as in proc(5) */
    bool ipc_thread = false; /* it has an EAL IPC thread */
    std::string ipc_cores{}; /* the cores of that thread, as "0-1" */
    std::string frozen_by{}; /* the cgroup that is frozen, as of a paused container; empty: none */
    std::vector<int> cores;  /* of its main thread and its workers, sorted */
};
ProcessFacts look_at_process(pid_t pid, const std::string &proc = "/proc",
                             const std::string &cgroups = "/sys/fs/cgroup");

/* `available`: cores of this process, sorted. `alive`: a server runs; `server` is what was seen of
 * it.
 */
Finding check_cores(const EalArgs &args, const std::vector<int> &available, bool alive,
                    const ProcessFacts &server);

/* `has_room`: its queue has room for another message. */
Finding check_ipc_thread(const ProcessFacts &server, pid_t pid, bool has_room = true);

}  // namespace mp_ipc
