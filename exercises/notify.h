/* SPDX-License-Identifier: BSD-3-Clause
 *
 * notify_event: a message that nobody answers.
 */
#pragma once

#include <cstdint>

#include "common.h"
#include "support/base/message.h"

namespace mp_ipc {

inline constexpr const char *kMsgNotify = "notify_event"; /* client to server, one way */

struct NotifyEvent {
    Header header;
    std::int32_t pid = 0;
    char name[kMaxName + 1] = {}; /* of the sender, NUL-terminated */
    char text[180] = {};          /* NUL-terminated */
};

/* Longest text of a notify message, in bytes. */
inline constexpr std::size_t kMaxNotifyText = sizeof(NotifyEvent::text) - 1;

}  // namespace mp_ipc
