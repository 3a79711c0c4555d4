/* SPDX-License-Identifier: BSD-3-Clause
 *
 * report_request: an answer that does not fit 256 bytes comes as a file descriptor.
 */
#pragma once

#include <cstdint>

#include "support/base/message.h"

namespace mp_ipc {

inline constexpr const char *kMsgReport = "report_request"; /* client to server */

struct ReportRequest {
    Header header;
};
struct ReportReply {
    Header header;
    std::uint64_t size = 0; /* bytes of text in fds[0], a sealed memfd; 0: no descriptor came */
};

}  // namespace mp_ipc
