/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/base/words.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace mp_ipc {
namespace {

Language g_language = Language::english;

}  // namespace

Language language_of_environment() {
    for (const char *name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
        const char *value = std::getenv(name);
        if (value != nullptr && *value != '\0')
            return std::strncmp(value, "zh", 2) == 0 ? Language::chinese : Language::english;
    }
    return Language::english;
}

std::string fixed(double value, int decimals) {
    char text[64];
    std::snprintf(text, sizeof(text), "%.*f", decimals, value);
    return text;
}

void set_language(Language language) {
    g_language = language;
}
Language language() {
    return g_language;
}

namespace detail {

void fill_places(std::string *text, std::string_view line, const Shown *values, std::size_t count,
                 std::string (*show)(std::string_view)) {
    for (std::size_t next = 0; next < count; next++) {
        const std::size_t place = line.find("{}"); /* found: Line checks their number */
        *text += line.substr(0, place);
        if (show != nullptr)
            *text += show(values[next].text());
        else
            *text += values[next].text();
        line.remove_prefix(place + 2);
    }
    *text += line;
}

}  // namespace detail

}  // namespace mp_ipc
