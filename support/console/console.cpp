/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/console/console.h"

#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <utility>

#include <rte_log.h>

#include "support/base/text.h"

namespace mp_ipc {
namespace {

std::mutex g_write_lock;      /* a line that takes several writes stays whole */
unsigned long g_left_out = 0; /* lines since the console was last read; under g_write_lock */
std::atomic<bool> g_failed{false};
std::function<void()> g_on_failure;  /* under g_write_lock */
Program g_program{"mp_ipc", "", ""}; /* set once, before the first thread */
bool g_quiet = false;                /* the same */
int g_logtype = RTE_LOGTYPE_USER1;

/* Whether a line can be written to it without blocking, now or within `limit`. A full pipe, or a
 * stopped terminal (Ctrl-S), has no room until it is read again.
 */
bool takes_a_line(int fd, std::chrono::milliseconds limit) {
    pollfd wait = {fd, POLLOUT, 0};
    return poll(&wait, 1, static_cast<int>(limit.count())) != 0;
}

}  // namespace

namespace detail {

void write_line(std::string_view line, const Shown *values, std::size_t count) {
    std::string text;
    text.reserve(line.size() + 300);
    fill_places(&text, line, values, count, printable);
    text += '\n';

    const std::lock_guard lock(g_write_lock);
    if (g_failed)
        return;
    if (!takes_a_line(STDOUT_FILENO, g_left_out == 0 ? kConsoleLimit : kConsoleLimit.zero())) {
        if (g_left_out++ == 0)
            warn({"nobody reads stdout: lines are left out until it is read again",
                  "没有程序读取 stdout：在恢复读取之前略去输出行"});
        return;
    }
    if (g_left_out > 0)
        text.insert(0, in_words({"[{}] Lines left out here, since nobody read the console: {}\n",
                                 "[{}] 此处略去未被读取的输出行: {}\n"},
                                g_program.tag, std::exchange(g_left_out, 0)));
    for (std::string_view rest = text; !rest.empty();) {
        const ssize_t written = write(STDOUT_FILENO, rest.data(), rest.size());
        if (written >= 0) {
            rest.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno == EAGAIN) { /* another process has made this pipe non-blocking */
            if (!takes_a_line(STDOUT_FILENO, kConsoleLimit)) {
                g_left_out++;
                return;
            }
        } else if (errno != EINTR) {
            const std::string why = std::strerror(errno);
            g_failed = true;
            error({"cannot write to stdout: {}; ending", "无法写入 stdout：{}；程序退出"}, why);
            if (g_on_failure)
                g_on_failure();
            return;
        }
    }
}

}  // namespace detail

bool console_failed() {
    return g_failed;
}

void on_console_failure(std::function<void()> wake) {
    const std::lock_guard lock(g_write_lock);
    g_on_failure = std::move(wake);
}

void set_quiet(bool quiet) {
    g_quiet = quiet;
}
bool quiet() {
    return g_quiet;
}

const Program &program() {
    return g_program;
}

void set_program(const Program &program) {
    g_program = program;
    const std::string logtype = std::string("mp_ipc.") + program.name;
    const int registered = rte_log_register(logtype.c_str());
    if (registered >= 0) {
        g_logtype = registered;
        rte_log_set_level(static_cast<std::uint32_t>(registered), RTE_LOG_INFO);
    }
}

namespace detail {

void write_diagnostic(Severity severity, const std::string &text) {
    static constexpr struct {
        std::uint32_t level;
        Line<0> word;
    } kLevels[] = {{RTE_LOG_ERR, {"error: ", "错误："}},
                   {RTE_LOG_WARNING, {"warning: ", "警告："}},
                   {RTE_LOG_INFO, {"", ""}}};
    if (!takes_a_line(STDERR_FILENO, kConsoleLimit))
        return;
    const auto &level = kLevels[static_cast<std::size_t>(severity)];
    rte_log(level.level, static_cast<std::uint32_t>(g_logtype), "%s: %s%s\n", g_program.name,
            in_words(level.word).c_str(), printable(text).c_str());
}

}  // namespace detail

}  // namespace mp_ipc
