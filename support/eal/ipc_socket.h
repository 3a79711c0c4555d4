/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What Linux tells about the EAL's own IPC socket and thread, which rte_mp keeps to itself: whether
 * all that was sent has been read, and whether the thread still runs. Relies on the socket's path
 * (mp_socket in the runtime directory) and the thread's name, which are the same from DPDK 22.11
 * to 26.07 but for the name: rte_mp_handle until 23.07, dpdk-mp-msg since 23.11.
 */
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <string_view>

namespace mp_ipc {

/* No send of either program waits longer than this for room in a peer's queue: it fails with EAGAIN
 * instead. Long enough for a live peer on a loaded machine (50 ms was not).
 */
inline constexpr std::chrono::milliseconds kSendLimit{500};

class IpcSocket {
  public:
    /* Finds this process's IPC socket and thread. After rte_eal_init(). */
    static IpcSocket find();

    bool found() const { return fd_ >= 0; }
    int fd() const { return fd_; } /* the EAL's: not to be closed */
    const std::string &path() const { return path_; }

    /* Bytes of memory that hold messages which this process sent and nobody has read yet
     * (SIOCOUTQ). 0 where the socket was not found.
     */
    int unread_by_peers() const;

    /* Whether nothing sent waits to be read and nothing received waits either. */
    bool idle() const;

    /* From now on a send of this process that meets a full queue, from whichever thread, fails with
     * EAGAIN after `limit`, instead of blocking for as long as its owner does not read. The kernel
     * counts in ticks of some milliseconds. false: not set.
     */
    bool limit_sends(std::chrono::milliseconds limit) const;

    /* Takes the socket's file away, for a process that ends without rte_eal_cleanup(). */
    void remove_file() const;

  private:
    int fd_ = -1; /* the EAL's, never closed here */
    std::string path_;
};

/* Whether nothing waits in either queue: out() bytes of this process's messages in those of others,
 * in() bytes in its own. What was sent is asked for first: a peer that takes a message in between
 * has answered it into the other queue, which the second question sees. The other way round both
 * could be 0 while the answer waits.
 */
template <typename Out, typename In>
bool queues_empty(const Out &out, const In &in) {
    return out() == 0 && in() == 0;
}

/* The path of the socket of the primary in this runtime directory. */
inline std::string primary_socket(const std::string &dir) {
    return dir + "/mp_socket";
}

/* Whether the queue of the socket at `path` has room within `limit`; true where that cannot be
 * known. Sends nothing.
 */
bool has_room(const std::string &path, std::chrono::milliseconds limit);

/* Looks until `condition` holds, for what was sent just now and is read in microseconds on a quiet
 * machine; false: it does not within `limit`. Any thread; a reason to end does not cut it short, as
 * it does Watch::look_until().
 */
template <typename Condition>
bool holds_within(std::chrono::milliseconds limit, const Condition &condition) {
    for (; limit.count() > 0; limit--) {
        if (condition())
            return true;
        usleep(1000);
    }
    return false;
}

/* The `peer` of a handler as text. The library passes the sender's address as it came, and a path
 * that fills it has no NUL.
 */
std::string_view peer_path(const void *peer);

/* Whether this peer is a NUL-terminated path and its socket lies where the secondaries of the
 * primary in `dir` have theirs. The name is the sender's choice, and a primary whose reply is
 * refused (ECONNREFUSED) removes the file of that name, whatever it is.
 */
bool is_secondary(std::string_view peer, std::string_view dir);

/* Whether a thread of this name is the EAL's IPC thread. */
bool is_ipc_thread(std::string_view name);

/* The EAL's IPC thread of this process; 0 where there is none of that name. */
pid_t find_ipc_thread();

/* net.unix.max_dgram_qlen; 10, the kernel's default, where it cannot be read. */
unsigned max_dgram_qlen();

}  // namespace mp_ipc
