/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The console of a program: what a person reads. stdout carries the lines of the lesson, each
 * written whole by one write(2), so that lines of several threads never mix and a reader of a pipe
 * sees each at once. Diagnostics go to stderr through rte_log (and so to syslog, as EAL's own do).
 * Whatever stands in a line, of another process, a file or the environment, is made printable()
 * here: no control character reaches the terminal, and a line stays one.
 */
#pragma once

#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

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

/* Sets the language of say(). Not thread-safe: before the first say(). */
void set_language(Language language);
Language language();

namespace detail {
void write_line(std::string_view line, const Shown *values, std::size_t count);
}

/* How long a line waits where nobody reads the console. Then it is left out, and so are those that
 * follow, until somebody reads: what was left out is counted in a line of its own. Less than the
 * timeouts that peers have by default, since handlers write lines.
 */
inline constexpr std::chrono::milliseconds kConsoleLimit{2000};

/* Writes one line to stdout. Any thread. */
template <typename... Args>
void say(std::type_identity_t<Line<sizeof...(Args)>> line, const Args &...args) {
    const std::array<Shown, sizeof...(Args)> values{Shown(args)...};
    detail::write_line(line.in(language()), values.data(), values.size());
}

/* The same line as text, in the console's language: for a line that is said elsewhere. What is
 * printable is seen to where it is said.
 */
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

/* One line for a request: not with --quiet. */
void set_quiet(bool quiet); /* before the first thread */
bool quiet();
template <typename... Args>
void say_each(std::type_identity_t<Line<sizeof...(Args)>> line, const Args &...args) {
    if (!quiet())
        say(line, args...);
}

/* Whether stdout could not be written (a closed pipe, a full disk). Said once on stderr; a program
 * whose console is gone should end. Any thread.
 */
bool console_failed();

/* What to call when that happens, in the thread whose line could not be written: a main thread that
 * sleeps has to hear of it. nullptr: nothing any more.
 */
void on_console_failure(std::function<void()> wake);

/* What rte_log prefixes and how bad it is. */
enum class Severity { error, warning, info, debug };

/* How a program is called, and what it calls its peer. */
struct Program {
    const char *name; /* in diagnostics: "NAME: error: ..." */
    const char *tag;  /* in its console: "[TAG] ..." */
    const char *peer; /* the program at the other end */
};

/* Sets who this is and registers its log type. Before the first thread. */
void set_program(const Program &program);
const Program &program();

/* One diagnostic line, to stderr by rte_log. Any thread. */
void diagnose(Severity severity, const std::string &text);

/* "NAME: error: text". What is wrong and what to do about it, said once. */
inline void error(const std::string &text) {
    diagnose(Severity::error, text);
}

}  // namespace mp_ipc
