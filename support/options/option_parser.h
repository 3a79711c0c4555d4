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
    /* As the help shows it, without dashes: "quiet" takes nothing, "timeout S" a value, "wait[=S]"
     * one only as --wait=S.
     */
    std::string spec;
    Line<0> help; /* one sentence, with "\n" where the line breaks */
    /* Takes the value ("" where there is none); returns what is wrong with it, or "". */
    std::function<std::string(std::string_view)> set;

    std::string name() const { return spec.substr(0, spec.find_first_of(" [")); }
    bool takes_nothing() const { return name() == spec; }
    bool needs_value() const { return spec.find(' ') != std::string::npos; }
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
 * `zero_is_off` also allows 0.
 */
std::function<std::string(std::string_view)> set_seconds(double *seconds, double least, double most,
                                                         bool zero_is_off = false);
/* The same for an option whose value may be left out, which means 0. */
std::function<std::string(std::string_view)> set_seconds(std::optional<double> *seconds,
                                                         double least);

/* An option that takes nothing and sets *value. */
Option flag(const char *name, Line<0> help, bool *value);

/* The decimal number that is all of text; nullopt: it is not one, or not finite. */
std::optional<double> parse_number(std::string_view text);

}  // namespace mp_ipc
