/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Text for a person, in the language of this run: each line is a pair, English and Chinese. The
 * texts of the kernel and of DPDK (strerror(3), rte_strerror()) are not translated.
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

/* The language of the environment: chinese if the first non-empty of LC_ALL, LC_MESSAGES and LANG
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

/* A value for a {} place. */
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

/* Sets the language of every line. Before the first thread. */
void set_language(Language language);
Language language();

namespace detail {
/* Appends the line with the values in its places, each as `show` returns it; nullptr: unchanged. */
void fill_places(std::string *text, std::string_view line, const Shown *values, std::size_t count,
                 std::string (*show)(std::string_view));
}  // namespace detail

/* A line as text, to be printed elsewhere. The values are not made printable() here. */
template <typename... Args>
std::string in_words(std::type_identity_t<Line<sizeof...(Args)>> line, const Args &...args) {
    const std::array<Shown, sizeof...(Args)> values{Shown(args)...};
    std::string text;
    detail::fill_places(&text, line.in(language()), values.data(), values.size(), nullptr);
    return text;
}

/* The line for a text that in_words() has made. */
inline constexpr Line<1> kComposed{"{}", "{}"};

}  // namespace mp_ipc
