/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/options/eal_args.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <string_view>

namespace mp_ipc {
namespace {

/* EAL's options that take their value in the next word when it is not joined to them, from the
 * EAL parameters guide of 22.11 to 26.07. Needed to tell a value from a stray word.
 */
constexpr std::string_view kShortWithValue = "abcdlmnrsS";
constexpr std::string_view kLongWithValue[] = {"allow",
                                               "base-virtaddr",
                                               "block",
                                               "coremask",
                                               "driver-path",
                                               "file-prefix",
                                               "force-max-simd-bitwidth",
                                               "huge-dir",
                                               "iova-mode",
                                               "lcores",
                                               "log-level",
                                               "log-timestamp-format",
                                               "main-lcore",
                                               "mbuf-pool-ops-name",
                                               "memory-channels",
                                               "memory-ranks",
                                               "memory-size",
                                               "numa-limit",
                                               "numa-mem",
                                               "proc-type",
                                               "remap-lcore-ids-base",
                                               "service-corelist",
                                               "service-coremask",
                                               "socket-limit",
                                               "socket-mem",
                                               "syslog",
                                               "trace",
                                               "trace-bufsz",
                                               "trace-dir",
                                               "trace-mode",
                                               "vdev",
                                               "vfio-intr",
                                               "vfio-vf-token"};

/* EAL takes any unambiguous beginning of a long option; so does this for the few it looks at. */
bool names(std::string_view given, std::string_view option, std::size_t shortest) {
    return given.size() >= shortest && option.starts_with(given);
}

bool takes_value(std::string_view name) {
    return std::any_of(std::begin(kLongWithValue), std::end(kLongWithValue),
                       [&](std::string_view option) { return names(name, option, 2); });
}

void note_long(EalArgs *args, std::string_view name, const std::string &value) {
    if (names(name, "file-prefix", 2))
        args->file_prefix = value;
    else if (names(name, "proc-type", 1))
        args->proc_type = value;
    else if (names(name, "huge-dir", 6))
        args->huge_dir = value;
    else if (names(name, "no-shconf", 4) || names(name, "in-memory", 2) ||
             names(name, "no-huge", 5))
        args->without_shared_files = "--" + std::string(name);
    else if (name == "help")
        args->help = true;
    else if (name == "version")
        args->version = true;
}

}  // namespace

EalArgs scan_eal_args(int argc, const char *const *argv,
                      const std::vector<std::string> &app_options) {
    EalArgs args;
    int end = 0;
    while (end < argc && (end == 0 || std::string_view(argv[end]) != "--"))
        args.eal.emplace_back(argv[end++]);
    for (int i = end + 1; i < argc; i++)
        args.app.emplace_back(argv[i]);

    bool after_unknown = false; /* a word after an option not known here may be its value */
    for (std::size_t i = 1; i < args.eal.size(); i++) {
        const std::string_view arg = args.eal[i];
        const bool has_next = i + 1 < args.eal.size();
        bool unknown = false;
        if (arg.starts_with("--")) {
            const std::size_t equals = arg.find('=');
            const std::string_view name = arg.substr(2, equals - 2);
            const bool joined = equals != std::string_view::npos;
            std::string value(joined ? arg.substr(equals + 1) : "");
            if (!joined && takes_value(name) && has_next)
                value = args.eal[++i];
            else
                unknown = !joined && !takes_value(name);
            if (!args.misplaced &&
                std::find(app_options.begin(), app_options.end(), name) != app_options.end() &&
                name != "help" && name != "version")
                args.misplaced = "--" + std::string(name);
            note_long(&args, name, value);
        } else if (arg.size() >= 2 && arg[0] == '-') {
            std::string value(arg.substr(2));
            if (value.empty() && kShortWithValue.find(arg[1]) != std::string_view::npos && has_next)
                value = args.eal[++i];
            if (arg[1] == 'l')
                args.lcores = value;
            args.help = args.help || arg == "-h";
        } else if (!after_unknown && !args.misplaced) {
            args.misplaced = std::string(arg);
        }
        after_unknown = unknown;
    }
    return args;
}

std::vector<int> cores_of_list(const std::string &list) {
    std::vector<int> cores;
    const auto number = [&](std::size_t *at) {
        int value = -1;
        const auto [end, error] =
            std::from_chars(list.data() + *at, list.data() + list.size(), value);
        *at = static_cast<std::size_t>(end - list.data());
        return error == std::errc() ? value : -1;
    };
    for (std::size_t i = 0; i < list.size(); i++) {
        if (std::isdigit(static_cast<unsigned char>(list[i])) == 0)
            continue;
        const int first = number(&i);
        int last = first;
        if (i + 1 < list.size() && list[i] == '-')
            last = number(&++i);
        constexpr int kMostCores = 4096; /* a typing error must not fill the memory */
        for (int core = first; core >= 0 && core <= last && core < kMostCores; core++)
            cores.push_back(core);
    }
    return cores;
}

}  // namespace mp_ipc
