/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Text that may have come from anywhere: cut it without splitting a character, and make it safe
 * to print on a terminal. Pure functions.
 */
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace mp_ipc {

/* The longest part of text, from its start, that is at most `limit` bytes and does not end within
 * a UTF-8 sequence. Bytes that are no UTF-8 are cut anywhere.
 */
std::string_view utf8_cut(std::string_view text, std::size_t limit);

/* text as it may be shown on one line of a terminal: well-formed UTF-8 passes; control characters
 * (C0, DEL, C1), line separators, bidirectional controls and bytes that are no UTF-8 become \xNN.
 */
std::string printable(std::string_view text);

/* "a, b, c": each item as `show` returns it. */
template <typename Items, typename Show>
std::string joined(const Items &items, const Show &show) {
    std::string text;
    for (const auto &item : items)
        text += (text.empty() ? "" : ", ") + show(item);
    return text;
}

/* A file's permissions as chmod(1) takes them: "0700". */
std::string mode_text(unsigned mode);

}  // namespace mp_ipc
