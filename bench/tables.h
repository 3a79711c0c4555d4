/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Figures as text, and Markdown tables of them. Pure.
 */
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "bench/results.h"

namespace mp_ipc::bench {

inline constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

/* "–" for NaN. */
std::string number(double value, int decimals);
/* With thousands separators: "23,500". */
std::string grouped(double value);
std::string row_of(const std::vector<std::string> &cells);
/* The head of a table with text in the first column and numbers in the others. */
std::string head_of(const std::vector<std::string> &cells);

/* Least squares: values[i] = a + b * sizes[i]. */
struct LinearFit {
    double a = kNone;
    double b = kNone;
    double at(double size) const { return a + b * size; }
};

LinearFit fit_line(const std::vector<int> &sizes, const std::vector<double> &values);

std::string machine_table(const Facts &facts);
std::string goals_table(const std::vector<Goal> &goals);
/* What was left out, what failed, whether the figures mean anything. */
std::string remarks(const Facts &facts);

/* The name of the row for so many clients. */
std::string sized(const char *row, int size);

}  // namespace mp_ipc::bench
