/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A few at a time: a secondary takes a place before rte_eal_init() and leaves it afterwards. Each
 * holds some of the primary's heap meanwhile, and waits for spinlocks in shared memory: where many
 * on one core do, the one that has the lock does not run. The places are locks of the kernel on
 * bytes of a file in the runtime directory: those of a process that ends in whatever way are free
 * again. Needs no EAL, nor a server that knows of it.
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
    /* Those that are stopped, or that have not changed for so long (a client gives up after 20
     * s), keep nobody out: there is another row of places, used when all in the row before hang.
     */
    static constexpr std::chrono::seconds kPatience{30};
    static constexpr unsigned kRows = 16;

    enum class Outcome {
        entered,      /* has a place */
        passed_by,    /* has none: those in all rows hang */
        interrupted,  /* `pause` said to give up */
        not_possible, /* the file cannot be used: no directory, read-only, another user's */
    };

    /* `dir`: the runtime directory of the prefix. */
    explicit AttachGate(const std::string &dir) : path_(dir + "/mp_ipc_attach") {}
    ~AttachGate() { leave(); }
    AttachGate(const AttachGate &) = delete;
    AttachGate &operator=(const AttachGate &) = delete;

    /* Waits for a place. `pause` is called between two looks, with how long to sleep; it returns
     * false to give up.
     */
    Outcome enter(const std::function<bool(std::chrono::milliseconds)> &pause,
                  std::chrono::milliseconds patience = kPatience);
    void leave();

    /* Makes the file, for a primary: it is then the primary's user's own. */
    static void make(const std::string &dir);

    /* The processes in a row, other than this one; 0 for one of another pid namespace. */
    std::vector<pid_t> holders(unsigned row) const;
    /* The row that enter() came to; those before it hang. */
    unsigned row() const { return row_; }

  private:
    bool take_a_place();

    std::string path_;
    unsigned row_ = 0;
    UniqueFd file_; /* POSIX locks: closing any descriptor of the file would drop them */
};

}  // namespace mp_ipc
