/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Unix datagrams in the wire format of rte_mp, made by hand: what a process can send that reaches a
 * program's socket and does not use the library. The format is that of the library's struct
 * mp_msg_internal without fds[] (332 bytes; 340 since DPDK 25.11, which aligns param), with
 * descriptors by SCM_RIGHTS.
 */
#pragma once

#include <sys/types.h>

#include <climits>
#include <cstddef>
#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include <rte_eal.h>

#include "support/base/unique_fd.h"

namespace mp_ipc::test {

/* Any int may be sent; the library takes one that is none of these as a message. */
enum WireType : std::int32_t {
    kWireMessage = 0,
    kWireRequest = 1,
    kWireReply = 2,
    kWireIgnore = 3
};

struct WireHead {
    std::int32_t type = kWireMessage;
};
/* name (perhaps without a NUL), len_param, num_fds and param are the library's; its fds[], at the
 * end, is not sent.
 */
struct WireMessage : WireHead, rte_mp_msg {
    WireMessage() : rte_mp_msg{} {}
};
inline constexpr std::size_t kWireSize = sizeof(WireMessage) - sizeof(rte_mp_msg::fds);

WireMessage wire_message(std::int32_t type, std::string_view name, std::string_view param = {});

class RawSocket {
  public:
    /* Without an address: the receiver does not learn the sender. */
    RawSocket();
    /* Bound to this path, which is removed at the end, or stays as after a kill. */
    enum class File { removed, stays };
    explicit RawSocket(const std::string &path, File file = File::removed);
    ~RawSocket();
    RawSocket(const RawSocket &) = delete;
    RawSocket &operator=(const RawSocket &) = delete;

    /* Sends `size` bytes and these descriptors; 0 or errno. Waits for room at most 5 s (EAGAIN). */
    int send(const std::string &to, const void *data, std::size_t size,
             const std::vector<int> &fds = {}) const;
    int send(const std::string &to, const WireMessage &message,
             const std::vector<int> &fds = {}) const {
        return send(to, &message, kWireSize, fds);
    }

    /* Reads and drops all that has arrived, with its descriptors; returns how many messages. */
    int drain() const;
    /* Waits for one message; after 5 s false, and *message is unchanged. */
    bool receive(WireMessage *message) const;

    int fd() const { return fd_.get(); }

  private:
    UniqueFd fd_;
    std::string path_;
};

/* Datagrams that end rte_mp's thread when they reach it. */
struct Malformed {
    const char *name;
    std::size_t size = kWireSize;
    std::int32_t num_fds = 0;
    std::int32_t len_param = 0;
    std::size_t with_fds = 0;
};
/* For the name of a test. */
inline void PrintTo(const Malformed &what, std::ostream *out) {
    *out << what.name;
}

inline constexpr Malformed kMalformed[] = {
    {"Bytes0", 0},
    {"Bytes1", 1},
    {"OneByteLess", kWireSize - 1},
    {"OneByteMore", kWireSize + 1},
    {"Bytes4096", 4096},
    {"NumFdsMinus1", kWireSize, -1},
    {"NumFdsOneTooMany", kWireSize, RTE_MP_MAX_FD_NUM + 1},
    {"NumFdsIntMax", kWireSize, INT_MAX},
    {"NumFdsIntMin", kWireSize, INT_MIN},
    {"LenParamMinus1", kWireSize, 0, -1},
    {"LenParam257", kWireSize, 0, 257},
    {"LenParamIntMax", kWireSize, 0, INT_MAX},
    {"LenParamIntMin", kWireSize, 0, INT_MIN},
#if RTE_MP_MAX_FD_NUM < 253 /* since 24.11 as many as the kernel takes for one message */
    /* More than fit the library's control buffer: MSG_CTRUNC. */
    {"BringsOneFdTooMany", kWireSize, RTE_MP_MAX_FD_NUM, 0, RTE_MP_MAX_FD_NUM + 1},
#endif
};

/* Sends the datagram to `to`; returns 0 or errno. */
int send_malformed(const std::string &to, const Malformed &what);

/* Links of /proc/PID/fd, by number: "5 anon_inode:[signalfd]". */
std::vector<std::string> open_files(pid_t pid);

/* A number of /proc/PID/status, such as "VmRSS:" in KiB; -1: there is none. */
long process_status(pid_t pid, const std::string &field);

}  // namespace mp_ipc::test
