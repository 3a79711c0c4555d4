/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Options in a table: the same rows parse the command line and print the help, so that the two
 * cannot differ. An error is one line that names the option and what it takes.
 */
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/base/words.h"

namespace mp_ipc {

struct Option {
    enum class Takes { nothing, value, optional_value /* only as --name=value */ };

    std::string name; /* long name without dashes */
    Takes takes = Takes::nothing;
    std::string value; /* what it takes, for the help: "SECONDS" */
    Line<0> help;      /* one sentence, with "\n" where the line breaks */
    /* Takes the value ("" where there is none); returns what is wrong with it, or "". */
    std::function<std::string(std::string_view)> set;
};

/* Reads `args` by `options`. Words that are no options go to *words, in order. Returns what is
 * wrong in one line, or "".
 */
std::string parse_options(const std::vector<std::string> &args, const std::vector<Option> &options,
                          std::vector<std::string> *words);

/* The rows of the help: "  --name VALUE   what it does". `dashes` is put before each name. */
std::string help_of(const std::vector<Option> &options, const char *dashes = "--");

/* The limits of most times, in seconds: below a millisecond the scheduler decides. */
inline constexpr double kLeastSeconds = 0.001;
inline constexpr double kMostSeconds = 86400;

/* These make an Option::set. Seconds may have a fraction; both limits are allowed values.
 * `zero_is_off` also allows 0. A count is from 1 to `most`.
 */
std::function<std::string(std::string_view)> set_seconds(double *seconds, double least, double most,
                                                         bool zero_is_off = false);
std::function<std::string(std::string_view)> set_count(std::optional<unsigned long> *count,
                                                       unsigned long most);

/* An option that takes nothing and sets *value. */
Option flag(const char *name, Line<0> help, bool *value);

/* The decimal number that is all of text; nullopt: it is not one, or not finite. */
std::optional<double> parse_number(std::string_view text);

}  // namespace mp_ipc
