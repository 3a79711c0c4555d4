/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the bare primary and the driver need for their requests: how long these may take, and how a
 * callback wakes who waits for it.
 */
#pragma once

#include <semaphore.h>

#include <ctime>

namespace mp_ipc::bench {

inline constexpr timespec kTimeout = {5, 0};

/* Callbacks post it. Not std::counting_semaphore: that of libstdc++ spins before it sleeps, and so
 * keeps the IPC thread that it waits for off the core.
 */
class Answers {
  public:
    Answers() { sem_init(&semaphore_, 0, 0); }
    void release() { sem_post(&semaphore_); }
    void acquire() {
        while (sem_wait(&semaphore_) != 0) { /* a signal */
        }
    }
    bool try_acquire() { return sem_trywait(&semaphore_) == 0; }

  private:
    sem_t semaphore_ = {};
};

}  // namespace mp_ipc::bench
