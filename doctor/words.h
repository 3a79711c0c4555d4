/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the files of the doctor's checks share: a finding in the console's language, and lists.
 */
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "doctor/checks.h"
#include "support/console/console.h"

namespace mp_ipc {

/* One line in the console's language, as say() would print it. */
template <typename... Args>
std::string in_words(std::type_identity_t<Line<sizeof...(Args)>> line, const Args &...args) {
    const std::array<std::string, sizeof...(Args)> values{std::string(Shown(args).text())...};
    std::string text(line.in(language()));
    std::size_t at = 0;
    for (const std::string &value : values) {
        at = text.find("{}", at);
        text.replace(at, 2, value);
        at += value.size();
    }
    return text;
}

inline Finding good(std::string text) {
    return {Finding::Verdict::good, std::move(text)};
}
inline Finding bad(std::string text) {
    return {Finding::Verdict::bad, std::move(text)};
}
inline Finding unknown(std::string text) {
    return {Finding::Verdict::unknown, std::move(text)};
}

template <typename Items, typename Show>
std::string joined(const Items &items, const Show &show) {
    std::string text;
    for (const auto &item : items)
        text += (text.empty() ? "" : ", ") + show(item);
    return text;
}

inline std::string list_of(const std::vector<int> &numbers) {
    return joined(numbers, [](int number) { return std::to_string(number); });
}

}  // namespace mp_ipc
