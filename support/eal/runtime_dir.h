/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What can be known of the processes of a file prefix from EAL's runtime directory, without an EAL:
 * whether a primary lives, which prefixes have one, who holds the files of a dead one. Linux and
 * the layout of the directory (config, mp_socket, mp_socket_<pid>_<tsc>, fbarray_*) are what this
 * relies on; both are the same from DPDK 22.11 to 26.07.
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
        dead,      /* config is there, nobody holds its lock: the primary died or ended */
        starting,  /* a primary lives; its mp_socket is not there yet */
        alive,     /* a primary lives, and its mp_socket takes messages */
        forbidden, /* the directory may not be looked into */
        unknown,   /* it could not be looked at, for the reason in `error` */
    };
    State state = State::no_files;
    pid_t pid =
        0; /* of a living primary; 0 where the kernel does not tell (another pid namespace) */
    int error = 0; /* of errno; where the state is unknown */
    std::string dir;
};

/* Looks without leaving a trace. Never for one's own prefix in a primary: closing any descriptor
 * of config drops the POSIX lock on it, and a primary without the lock passes for dead.
 */
PrimaryProbe probe_primary(const std::string &dir);

/* Prefixes under runtime_root() with a living primary, sorted. */
std::vector<std::string> live_prefixes();

struct Holder {
    pid_t pid;
    std::string name; /* of the process, as in /proc/PID/comm */
};

/* Paths of the entries of dir whose name begins with `start`, sorted; none where it cannot be read.
 */
std::vector<std::string> entries(const std::string &dir, const std::string &start);

/* Whether somebody holds a lock (flock) on this file or directory, in whatever pid namespace;
 * nothing where it may not be opened. Takes the lock for a moment where nobody does, as EAL itself
 * does to see whether a file is left over.
 */
std::optional<bool> is_locked(const std::string &path);

/* Processes that hold a lock on a memory file (fbarray_*) of this directory. A new primary cannot
 * start while there are any. This process itself is left out.
 */
std::vector<Holder> lock_holders(const std::string &dir);

/* The same of any files or directories. Those of other pid namespaces are not seen. */
std::vector<Holder> flock_holders(const std::vector<std::string> &paths);

/* For a person: who holds the lock of this directory. The library takes it for moments, when a
 * process starts, attaches or sends to all, and whoever is stopped meanwhile keeps it.
 */
std::string held_lock_text(const std::string &dir);

/* Sockets of secondaries in dir. */
struct ClientSocket {
    std::string path;
    pid_t pid;
    bool live; /* somebody still reads it */
};
std::vector<ClientSocket> client_sockets(const std::string &dir);

/* Removes the sockets of secondaries that died, which the library leaves until it happens to send
 * to one; returns the paths of the others. For the primary of dir.
 */
std::vector<std::string> remove_stale_sockets(const std::string &dir);

/* Whether a message sent to this unix datagram socket may reach somebody: false only where the
 * kernel says that it does not. Sends nothing.
 */
bool socket_is_live(const std::string &path);

/* Its name, for a process that may be looked at and has a name, otherwise "?". Any bytes: the
 * process chooses them.
 */
std::string process_name(pid_t pid);
/* "pid 7, mp_x". */
std::string process_text(pid_t pid);
std::string holders_text(const std::vector<Holder> &holders);
/* The name of a user, or the number where it has none. */
std::string user_name(uid_t user);
/* The user that a file is of; this one where that cannot be known. */
uid_t owner_of(const std::string &path);

}  // namespace mp_ipc
