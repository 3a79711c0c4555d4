/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What Linux shows of the EAL's IPC socket and thread, for which rte_mp has no call: whether all
 * messages have been read, and whether the thread still runs. Relies on the socket's path
 * (mp_socket in the runtime directory), the same from DPDK 22.11 to 26.07, and on the thread's
 * name: rte_mp_handle until 23.07, dpdk-mp-msg since 23.11.
 */
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <string_view>

namespace mp_ipc {

/* A send of either program waits at most this long for room in a peer's queue, then fails with
 * EAGAIN. Long enough for a live peer on a loaded machine (50 ms was not).
 */
inline constexpr std::chrono::milliseconds kSendLimit{500};

class IpcSocket {
  public:
    /* Finds this process's IPC socket. After rte_eal_init(). Any thread. */
    static IpcSocket find();

    bool found() const { return fd_ >= 0; }
    int fd() const { return fd_; } /* the EAL's: not to be closed */
    const std::string &path() const { return path_; }

    /* Bytes of memory of the messages that this process sent and no peer has read yet (SIOCOUTQ). 0
     * if the socket was not found.
     */
    int unread_by_peers() const;

    /* Whether neither a sent nor a received message waits to be read. */
    bool idle() const;

    /* From now on a send of this process to a full queue, from any thread, fails with EAGAIN after
     * `limit` instead of blocking until the peer reads. The kernel counts in ticks of some
     * milliseconds. false: not set.
     */
    bool limit_sends(std::chrono::milliseconds limit) const;

    /* Removes the socket's file, for a process that ends without rte_eal_cleanup(). */
    void remove_file() const;

  private:
    int fd_ = -1; /* the EAL's, never closed here */
    std::string path_;
};

/* The path of the socket of the primary in this runtime directory. */
inline std::string primary_socket(const std::string &dir) {
    return dir + "/mp_socket";
}

/* Whether the queue of the socket at `path` has room within `limit`; true if that cannot be known.
 * Sends nothing. Any thread.
 */
bool has_room(const std::string &path, std::chrono::milliseconds limit);

/* The `peer` of a handler as text. The library passes the sender's address unchecked, and a path
 * that fills it has no NUL.
 */
std::string_view peer_path(const void *peer);

/* Whether this peer is a NUL-terminated path of the kind that the secondaries of the primary in
 * `dir` have. The sender chooses the path, and a primary whose reply is refused (ECONNREFUSED)
 * removes the file at that path, whatever it is.
 */
bool is_secondary(std::string_view peer, std::string_view dir);

/* Whether a thread of this name is the EAL's IPC thread. */
bool is_ipc_thread(std::string_view name);

/* The EAL's IPC thread of this process; 0 where there is none of that name. */
pid_t find_ipc_thread();

/* net.unix.max_dgram_qlen; 10, the kernel's default, where it cannot be read. */
unsigned max_dgram_qlen();

}  // namespace mp_ipc
