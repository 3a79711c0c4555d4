/* SPDX-License-Identifier: BSD-3-Clause */
#include <gtest/gtest.h>

#include <string>

#include "support/stats/telemetry.h"

namespace mp_ipc {
namespace {

TEST(TelemetryText, IsPrintableAsciiAndFits) {
    EXPECT_EQ(telemetry_text("plain ~\"\\", 127), "plain ~\"\\");
    EXPECT_EQ(telemetry_text("\xe4\xb8\xad\x1b\x7f", 127), "\\xe4\\xb8\\xad\\x1b\\x7f");
    EXPECT_EQ(telemetry_text(std::string(200, 'x'), 127), std::string(127, 'x'));
    EXPECT_EQ(telemetry_text("abc\xff", 6), "abc"); /* an escape is not cut */
}

}  // namespace
}  // namespace mp_ipc
