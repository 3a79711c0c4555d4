/* SPDX-License-Identifier: BSD-3-Clause
 *
 * For LD_PRELOAD: after THREADS threads no other can be started, as with a cgroup's pids.max.
 */
#include <dlfcn.h>
#include <pthread.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>

extern "C" int pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                              void *(*run)(void *), void *argument) {
    static std::atomic<int> left{std::atoi(std::getenv("THREADS"))};
    if (left-- <= 0)
        return EAGAIN;
    using Create = int(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    return reinterpret_cast<Create *>(dlsym(RTLD_NEXT, "pthread_create"))(thread, attributes, run,
                                                                          argument);
}
