/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The doctor's checks: what is known of the machine and of a running server in, one line with what
 * to do out. They look at nothing themselves but for the look_at_ functions, which take the root of
 * the tree that they read, so that every wrong state can be made up in a test.
 */
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "support/eal/finding.h"
#include "support/eal/heap_question.h"
#include "support/eal/hugepages.h"
#include "support/eal/runtime_dir.h"
#include "support/eal/start_checks.h"

namespace mp_ipc {

/* Versions as in "22.11.11" (headers) and "DPDK 22.11.11" (what rte_version() says). */
Finding check_versions(const std::string &headers, const std::string &library);

/* Files of hugepages that a prefix without a living primary has left behind. */
struct LeftPages {
    std::string prefix;
    unsigned long files;
};
std::vector<LeftPages> look_at_left_pages(const std::vector<std::string> &mounts,
                                          const std::vector<std::string> &dead_prefixes);
/* `server`: there is one already, which has its pages and its mount; a client needs none of its
 * own.
 */
Finding check_hugepages(const Hugepages &pages, const std::vector<LeftPages> &left, bool server);
Finding check_hugepage_mount(const Hugepages &pages, const std::optional<std::string> &huge_dir,
                             bool server);

/* As check_runtime_usable(), and whether others may use it. */
Finding check_runtime(const RuntimeFacts &facts);

struct PrefixFacts {
    std::string name;
    PrimaryProbe probe;
    bool socket_left = false; /* no primary, but its mp_socket: it was killed */
};
/* All prefixes below root, sorted. */
std::vector<PrefixFacts> look_at_prefixes(const std::string &root);
Finding check_prefix(const PrefixFacts &own, const std::vector<Holder> &holders,
                     const std::vector<PrefixFacts> &all);

Finding check_stale_sockets(const std::vector<ClientSocket> &sockets);

enum class Attach { not_tried, done, failed };
/* `aslr`: kernel.randomize_va_space; nothing where it could not be read. */
Finding check_aslr(std::optional<int> aslr, Attach attach);

struct ProcessFacts {
    bool seen = false;       /* its threads could be looked at */
    char state = '?';        /* of its main thread, as in proc(5) */
    bool ipc_thread = false; /* it has an EAL IPC thread */
    std::string ipc_cores{}; /* which may run on these, as "0-1" */
    std::string frozen_by{}; /* the cgroup that is frozen, as a paused container is; empty: none */
    std::vector<int> cores;  /* its main thread and its workers may run on, sorted */
};
ProcessFacts look_at_process(pid_t pid, const std::string &proc = "/proc",
                             const std::string &cgroups = "/sys/fs/cgroup");

struct CoreFacts {
    std::optional<std::string> list;    /* of -l */
    bool other_option = false;          /* cores are given by another option */
    std::vector<int> available;         /* to this process, sorted */
    std::optional<ProcessFacts> server; /* where one runs and could be looked at */
    bool server_elsewhere = false;      /* one runs, and could not */
};
Finding check_cores(const CoreFacts &facts);

/* `has_room`: its queue takes another message. */
Finding check_ipc_thread(const ProcessFacts &server, pid_t pid, bool has_room = true);

/* `heap`: what the server says of it; nothing where it does not. */
Finding check_heap(const std::optional<HeapAnswer> &heap);

/* The time that the doctor has is over: what it waited for. */
Finding not_in_time(const std::string &waited_for, double limit_s);

}  // namespace mp_ipc
