/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/base/text.h"

#include <cstdint>
#include <cstdio>

namespace mp_ipc {
namespace {

/* Length in bytes of the well-formed UTF-8 sequence at the start of text, with its code point in
 * *code; 0: there is none. Overlong forms, surrogates and values over U+10FFFF are not well-formed.
 * text is not empty.
 */
std::size_t utf8_sequence(std::string_view text, std::uint32_t *code) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byte(0);
    std::size_t length = 0;
    std::uint32_t least = 0;
    if (lead < 0x80) {
        *code = lead;
        return 1;
    }
    if (lead >= 0xc2 && lead <= 0xdf) {
        length = 2, least = 0x80, *code = lead & 0x1fU;
    } else if (lead >= 0xe0 && lead <= 0xef) {
        length = 3, least = 0x800, *code = lead & 0x0fU;
    } else if (lead >= 0xf0 && lead <= 0xf4) {
        length = 4, least = 0x10000, *code = lead & 0x07U;
    } else {
        return 0;
    }
    if (text.size() < length)
        return 0;
    for (std::size_t i = 1; i < length; i++) {
        if ((byte(i) & 0xc0U) != 0x80)
            return 0;
        *code = *code << 6 | (byte(i) & 0x3fU);
    }
    const bool surrogate = *code >= 0xd800 && *code <= 0xdfff;
    return *code < least || surrogate || *code > 0x10ffff ? 0 : length;
}

/* Whether a terminal may act on this character instead of showing it, or show others out of place.
 */
bool is_control(std::uint32_t code) {
    return code < 0x20 || (code >= 0x7f && code <= 0x9f)            /* C0, DEL, C1 */
           || code == 0x061c || code == 0x200e || code == 0x200f    /* bidirectional marks */
           || (code >= 0x2028 && code <= 0x202e)                    /* separators, embeddings */
           || (code >= 0x2066 && code <= 0x2069) || code == 0xfeff; /* isolates, BOM */
}

}  // namespace

std::string_view utf8_cut(std::string_view text, std::size_t limit) {
    if (text.size() <= limit)
        return text;
    /* The character that crosses the limit begins at most three bytes before it. */
    for (std::size_t back = 1; back <= 3 && back <= limit; back++) {
        std::uint32_t code = 0;
        const std::size_t start = limit - back;
        if (utf8_sequence(text.substr(start), &code) > back)
            return text.substr(0, start);
    }
    return text.substr(0, limit);
}

std::string printable(std::string_view text) {
    static constexpr char kHex[] = "0123456789abcdef";
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        std::uint32_t code = 0;
        std::size_t length = utf8_sequence(text, &code);
        if (length > 0 && !is_control(code)) {
            out += text.substr(0, length);
        } else {
            length = length > 0 ? length : 1;
            for (const char c : text.substr(0, length)) {
                const auto byte = static_cast<unsigned char>(c);
                out += {'\\', 'x', kHex[byte >> 4], kHex[byte & 0xf]};
            }
        }
        text.remove_prefix(length);
    }
    return out;
}

std::string mode_text(unsigned mode) {
    char text[16];
    std::snprintf(text, sizeof(text), "%04o", mode & 07777U);
    return text;
}

}  // namespace mp_ipc
