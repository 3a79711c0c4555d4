/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The result of one check, as one line. A start that finds a bad one ends with it; doctor prints
 * all of them.
 */
#pragma once

#include <string>
#include <utility>

#include "support/console/console.h"

namespace mp_ipc {

struct Finding {
    enum class Verdict { good, bad, unknown };
    Verdict verdict;
    std::string text; /* in the console's language */
};

inline Finding good(std::string text) {
    return {Finding::Verdict::good, std::move(text)};
}
inline Finding bad(std::string text) {
    return {Finding::Verdict::bad, std::move(text)};
}
inline Finding unknown(std::string text) {
    return {Finding::Verdict::unknown, std::move(text)};
}

/* The finding for a check that was left out, with the reason. */
inline Finding not_checked(const std::string &what, const std::string &why) {
    return unknown(in_words({"{}: not checked: {}", "{}：未检查：{}"}, what, why));
}

}  // namespace mp_ipc
