/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What thermo_server and thermo_client say to each other: one message, with the value of a sensor.
 */
#pragma once

#include <cstdint>

#include "support/base/message.h"

inline constexpr const char *kMsgRead = "thermo_read"; /* client to server */

struct ReadRequest {
    mp_ipc::Header header;
    std::uint64_t sensor = 0;
};
struct ReadReply {
    mp_ipc::Header header;
    std::uint64_t sensor = 0;     /* as in the request */
    std::int64_t millikelvin = 0; /* here: a thousand times the sensor's number */
};
