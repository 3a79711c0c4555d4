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

#include "support/eal/heap_question.h"
#include "support/eal/hugepages.h"
#include "support/eal/runtime_dir.h"

namespace mp_ipc {

struct Finding {
    enum class Verdict { good, bad, unknown };
    Verdict verdict;
    std::string text; /* in the console's language */
};

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

struct RuntimeFacts {
    std::string root; /* …/dpdk */
    std::string dir;  /* of the prefix */
    bool root_exists = false;
    bool usable = false;    /* this user can make what is missing of them and write there */
    std::string missing_at; /* where nothing is usable: the directory that is in the way */
    unsigned mode = 0;      /* of dir; 0: there is none */
    uid_t owner = 0;
    bool foreign = false; /* dir is of another user */
};
RuntimeFacts look_at_runtime(const std::string &root, const std::string &dir);
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

/* Whether the longest socket path in the prefix's directory fits an address. */
Finding check_path_length(const std::string &dir, unsigned long pid_max);

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
};
Finding check_cores(const CoreFacts &facts);

/* `has_room`: its queue takes another message. */
Finding check_ipc_thread(const ProcessFacts &server, pid_t pid, bool has_room = true);

/* `heap`: what the server says of it; nothing where it does not. */
Finding check_heap(const std::optional<HeapAnswer> &heap);

/* What a client finds under the name shared_info. */
struct ZoneFacts {
    bool found = false;
    std::size_t size = 0;
    std::uint64_t boot_id = 0;
    bool shutting_down = false;
};
Finding check_zone(const ZoneFacts &zone);

struct PingFacts {
    std::string trouble; /* why there is no good reply; empty: there is one */
    double time_ms = 0;
    double timeout_s = 0;
    bool timed_out = false;
};
Finding check_ping(const PingFacts &ping);

/* The time that the doctor has is over: what it waited for. */
Finding not_in_time(const std::string &waited_for, double limit_s);

/* What is not checked, and why. */
Finding not_checked(const std::string &what, const std::string &why);

}  // namespace mp_ipc
