/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The console of a program: what a person reads. stdout carries the lines of the lesson, each
 * written whole by one write(2), so that lines of several threads never mix and a reader of a pipe
 * sees each at once. Diagnostics go to stderr through rte_log (and so to syslog, as EAL's own do).
 * Values from another process, a file or the environment are made printable() here, so that no
 * control character reaches the terminal, and a line stays one line.
 */
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>

#include "support/base/words.h"

namespace mp_ipc {

namespace detail {
void write_line(std::string_view line, const Shown *values, std::size_t count);
}

/* How long a line waits if nobody reads the console. Then it is left out, and so are the next ones,
 * until the console is read; a line of its own then gives their number. Less than the default
 * timeouts of peers, since handlers write lines.
 */
inline constexpr std::chrono::milliseconds kConsoleLimit{2000};

/* Writes one line to stdout. Any thread. */
template <typename... Args>
void say(std::type_identity_t<Line<sizeof...(Args)>> line, const Args &...args) {
    const std::array<Shown, sizeof...(Args)> values{Shown(args)...};
    detail::write_line(line.in(language()), values.data(), values.size());
}

/* A line for each request, left out with --quiet. Any thread. */
void set_quiet(bool quiet); /* before the first thread */
bool quiet();
template <typename... Args>
void say_each(std::type_identity_t<Line<sizeof...(Args)>> line, const Args &...args) {
    if (!quiet())
        say(line, args...);
}

/* Whether a write to stdout has failed (a closed pipe, a full disk), which is reported once on
 * stderr. The program should then end. Any thread.
 */
bool console_failed();

/* Sets what to call when that happens, in the thread whose line could not be written: for a main
 * thread that sleeps. nullptr: nothing.
 */
void on_console_failure(std::function<void()> wake);

/* The severity of a diagnostic, which sets its log level and its prefix. */
enum class Severity { error, warning, info };

/* The names of a program and of its peer, for its lines. */
struct Program {
    const char *name; /* in diagnostics: "NAME: error: ..." */
    const char *tag;  /* in its console: "[TAG] ..." */
    const char *peer; /* the program at the other end */
};

/* Sets who this is and registers its log type. Before the first thread. */
void set_program(const Program &program);
const Program &program();

namespace detail {
void write_diagnostic(Severity severity, const std::string &text);
}

/* One diagnostic line, to stderr by rte_log. Any thread. */
template <typename... Args>
void diagnose(Severity severity, std::type_identity_t<Line<sizeof...(Args)>> line,
              const Args &...args) {
    detail::write_diagnostic(severity, in_words(line, args...));
}

/* "NAME: error: text": what is wrong and what to do about it. Any thread. */
template <typename... Args>
void error(std::type_identity_t<Line<sizeof...(Args)>> line, const Args &...args) {
    diagnose(Severity::error, line, args...);
}

/* "NAME: warning: text". Any thread. */
template <typename... Args>
void warn(std::type_identity_t<Line<sizeof...(Args)>> line, const Args &...args) {
    diagnose(Severity::warning, line, args...);
}

}  // namespace mp_ipc
