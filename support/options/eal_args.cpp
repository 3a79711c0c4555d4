/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/options/eal_args.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <string_view>

#include "support/base/text.h"
#include "support/console/console.h"

namespace mp_ipc {
namespace {

/* EAL accepts a long option shortened to any unambiguous prefix; so does this, for the few options
 * that it reads. */
bool names(std::string_view given, std::string_view option, std::size_t shortest) {
    return given.size() >= shortest && option.starts_with(given);
}

/* The long options read here whose value, in every EAL, is the next word if it is not joined. */
bool takes_value(std::string_view name) {
    return names(name, "file-prefix", 2) || names(name, "proc-type", 1) ||
           names(name, "huge-dir", 6);
}

void note_long(EalArgs *args, std::string_view name, const std::string &value) {
    if (names(name, "file-prefix", 2))
        args->file_prefix = value;
    else if (names(name, "proc-type", 1))
        args->proc_type = value;
    else if (names(name, "huge-dir", 6))
        args->huge_dir = value;
    else if (names(name, "no-shconf", 4) || names(name, "in-memory", 2) ||
             names(name, "no-huge", 5) ||
             (names(name, "huge-unlink", 6) && (value.empty() || value == "always")))
        args->without_shared_files = "--" + std::string(name);
    else if (names(name, "socket-mem", 8) || names(name, "socket-limit", 8) ||
             names(name, "numa-mem", 6) || names(name, "numa-limit", 6) ||
             names(name, "memory-size", 8) || names(name, "legacy-mem", 3))
        args->memory = "--" + std::string(name);
    else if (name == "help")
        args->help = true;
    else if (name == "version")
        args->version = true;
}

}  // namespace

EalArgs scan_eal_args(int argc, const char *const *argv,
                      const std::vector<std::string> &app_options,
                      const TakesNextWord &takes_next_word) {
    EalArgs args;
    int end = 0;
    while (end < argc && (end == 0 || std::string_view(argv[end]) != "--"))
        args.eal.emplace_back(argv[end++]);
    for (int i = end + 1; i < argc; i++)
        args.app.emplace_back(argv[i]);

    std::string open; /* the option just before, if EAL may take this word as its value */
    for (std::size_t i = 1; i < args.eal.size(); i++) {
        const std::string_view arg = args.eal[i];
        const bool has_next = i + 1 < args.eal.size();
        const auto next_value = [&](const std::string &option) -> std::string {
            if (has_next && !args.eal[i + 1].empty() && args.eal[i + 1][0] != '-')
                return args.eal[++i];
            if (!args.without_value)
                args.without_value = option;
            return {};
        };
        std::string may_take_next;
        if (arg.starts_with("--")) {
            const std::size_t equals = arg.find('=');
            const std::string_view name = arg.substr(2, equals - 2);
            const std::string option = "--" + std::string(name);
            std::string value;
            if (equals != std::string_view::npos) {
                value = arg.substr(equals + 1);
                if (value.empty() && takes_value(name) && !args.without_value)
                    args.without_value = option;
            } else if (takes_value(name)) {
                value = next_value(option);
            } else {
                may_take_next = option;
            }
            if (!args.misplaced &&
                std::find(app_options.begin(), app_options.end(), name) != app_options.end() &&
                name != "help" && name != "version")
                args.misplaced = option;
            note_long(&args, name, value);
        } else if (arg.size() >= 2 && arg[0] == '-') {
            if (arg[1] == 'l')
                args.lcores = arg.size() > 2 ? std::string(arg.substr(2)) : next_value("-l");
            else if (arg.size() == 2)
                may_take_next = arg;
            if (arg[1] == 'm')
                args.memory = "-m";
            args.help = args.help || arg == "-h";
        } else if (!args.misplaced && (open.empty() || !takes_next_word(open))) {
            args.misplaced = std::string(arg);
        }
        open = may_take_next;
    }
    return args;
}

std::string take_role(EalArgs *args, const std::string &proc_type) {
    const std::string name = program().name;
    const auto &given = args->proc_type;
    if (args->without_value)
        return in_words({"{} needs a value", "{} 需要一个值"}, *args->without_value);
    if (args->misplaced)
        return in_words({"'{}' must stand after '--': {} [EAL options] -- [options]",
                         "'{}' 必须写在 '--' 之后：{} [EAL 选项] -- [选项]"},
                        printable(*args->misplaced), name);
    if (given && *given != proc_type && *given != "auto")
        return in_words({"{} is always a {} process: use --proc-type={} or omit it, not '{}'",
                         "{} 始终是 {} 进程：请使用 --proc-type={} 或去掉该选项，而不是 '{}'"},
                        name, proc_type, proc_type, printable(*given));
    if (!given) { /* at the front: at the end an option without its value would take it */
        args->eal.insert(args->eal.begin() + 1, "--proc-type=" + proc_type);
        args->proc_type = proc_type;
    }
    return {};
}

std::vector<int> cores_of_list(const std::string &list) {
    /* "(0,2)@1": the cores after the '@' are those that the lcores before it run on. */
    std::vector<int> cores;
    std::size_t begin = 0; /* of the cores of this item */
    bool in_group = false;
    for (std::size_t i = 0; i < list.size();) {
        if (list[i] == '@')
            cores.resize(begin);
        if (list[i] == '(' || list[i] == ')')
            in_group = list[i] == '(';
        if (list[i] == ',' && !in_group)
            begin = cores.size();
        if (std::isdigit(static_cast<unsigned char>(list[i])) == 0) {
            i++;
            continue;
        }
        const auto number = [&] {
            int value = -1;
            const char *const from = list.data() + i;
            const auto [end, error] = std::from_chars(from, list.data() + list.size(), value);
            i += static_cast<std::size_t>(end - from);
            return error == std::errc() ? value : -1;
        };
        const int first = number();
        int last = first;
        if (i < list.size() && list[i] == '-') {
            i++;
            last = number();
        }
        constexpr int kMostCores = 4096; /* a typing error must not fill the memory */
        for (int core = first; core >= 0 && core <= last && core < kMostCores; core++)
            cores.push_back(core);
    }
    return cores;
}

}  // namespace mp_ipc
