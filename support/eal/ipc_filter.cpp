/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/eal/ipc_filter.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <linux/filter.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <bit>
#include <cstdint>
#include <cstring>
#include <iterator>

#include "support/console/console.h"

namespace mp_ipc {
namespace {

constexpr std::uint32_t kType = offsetof(IpcDatagram, type);
constexpr std::uint32_t kMessage = offsetof(IpcDatagram, message);
constexpr std::uint32_t kLenParam = kMessage + offsetof(rte_mp_msg, len_param);
constexpr std::uint32_t kNumFds = kMessage + offsetof(rte_mp_msg, num_fds);
constexpr std::uint32_t kSize = kIpcDatagramSize;
static_assert(RTE_MP_MAX_FD_NUM <= 255); /* one byte is looked at */

/* The value that a filter loads for the word `native`: a filter reads network byte order, and the
 * library writes the machine's own.
 */
std::uint32_t loaded(std::uint32_t native) {
    return htonl(native);
}

constexpr sock_filter load_word(std::uint32_t offset) {
    return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset);
}
/* Skips `then` instructions if the loaded value is `value`, else `otherwise`. */
constexpr sock_filter if_equal(std::uint32_t value, std::uint8_t then, std::uint8_t otherwise) {
    return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, then, otherwise);
}
constexpr sock_filter keep_bits(std::uint32_t bits) {
    return BPF_STMT(BPF_ALU | BPF_AND | BPF_K, bits);
}

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

void attach_datagram_filter(const IpcSocket &socket, DescriptorsIn descriptors) {
    constexpr std::uint32_t kLowByte = std::endian::native == std::endian::little ? 0 : 3;
    const bool in_replies = descriptors == DescriptorsIn::replies;
    /* Jumps count from the next instruction; 14 lets the datagram in, 15 drops it. */
    sock_filter code[] = {/*  0 */ BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
                          /*  1 */ if_equal(kSize, 0, 13),
                          /*  2 */ load_word(kLenParam), /* 0 to 256 */
                          /*  3 */ if_equal(loaded(RTE_MP_MAX_PARAM_LEN), 2, 0),
                          /*  4 */ keep_bits(loaded(~std::uint32_t{RTE_MP_MAX_PARAM_LEN - 1})),
                          /*  5 */ if_equal(0, 0, 9),
                          /*  6 */ load_word(kNumFds), /* 0, or in a reply up to the most */
                          /*  7 */ if_equal(0, 6, in_replies ? 0 : 7),
                          /*  8 */ keep_bits(loaded(~std::uint32_t{0xff})),
                          /*  9 */ if_equal(0, 0, 5),
                          /* 10 */ BPF_STMT(BPF_LD | BPF_B | BPF_ABS, kNumFds + kLowByte),
                          /* 11 */ BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, RTE_MP_MAX_FD_NUM, 3, 0),
                          /* 12 */ load_word(kType),
                          /* 13 */ if_equal(loaded(kIpcReply), 0, 1),
                          /* 14 */ BPF_STMT(BPF_RET | BPF_K, kSize),
                          /* 15 */ BPF_STMT(BPF_RET | BPF_K, 0)};
    static_assert(std::has_single_bit(unsigned{RTE_MP_MAX_PARAM_LEN}));
    const sock_fprog program = {std::size(code), code};
    if (!socket.found())
        return;
    if (setsockopt(socket.fd(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) != 0)
        warn({"the kernel takes no filter for the IPC socket: one malformed datagram can end IPC",
              "内核不接受 IPC 套接字的过滤器：一个畸形的数据报就能中断 IPC"});
    limit_descriptors(socket.fd(), descriptors);
}

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
