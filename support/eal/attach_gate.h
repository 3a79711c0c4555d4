/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Lets only a few secondaries attach at a time: each takes a place before rte_eal_init() and gives
 * it back afterwards. Meanwhile it holds some of the primary's heap, and waits for spinlocks in
 * shared memory: where many on one core wait, the one that has the lock does not run. The places
 * are file locks on bytes of a file in the runtime directory, so the kernel frees those of a
 * process that ends in whatever way. Needs no EAL, nor a server that knows of it.
 */
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "support/base/unique_fd.h"

namespace mp_ipc {

class AttachGate {
  public:
    static constexpr unsigned kPlaces = 8; /* two pages of 2 MiB hold a dozen (22.11) */
    /* A row hangs when all its holders are stopped, or are the same for this long (a client gives
     * up after 20 s). Then the next row is used.
     */
    static constexpr std::chrono::seconds kPatience{30};
    static constexpr unsigned kRows = 16;

    enum class Outcome {
        entered,      /* has a place */
        passed_by,    /* has no place, and attaches without: all rows hang */
        interrupted,  /* `pause` said to give up */
        not_possible, /* the file cannot be used: no directory, read-only, another user's */
    };

    /* `dir`: the runtime directory of the prefix. */
    explicit AttachGate(const std::string &dir) : path_(dir + "/mp_ipc_attach") {}
    ~AttachGate() { leave(); }
    AttachGate(const AttachGate &) = delete;
    AttachGate &operator=(const AttachGate &) = delete;

    /* Waits for a place. `pause` is called between two tries, with the time to sleep; it returns
     * false to give up.
     */
    Outcome enter(const std::function<bool(std::chrono::milliseconds)> &pause,
                  std::chrono::milliseconds patience = kPatience);
    void leave();

    /* Makes the file. Called by the primary, so that its user owns the file. */
    static void make(const std::string &dir);

    /* The processes that hold places of a row, without this one; 0 for one of another pid
     * namespace.
     */
    std::vector<pid_t> holders(unsigned row) const;
    /* The row that enter() has reached; those before it hang. */
    unsigned row() const { return row_; }

  private:
    bool take_a_place();

    std::string path_;
    unsigned row_ = 0;
    UniqueFd file_; /* POSIX locks: closing any descriptor of the file would drop them */
};

}  // namespace mp_ipc
