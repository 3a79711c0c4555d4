/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What EAL's runtime directory shows of the processes of a file prefix, without an EAL: whether a
 * primary lives, which prefixes have one, which processes hold the files of an exited one. Relies
 * on Linux, on the layout of the directory (config, mp_socket, mp_socket_<pid>_<tsc>, fbarray_*)
 * and on the first fields of EAL's struct rte_mem_config, which are the same from DPDK 22.11 to
 * 26.07.
 */
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace mp_ipc {

/* Where EAL keeps the directories of all prefixes of this user: "/var/run/dpdk" for root. */
std::string runtime_root();
/* The directory of one prefix. */
std::string runtime_dir(const std::string &file_prefix);

struct PrimaryProbe {
    enum class State {
        no_files,  /* no such directory, or no config in it */
        dead,      /* config is there, nobody holds its lock: the primary has exited */
        starting,  /* a primary lives; its mp_socket is not there yet, or its memory not complete */
        alive,     /* a primary lives, its mp_socket takes messages, its memory is complete */
        forbidden, /* the directory may not be looked into */
        unknown,   /* it could not be looked at, for the reason in `error` */
    };
    State state = State::no_files;
    pid_t pid = 0; /* of a live primary; 0 if the kernel does not show it (another pid namespace) */
    int error = 0; /* of errno; where the state is unknown */
    std::string dir;
    bool socket_left = false; /* of one that is dead: its mp_socket is there, so it was killed */
    /* Of one that is alive: why a secondary could not attach. EAL only logs these reasons, and the
     * user may have turned its log off. */
    std::string version{};       /* of its DPDK: "22.11.11" */
    bool other_version = false;  /* than the library that this process runs with */
    bool no_secondaries = false; /* it has called rte_mp_disable() */

    bool lives() const { return state == State::starting || state == State::alive; }
    std::string prefix() const; /* the last part of dir */
};

/* Changes nothing. A primary must not call it for its own prefix: to close any descriptor of config
 * drops its POSIX lock on it, and a primary without that lock is taken for dead.
 */
PrimaryProbe probe_primary(const std::string &dir);

/* All prefixes under runtime_root() that have files, sorted. */
std::vector<PrimaryProbe> probe_prefixes();

/* Paths of the entries of dir whose name begins with `start`, sorted; none if it cannot be read. */
std::vector<std::string> entries(const std::string &dir, const std::string &start);

/* Whether a process of any pid namespace holds a lock (flock) on this file or directory; nullopt:
 * it cannot be opened. If nobody holds the lock, this takes it for a moment, as EAL does to see
 * whether a file is left over.
 */
std::optional<bool> is_locked(const std::string &path);

/* Processes, other than this one, that hold a lock on a memory file (fbarray_*) of this directory.
 * A new primary cannot start while there are any.
 */
std::vector<pid_t> lock_holders(const std::string &dir);

/* The same for any files or directories. Processes of other pid namespaces are not seen. */
std::vector<pid_t> flock_holders(const std::vector<std::string> &paths);

/* Sockets of secondaries in dir. */
struct ClientSocket {
    std::string path;
    pid_t pid;
    bool live; /* a process has it open */
};
std::vector<ClientSocket> client_sockets(const std::string &dir);

/* Removes the sockets of exited secondaries, which the library does only when it sends to one;
 * returns the paths of the others, sorted. For the primary of dir.
 */
std::vector<std::string> remove_stale_sockets(const std::string &dir);

/* Whether a message to this unix datagram socket may reach a process: false only if the kernel
 * reports that it cannot. Sends nothing.
 */
bool socket_is_live(const std::string &path);

/* The name of a process, "?" if it has none or cannot be looked at. Any bytes: the process chooses
 * them.
 */
std::string process_name(pid_t pid);
/* "pid 7, mp_x". */
std::string process_text(pid_t pid);
std::string holders_text(const std::vector<pid_t> &holders);
/* The name of a user, or the number where it has none. */
std::string user_name(uid_t user);
/* The owner of a file; this process's user if that cannot be known. */
uid_t owner_of(const std::string &path);

}  // namespace mp_ipc
