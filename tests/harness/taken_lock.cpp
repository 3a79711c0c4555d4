/* SPDX-License-Identifier: BSD-3-Clause
 *
 * For LD_PRELOAD: another process has the lock of a file that EAL has just made for this secondary,
 * as one that removes left-over files has for a moment. TAKEN_LOCK=N: of the Nth lock that is asked
 * for, from 1. In the first run of a program only, unless TAKEN_ALWAYS is set.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

namespace {
bool g_takes = false;

__attribute__((constructor)) void decide() { /* the program takes the variable away */
    g_takes = std::getenv("MP_IPC_RESUME") == nullptr || std::getenv("TAKEN_ALWAYS") != nullptr;
}

/* One that EAL makes, for reading and writing; a check of our own opens it for reading. */
bool is_made_by_eal(int fd) {
    std::error_code error;
    const std::string path =
        std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd), error);
    return (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR &&
           path.find("/fbarray_") != std::string::npos &&
           path.find("_" + std::to_string(getpid())) != std::string::npos;
}
}  // namespace

extern "C" int flock(int fd, int operation) {
    static int asked = 0;
    if (g_takes && is_made_by_eal(fd) && ++asked == std::atoi(std::getenv("TAKEN_LOCK"))) {
        errno = EWOULDBLOCK;
        return -1;
    }
    using Flock = int(int, int);
    return reinterpret_cast<Flock *>(dlsym(RTLD_NEXT, "flock"))(fd, operation);
}
