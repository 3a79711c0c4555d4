/* SPDX-License-Identifier: BSD-3-Clause
 *
 * For LD_PRELOAD: the queue of the socket FULL_QUEUE, which nobody reads, is full whenever the
 * library is to send an event or a ping. Each such call is said on stderr.
 */
#include <dlfcn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string_view>

#include <rte_eal.h>

namespace {

void fill_queue() {
    constexpr std::string_view kLine = "full_queue: a send\n";
    [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, kLine.data(), kLine.size());
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, std::getenv("FULL_QUEUE"), sizeof(address.sun_path) - 1);
    const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    while (sendto(fd, "x", 1, 0, reinterpret_cast<const sockaddr *>(&address), sizeof(address)) ==
           1) {
    }
    close(fd); /* what it has sent stays */
}

}  // namespace

extern "C" int rte_mp_sendmsg(rte_mp_msg *msg) {
    fill_queue();
    using Send = int(rte_mp_msg *);
    return reinterpret_cast<Send *>(dlsym(RTLD_NEXT, "rte_mp_sendmsg"))(msg);
}

extern "C" int rte_mp_request_sync(rte_mp_msg *request, struct rte_mp_reply *reply,
                                   const timespec *timeout) {
    if (request->name == std::string_view("ping_request"))
        fill_queue();
    using Request = int(rte_mp_msg *, struct rte_mp_reply *, const timespec *);
    return reinterpret_cast<Request *>(dlsym(RTLD_NEXT, "rte_mp_request_sync"))(request, reply,
                                                                                timeout);
}
