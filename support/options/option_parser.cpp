/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/options/option_parser.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>

#include "support/base/text.h"

namespace mp_ipc {
namespace {

std::string plain(double value) {
    char text[32];
    const auto result =
        std::to_chars(std::begin(text), std::end(text), value, std::chars_format::fixed);
    return {text, result.ptr};
}

}  // namespace

std::optional<double> parse_number(std::string_view text) {
    double value = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
        return std::nullopt;
    return value;
}

std::string parse_options(const std::vector<std::string> &args, const std::vector<Option> &options,
                          std::vector<std::string> *words) {
    for (std::size_t i = 0; i < args.size(); i++) {
        const std::string_view arg = args[i];
        if (arg == "--") { /* the rest are words, whatever they look like */
            words->insert(words->end(), args.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                          args.end());
            break;
        }
        if (arg.size() < 2 || arg[0] != '-') {
            words->emplace_back(arg);
            continue;
        }
        const std::size_t equals = arg.find('=');
        const std::string_view name = arg == "-h" ? "help" : arg.substr(2, equals - 2);
        const auto option = std::find_if(options.begin(), options.end(),
                                         [&](const Option &o) { return o.name() == name; });
        if (option == options.end() || (!arg.starts_with("--") && arg != "-h"))
            return in_words({"unknown option '{}' after '--'; --help lists them",
                             "'--' 之后的选项 '{}' 未知；--help 列出所有选项"},
                            printable(arg));

        const std::string shown = "--" + option->name();
        std::string_view value;
        if (equals != std::string_view::npos) {
            if (option->takes_nothing())
                return in_words({"{} takes no value", "{} 不带值"}, shown);
            value = arg.substr(equals + 1);
        } else if (option->needs_value()) {
            if (i + 1 == args.size())
                return in_words({"{} needs a value: {}", "{} 需要一个值：{}"}, shown,
                                "--" + option->spec);
            value = args[++i];
        }
        const std::string wrong = option->set(value);
        if (!wrong.empty())
            return in_words({"{} {}, not '{}'", "{} {}，而不是 '{}'"}, shown, wrong,
                            printable(value));
    }
    return {};
}

std::string help_of(const std::vector<Option> &options, const char *dashes) {
    constexpr std::size_t kColumn = 26;
    std::string text;
    for (const Option &option : options) {
        std::string left = std::string("  ") + dashes + option.spec;
        if (left.size() + 2 > kColumn)
            left += "\n" + std::string(kColumn, ' ');
        else
            left.resize(kColumn, ' ');
        text += left;
        for (const char c : option.help.in(language())) {
            text += c;
            if (c == '\n')
                text.append(kColumn, ' ');
        }
        text += '\n';
    }
    return text;
}

std::function<std::string(std::string_view)> set_seconds(double *seconds, double least, double most,
                                                         bool zero_is_off) {
    return [=](std::string_view text) -> std::string {
        const std::optional<double> value = parse_number(text);
        const bool off = zero_is_off && value && *value == 0 && !std::signbit(*value);
        if (!value || (!off && (*value < least || *value > most)))
            return in_words({"takes seconds from {} to {}{}", "应为 {} 到 {} 的秒数{}"},
                            plain(least), plain(most),
                            zero_is_off ? in_words({", or 0 for off", "，或 0（关闭）"}) : "");
        *seconds = *value;
        return {};
    };
}

std::function<std::string(std::string_view)> set_seconds(std::optional<double> *seconds,
                                                         double least) {
    return [=](std::string_view text) -> std::string {
        double value = 0;
        std::string wrong;
        if (!text.empty())
            wrong = set_seconds(&value, least, kMostSeconds)(text);
        *seconds = value;
        return wrong;
    };
}

Option flag(const char *name, Line<0> help, bool *value) {
    return {name, help, [=](std::string_view) {
                *value = true;
                return std::string();
            }};
}

}  // namespace mp_ipc
