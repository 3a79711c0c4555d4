/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Figures as text, and Markdown tables of them. Pure.
 */
#pragma once

#include <limits>
#include <string>
#include <vector>

namespace mp_ipc::bench {

inline constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

/* "–" where there is none. */
std::string number(double value, int decimals);
/* Thousands apart: "23,500". */
std::string grouped(double value);
std::string row_of(const std::vector<std::string> &cells);
/* A table's head: text in the first column, numbers in the others. */
std::string head_of(const std::vector<std::string> &cells);

/* The row of so many clients. */
std::string sized(const char *row, int size);

}  // namespace mp_ipc::bench
