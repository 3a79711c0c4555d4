/* SPDX-License-Identifier: BSD-3-Clause
 *
 * For the requests of the bare primary and the driver: their timeout, and how a callback wakes the
 * thread that waits for it.
 */
#pragma once

#include <semaphore.h>

#include <ctime>

namespace mp_ipc::bench {

inline constexpr timespec kTimeout = {5, 0};

/* A semaphore that callbacks post. Not std::counting_semaphore: libstdc++'s spins before it sleeps,
 * and so keeps the IPC thread, for which it waits, off the core.
 */
class Answers {
  public:
    Answers() { sem_init(&semaphore_, 0, 0); }
    void release() { sem_post(&semaphore_); }
    void acquire() {
        while (sem_wait(&semaphore_) != 0) { /* interrupted by a signal */
        }
    }
    bool try_acquire() { return sem_trywait(&semaphore_) == 0; }

  private:
    sem_t semaphore_ = {};
};

}  // namespace mp_ipc::bench
