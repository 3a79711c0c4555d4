/* SPDX-License-Identifier: BSD-3-Clause
 *
 * ping_request: a struct there and back, to measure round trips with.
 */
#pragma once

#include <cstdint>

#include "support/base/message.h"

namespace mp_ipc {

inline constexpr const char *kMsgPing = "ping_request"; /* client to server */

struct PingRequest {
    Header header;
    std::uint64_t sent_ns = 0; /* sender's CLOCK_MONOTONIC */
};
struct PingReply {
    Header header;
    std::uint64_t sent_ns = 0; /* as in the request */
};

}  // namespace mp_ipc
