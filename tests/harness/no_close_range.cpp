/* SPDX-License-Identifier: BSD-3-Clause
 *
 * For LD_PRELOAD: a kernel or a sandbox without close_range(2), and a container's limit of open
 * files, so high that a loop over all numbers takes minutes.
 */
#include <dlfcn.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>

extern "C" long syscall(long number, ...) noexcept {
    if (number == SYS_close_range) {
        errno = ENOSYS;
        return -1;
    }
    long values[6];
    va_list list;
    va_start(list, number);
    for (long &value : values)
        value = va_arg(list, long);
    va_end(list);
    using Syscall = long(long, ...);
    static auto *const real = reinterpret_cast<Syscall *>(dlsym(RTLD_NEXT, "syscall"));
    return real(number, values[0], values[1], values[2], values[3], values[4], values[5]);
}

extern "C" long sysconf(int name) noexcept {
    if (name == _SC_OPEN_MAX)
        return 1'073'741'816;
    using Sysconf = long(int);
    static auto *const real = reinterpret_cast<Sysconf *>(dlsym(RTLD_NEXT, "sysconf"));
    return real(name);
}
