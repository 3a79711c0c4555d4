/* SPDX-License-Identifier: BSD-3-Clause
 *
 * For LD_PRELOAD: the socket of a secondary cannot be made, as on a full file system.
 */
#include <dlfcn.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

extern "C" int bind(int fd, const sockaddr *address, socklen_t size) {
    if (address->sa_family == AF_UNIX &&
        std::strstr(reinterpret_cast<const sockaddr_un *>(address)->sun_path, "/mp_socket_") !=
            nullptr) {
        errno = ENOSPC;
        return -1;
    }
    using Bind = int(int, const sockaddr *, socklen_t);
    return reinterpret_cast<Bind *>(dlsym(RTLD_NEXT, "bind"))(fd, address, size);
}
