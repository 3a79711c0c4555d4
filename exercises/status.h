/* SPDX-License-Identifier: BSD-3-Clause
 *
 * client_status and server_event: what a server asks of all its clients, and tells them.
 */
#pragma once

#include <cstdint>

#include "common.h"
#include "support/base/message.h"

namespace mp_ipc {

inline constexpr const char *kMsgClientStatus = "client_status"; /* server to every client */
inline constexpr const char *kMsgServerEvent = "server_event";   /* the same, one way */

struct StatusRequest {
    Header header;
};
struct StatusReply {
    Header header;
    std::uint64_t sent = 0;     /* requests sent, of all kinds */
    std::uint64_t answered = 0; /* by their own reply, in time */
    std::uint64_t late = 0;     /* whose place a late reply took */
    std::int32_t pid = 0;
    char name[kMaxName + 1] = {};
};

enum class ServerEventKind : std::uint32_t { shutdown = 1 };
struct ServerEvent {
    Header header;
    ServerEventKind kind = ServerEventKind::shutdown;
    std::uint32_t reserved = 0;
};

}  // namespace mp_ipc
