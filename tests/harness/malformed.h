/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Datagrams that end rte_mp's thread when they reach it.
 */
#pragma once

#include <algorithm>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <ostream>
#include <string>
#include <vector>

#include "tests/harness/datagram.h"

namespace mp_ipc::test {

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
inline int send_malformed(const std::string &to, const Malformed &what) {
    WireMessage message = wire_message(kWireMessage, "hello_request");
    message.num_fds = what.num_fds;
    message.len_param = what.len_param;
    std::vector<char> bytes(std::max(what.size, sizeof(message)));
    std::memcpy(bytes.data(), &message, sizeof(message));
    return RawSocket().send(to, bytes.data(), what.size, std::vector<int>(what.with_fds, 0));
}

}  // namespace mp_ipc::test
