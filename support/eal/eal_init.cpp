/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/eal/eal_init.h"

#include <syslog.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string_view>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_log.h>
#include <rte_version.h>

#include "support/base/exit_status.h"
#include "support/console/console.h"
#include "support/eal/start_checks.h"

namespace mp_ipc {
namespace {

bool g_in_eal_init = false;
bool g_eal_runs = false;

/* Since 25.11 EAL ends the process itself, with status 234, if it does not know an option. */
void end_of_eal_init(int status, void *) {
    if (!g_in_eal_init || status == 0)
        return;
    error(kBadOptions);
    _exit(kExitUsage);
}

/* The lines of the log while rte_eal_init() runs. Any thread of EAL's writes. */
std::mutex g_log_lock;
std::vector<std::string> g_errors; /* under g_log_lock */

ssize_t pass_on(void *, const char *text, std::size_t size) {
    constexpr std::size_t kMostLines = 32;
    std::fwrite(text, 1, size, stderr);
    std::fflush(stderr);
#if RTE_VERSION < RTE_VERSION_NUM(24, 11, 0, 0) /* as EAL's own stream does */
    syslog(rte_log_cur_msg_loglevel() - 1, "%.*s", static_cast<int>(size), text);
#endif
    std::string_view line(text, size);
    if (line.starts_with("EAL: "))
        line.remove_prefix(std::string_view("EAL: ").size());
    while (line.ends_with('\n'))
        line.remove_suffix(1);
    const std::lock_guard lock(g_log_lock);
    if (rte_log_cur_msg_loglevel() <= static_cast<int>(RTE_LOG_ERR) && g_errors.size() < kMostLines)
        g_errors.emplace_back(line);
    return static_cast<ssize_t>(size);
}

bool asks_for_a_log(const std::vector<std::string> &words) {
    return std::any_of(words.begin(), words.end(), [](const std::string &word) {
        return word.starts_with("--sysl") || word.starts_with("--log-t") ||
               word.starts_with("--log-c");
    });
}

}  // namespace

std::optional<Failure> check_before(const EalArgs &args, const PrimaryProbe &probe) {
    if (const auto trouble = check_options(args))
        return Failure{kExitUsage, trouble->text};
    if (const auto trouble = check_process())
        return Failure{kExitFailure, trouble->text};
    if (probe.state != PrimaryProbe::State::unknown)
        return std::nullopt;
    if (probe.error == ENAMETOOLONG)
        return Failure{kExitFailure, check_path_length(probe.dir).text};
    return Failure{kExitFailure,
                   in_words({"cannot look at {}/config: {}", "无法查看 {}/config：{}"}, probe.dir,
                            std::strerror(probe.error))};
}

std::optional<Failure> wait_for_lock(const std::string &dir, Clock::duration limit, Watch &watch) {
    if (watch.look_until(limit, [&] { return !is_locked(dir).value_or(false); }))
        return std::nullopt;
    if (watch.ending())
        return Failure{kExitOk, {}};
    return Failure{
        kExitFailure,
        in_words({"another process holds the lock of {} ({}), stopped perhaps: let it go on, or "
                  "end it",
                  "另一个进程持有 {} 的锁（{}），可能已暂停：请让它继续运行，或结束它"},
                 dir, holders_text(flock_holders({dir})))};
}

int run_eal_init(const std::vector<std::string> &arguments, std::vector<std::string> *errors) {
    /* EAL reorders argv and keeps pointers into it: it gets a copy that is never freed. */
    static std::vector<std::string> words;
    static std::vector<char *> argv;
    words = arguments;
    argv.reserve(words.size() + 1);
    for (std::string &word : words)
        argv.push_back(word.data());
    argv.push_back(nullptr);
    if (errors != nullptr && !asks_for_a_log(words)) {
        cookie_io_functions_t functions = {};
        functions.write = pass_on;
        rte_openlog_stream(fopencookie(nullptr, "w", functions)); /* never closed */
    }
    on_exit(end_of_eal_init, nullptr);
    g_in_eal_init = true;
    const int result = rte_eal_init(static_cast<int>(argv.size()) - 1, argv.data());
    g_in_eal_init = false;
    g_eal_runs = result >= 0;
    if (errors != nullptr) {
        rte_openlog_stream(nullptr);
        const std::lock_guard lock(g_log_lock);
        *errors = g_errors;
    }
    return result;
}

bool eal_runs() {
    return g_eal_runs;
}

std::optional<Failure> check_prefix_of_eal(const EalArgs &args) {
    const std::string expected = runtime_dir(args.file_prefix);
    if (rte_eal_get_runtime_dir() == expected)
        return std::nullopt;
    return Failure{
        kExitUsage,
        in_words({"EAL runs in {}, not in {}: it has taken --file-prefix for the value of the "
                  "option before; give that its value",
                  "EAL 运行在 {}，而不是 {}：它把 --file-prefix "
                  "当成了前一个选项的值；请给前一个选项加上值"},
                 rte_eal_get_runtime_dir(), expected)};
}

std::string eal_error() {
    return rte_errno != 0 ? std::string(" (") + rte_strerror(rte_errno) + ")" : std::string();
}

}  // namespace mp_ipc
