/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/eal/ipc_descriptors.h"

#include <dlfcn.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>

#include "support/eal/ipc_datagram.h"

namespace mp_ipc {
namespace {

std::atomic<DescriptorsIn> g_wanted{DescriptorsIn::none}; /* written before g_fd */
std::atomic<int> g_fd{-1};

/* Calls `use(fd)` with each descriptor that came with the message; returns how many. */
template <typename Use>
int for_each_descriptor(msghdr &header, const Use &use) {
    int count = 0;
    for (cmsghdr *part = CMSG_FIRSTHDR(&header); part != nullptr;
         part = CMSG_NXTHDR(&header, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
            continue;
        const std::size_t bytes = part->cmsg_len - CMSG_LEN(0);
        for (std::size_t at = 0; at + sizeof(int) <= bytes; at += sizeof(int), count++) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(part) + at, sizeof(fd));
            use(fd);
        }
    }
    return count;
}

void close_unwanted_descriptors(msghdr &header, IpcDatagram &datagram) {
    int came = for_each_descriptor(header, [](int) {});
    /* MSG_CTRUNC: more came than the buffer holds, or than this process may open. */
    const bool wanted = g_wanted == DescriptorsIn::replies && datagram.type == kIpcReply &&
                        datagram.message.num_fds == came && (header.msg_flags & MSG_CTRUNC) == 0;
    if (!wanted) {
        for_each_descriptor(header, [](int fd) { close(fd); });
        header.msg_controllen = 0;
        header.msg_flags &= ~MSG_CTRUNC;
        came = 0;
    }
    datagram.message.num_fds = came;
}

}  // namespace

void limit_descriptors(int fd, DescriptorsIn descriptors) {
    g_wanted = descriptors;
    g_fd = fd;
}

}  // namespace mp_ipc

/* Replaces libc's. Like that it is a cancellation point: rte_eal_cleanup() cancels the IPC thread.
 */
extern "C" ssize_t recvmsg(int fd, msghdr *message, int flags) {
    using Recvmsg = ssize_t (*)(int, msghdr *, int);
    static const auto real = reinterpret_cast<Recvmsg>(dlsym(RTLD_NEXT, "recvmsg"));
    const ssize_t got = real(fd, message, flags);
    if (fd == mp_ipc::g_fd && got == ssize_t{mp_ipc::kIpcDatagramSize} && message->msg_iovlen == 1)
        mp_ipc::close_unwanted_descriptors(
            *message, *static_cast<mp_ipc::IpcDatagram *>(message->msg_iov[0].iov_base));
    return got;
}
