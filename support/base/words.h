/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Words for a person, in the language of this run: each line is a pair, English and Chinese. The
 * words of the kernel and of DPDK (strerror(3), rte_strerror()) stay as they are.
 */
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>

namespace mp_ipc {

enum class Language { english, chinese };

/* The language of the locale: chinese where the first non-empty of LC_ALL, LC_MESSAGES and LANG
 * begins with "zh".
 */
Language language_of_environment();

/* One line in both languages, each with the same number of {} places; the compiler checks it. */
template <std::size_t Places>
class Line {
  public:
    /* NOLINTNEXTLINE(google-explicit-constructor): a pair of literals is a line */
    consteval Line(const char *english, const char *chinese)
        : english_(english), chinese_(chinese) {
        if (places(english) != Places || places(chinese) != Places)
            throw "the number of {} and of arguments differ"; /* fails to compile */
    }
    constexpr std::string_view in(Language language) const {
        return language == Language::chinese ? chinese_ : english_;
    }

  private:
    static constexpr std::size_t places(std::string_view text) {
        std::size_t count = 0;
        for (std::size_t i = 0; i + 1 < text.size(); i++)
            count += text[i] == '{' && text[i + 1] == '}' ? 1U : 0U;
        return count;
    }
    std::string_view english_;
    std::string_view chinese_;
};

/* What may stand in a {} place. */
class Shown {
  public:
    /* NOLINTBEGIN(google-explicit-constructor): these are what {} takes */
    Shown(std::string_view text) : text_(text) {}
    Shown(const std::string &text) : text_(text) {}
    Shown(const char *text) : text_(text) {}
    Shown(std::integral auto number) : own_(std::to_string(number)), text_(own_) {}
    /* NOLINTEND(google-explicit-constructor) */
    Shown(const Shown &) = delete;
    Shown &operator=(const Shown &) = delete;

    std::string_view text() const { return text_; }

  private:
    std::string own_;
    std::string_view text_;
};

/* A number with a fixed count of decimals: "0.045". */
std::string fixed(double value, int decimals);

/* Sets the language of every line. Not thread-safe: before the first one. */
void set_language(Language language);
Language language();

namespace detail {
/* Appends the line with the values in its places, each as `show` gives it; nullptr: as it is. */
void fill_places(std::string *text, std::string_view line, const Shown *values, std::size_t count,
                 std::string (*show)(std::string_view));
}  // namespace detail

/* A line as text, for one that is said elsewhere. What is printable is seen to where it is said. */
template <typename... Args>
std::string in_words(std::type_identity_t<Line<sizeof...(Args)>> line, const Args &...args) {
    const std::array<Shown, sizeof...(Args)> values{Shown(args)...};
    std::string text;
    detail::fill_places(&text, line.in(language()), values.data(), values.size(), nullptr);
    return text;
}

/* For a text that in_words() has made. */
inline constexpr Line<1> kComposed{"{}", "{}"};

}  // namespace mp_ipc
