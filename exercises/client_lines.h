/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What mp_client says of its requests, where that takes more than a line of code.
 */
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "support/base/books.h"
#include "support/base/histogram.h"

namespace mp_ipc {

/* Why the request `what` got no answer of its own; `detail` is the late reply that came instead, or
 * why it was refused. timeout_s: in seconds.
 */
void say_unanswered(std::string_view tag, std::string_view what, Outcome outcome,
                    std::string_view detail, double timeout_s);

/* The last lines of hello. */
void say_totals(const Books &sync, const Books &async);
/* The last lines of ping; times in nanoseconds. */
void say_ping_summary(const Books &books, const Histogram &times);

/* Nanoseconds as milliseconds with three decimals. */
std::string milliseconds_text(std::uint64_t ns);

}  // namespace mp_ipc
