/* SPDX-License-Identifier: BSD-3-Clause */
#include "exercises/command_line.h"

#include <charconv>
#include <cstdio>
#include <utility>

#include <rte_version.h>

#include "common.h"
#include "exercises/help.h"
#include "exercises/table.h"
#include "support/base/exit_status.h"
#include "support/base/text.h"
#include "support/console/console.h"
#include "support/eal/ipc_core.h"
#include "support/options/option_parser.h"

namespace mp_ipc {
namespace {

/* Less than a round trip: to see what happens after a timeout. */
constexpr double kLeastTimeoutS = 0.00001;

/* The language of --lang, else of the environment. Read before the other options, whose errors are
 * reported in it.
 */
Language language_of(const std::vector<std::string> &words) {
    Language language = language_of_environment();
    for (std::size_t i = 0; i < words.size() && words[i] != "--"; i++) {
        std::string_view value = words[i];
        if (value == "--lang" && i + 1 < words.size())
            value = words[i + 1];
        else if (value.starts_with("--lang="))
            value.remove_prefix(std::string_view("--lang=").size());
        else
            continue;
        if (value == "zh" || value == "en")
            language = value == "zh" ? Language::chinese : Language::english;
    }
    return language;
}

std::string check_language(std::string_view text) {
    if (text != "en" && text != "zh")
        return in_words({"takes en or zh", "应为 en 或 zh"});
    return {}; /* language_of() has seen it */
}

std::vector<Option> rows_of(CommonOptions *common) {
    return {flag("quiet", {"no line per request", "不显示每个请求的输出行"}, &common->quiet),
            {"lang en|zh",
             {"language of the console (else by LC_ALL, LC_MESSAGES, LANG)",
              "输出的语言（默认取自 LC_ALL、LC_MESSAGES、LANG）"},
             check_language},
            {"ipc-core N",
             {"the core of the EAL's IPC thread, one that does not poll\n"
              "(EAL takes those that -l does not name)",
              "EAL 的 IPC 线程使用的核，应是不做轮询的核\n"
              "（EAL 默认使用 -l 以外的核）"},
             [common](std::string_view text) { return read_ipc_core(text, &common->ipc_core); }},
            flag("help", {"print this and exit", "显示本帮助并退出"}, &common->help),
            flag("version", {"print the version and exit", "显示版本并退出"}, &common->version)};
}

/* The steps that both programs share: split, parse, answer --help, --version and errors. */
template <typename Options, typename UseWords>
void finish(CommandLine<Options> *line, const Program &self, int argc, const char *const *argv,
            const char *proc_type, const Page &page, const std::vector<Option> &commands,
            std::vector<Option> options, UseWords use_words) {
    CommonOptions &common = line->options;
    for (Option &option : rows_of(&common))
        options.push_back(std::move(option));
    set_program(self);
    std::vector<std::string> names;
    names.reserve(options.size());
    for (const Option &option : options)
        names.push_back(option.name());
    line->args = scan_eal_args(argc, argv, names);

    set_language(language_of(line->args.app));
    std::vector<std::string> words;
    std::string wrong = parse_options(line->args.app, options, &words);
    set_quiet(common.quiet);
    if (common.help || line->args.help) {
        std::fputs(help_text(page, commands, options).c_str(), stdout);
        line->exit = kExitOk;
        return;
    }
    if (common.version || line->args.version) {
        std::printf("%s " MP_IPC_VERSION " (built for %s, running with %s)\n", self.name,
                    RTE_VER_PREFIX " " MP_IPC_DPDK_VERSION, rte_version());
        line->exit = kExitOk;
        return;
    }
    if (wrong.empty())
        wrong = use_words(words);
    if (wrong.empty())
        wrong = take_role(&line->args, proc_type);
    if (!wrong.empty()) {
        error(kComposed, wrong);
        line->exit = kExitUsage;
    }
}

/* hello and doctor are not in kExercises: the help lists them before and after its commands. */
const Command kHello = {.name = "hello",
                        .help = {"periodic sync and async greetings (the default)",
                                 "周期性地发送同步和异步问候（默认）"}};
const Command kDoctor = {
    .name = "doctor",
    .help = {"checks all that the pair needs, and says what to do; needs no\n"
             "server and no root",
             "检查运行所需的一切，并说明如何解决；不需要 Server，\n也不需要 root"}};

std::vector<const Command *> commands() {
    std::vector<const Command *> all = {&kHello};
    for (const Exercise *exercise : kExercises) {
        if (!exercise->command.name.empty())
            all.push_back(&exercise->command);
    }
    all.push_back(&kDoctor);
    return all;
}

std::string shown(const Command &command) {
    return std::string(command.name) +
           (command.argument.empty() ? "" : " " + std::string(command.argument));
}

std::vector<Option> rows_of_commands() {
    std::vector<Option> rows;
    for (const Command *command : commands())
        rows.push_back({shown(*command), command->help, {}});
    return rows;
}

/* Takes the words that are no options: a command and its argument. Returns what is wrong, or "". */
std::string take_command(const std::vector<std::string> &words, ClientOptions *options) {
    if (words.empty())
        return {};
    std::string names;
    const auto all = commands();
    for (const Command *command : all) {
        names += (names.empty()           ? ""
                  : command == all.back() ? in_words({" or ", " 或 "})
                                          : in_words({", ", "、"})) +
                 shown(*command);
        if (words[0] != command->name)
            continue;
        const std::size_t most = command->argument.empty() ? 1 : 2;
        if (words.size() > most)
            return in_words({"unexpected '{}' after '{}'", "多余的 '{}'，在 '{}' 之后"},
                            printable(words[most]), words[0]);
        options->doctor = command == &kDoctor;
        if (command != &kHello && command != &kDoctor)
            options->command = command;
        if (command->take == nullptr)
            return {};
        const std::string wrong = command->take(words.size() > 1 ? words[1] : "");
        return wrong.empty() ? "" : in_words({"{} {}", "{} {}"}, words[0], wrong);
    }
    return in_words({"unknown command '{}'; it takes {}", "未知命令 '{}'；可用的命令：{}"},
                    printable(words[0]), names);
}

}  // namespace

std::vector<std::pair<std::string, std::string>> shown(const ServerOptions &options) {
    using Broadcast = ServerOptions::Broadcast;
    return {{"broadcast", options.broadcast == Broadcast::off    ? "off"
                          : options.broadcast == Broadcast::sync ? "sync"
                                                                 : "async"},
            {"fault", options.fault.on() ? "on" : "none"}};
}

CommandLine<ServerOptions> read_server_command_line(int argc, const char *const *argv) {
    CommandLine<ServerOptions> line;
    ServerOptions &o = line.options;

    std::vector<Option> options = {
        {"stats-interval S",
         {"totals every S seconds (3; 0: off)", "每 S 秒打印一次统计（3；0：关闭）"},
         set_seconds(&o.stats_interval_s, kLeastSeconds, kMostSeconds, true)},
        {"broadcast[=sync]",
         {"every stats interval ask all clients for their status,\n"
          "asynchronously, or one after another with =sync; an event\n"
          "to all at the end",
          "每个统计间隔询问所有 Client 的状态：异步，\n"
          "或用 =sync 依次询问；退出时向所有 Client 发送事件"},
         [&](std::string_view text) -> std::string {
             if (!text.empty() && text != "sync" && text != "async")
                 return in_words(
                     {"takes nothing, =async or =sync", "只能不带值，或为 =async、=sync"});
             o.broadcast =
                 text == "sync" ? ServerOptions::Broadcast::sync : ServerOptions::Broadcast::async;
             return {};
         }},
        {"no-secondaries[=S]",
         {"call rte_mp_disable() at the start, or S seconds later",
          "启动时或 S 秒后调用 rte_mp_disable()"},
         set_seconds(&o.no_secondaries_s, 0)},
        {"fault KIND",
         {"misbehave: slow=MS or slow=MS-MS (wait before a reply),\n"
          "silent (no reply), wrong-name (reply under another name),\n"
          "unbounded (wait for ever to send a reply),\n"
          "unfiltered (let malformed datagrams in)",
          "故意出错：slow=MS 或 slow=MS-MS（回复前等待）、\n"
          "silent（不回复）、wrong-name（以其他名称回复）、\n"
          "unbounded（发送回复时无限等待）、\n"
          "unfiltered（不过滤畸形的数据报）"},
         [&](std::string_view text) { return set_fault(&o.fault, text); }},
        {"fault-for S",
         {"end the fault S seconds after the start", "启动 S 秒后结束 --fault"},
         set_seconds(&o.fault.for_s, kLeastSeconds, kMostSeconds)},
        {"leftover-wait S",
         {"wait up to S seconds for processes of an earlier server\n"
          "that still hold its files (5)",
          "之前的 Server 的进程仍占用文件时，最多等待 S 秒（5）"},
         set_seconds(&o.leftover_wait_s, 0, kMostSeconds)},
    };
    const auto use_words = [&](const std::vector<std::string> &words) -> std::string {
        if (!words.empty())
            return in_words({"unexpected '{}': mp_server takes options only",
                             "多余的 '{}'：mp_server 只接受选项"},
                            printable(words[0]));
        if (o.broadcast != ServerOptions::Broadcast::off && o.stats_interval_s == 0)
            return in_words(
                {"--broadcast asks every stats interval, and --stats-interval 0 means never: use "
                 "another interval, or only one of the two options",
                 "--broadcast 在每个统计间隔询问，而 --stats-interval 0 表示从不：请使用其他间隔，"
                 "或去掉其中之一"});
        return {};
    };
    finish(&line, {"mp_server", "Server", "mp_client"}, argc, argv, "primary", kServerPage, {},
           options, use_words);
    return line;
}

CommandLine<ClientOptions> read_client_command_line(int argc, const char *const *argv) {
    CommandLine<ClientOptions> line;
    ClientOptions &o = line.options;

    std::vector<Option> options = {
        {"sync-interval S",
         {"hello: a sync request every S seconds (3; 0: off)",
          "hello：每 S 秒一个同步请求（3；0：关闭）"},
         set_seconds(&o.sync_interval_s, kLeastSeconds, kMostSeconds, true)},
        {"async-interval S",
         {"hello: an async request every S seconds (5; 0: off)",
          "hello：每 S 秒一个异步请求（5；0：关闭）"},
         set_seconds(&o.async_interval_s, kLeastSeconds, kMostSeconds, true)},
        {"timeout S",
         {"how long a request waits for its reply (5)", "请求等待回复的秒数（5）"},
         set_seconds(&o.timeout_s, kLeastTimeoutS, kMostSeconds)},
        {"count N",
         {"stop after N requests of each kind; exit 0 if all were\nanswered, 4 if not",
          "每种请求发送 N 个后停止；全部得到回复时退出码为 0，\n否则为 4"},
         [&](std::string_view text) -> std::string {
             constexpr unsigned long kMost = 1000000000000;
             unsigned long value = 0;
             const auto [end, error] =
                 std::from_chars(text.data(), text.data() + text.size(), value);
             if (error != std::errc() || end != text.data() + text.size() || value < 1 ||
                 value > kMost)
                 return in_words({"takes a whole number from 1 to {}", "应为 1 到 {} 的整数"},
                                 kMost);
             o.count = value;
             return {};
         }},
        {"name NAME",
         {"this client's name in its messages (Client)", "消息中使用的 Client 名称（Client）"},
         [&](std::string_view text) -> std::string {
             if (text.empty() || text.size() > kMaxName || printable(text) != text)
                 return in_words(
                     {"takes 1 to {} bytes of printable UTF-8", "应为 1 到 {} 字节的可打印 UTF-8"},
                     kMaxName);
             o.name = text;
             return {};
         }},
        {"wait[=S]",
         {"wait for a server, S seconds at most or for ever: at the\n"
          "start, after a loss and after a shutdown; go on with the\n"
          "next one",
          "启动时、Server 断开或退出后等待 Server，最多 S 秒，\n"
          "或一直等待；然后使用下一个 Server 继续"},
         set_seconds(&o.wait_s, kLeastSeconds)},
        {"fault KIND",
         {"misbehave: unbounded (send without a bound on what is\n"
          "unanswered), unfiltered (let malformed datagrams in)",
          "故意出错：unbounded（不限制未回复的消息数）、\n"
          "unfiltered（不过滤畸形的数据报）"},
         [&](std::string_view text) -> std::string {
             if (text != "unbounded" && text != "unfiltered")
                 return in_words({"takes unbounded or unfiltered", "应为 unbounded 或 unfiltered"});
             (text == "unbounded" ? o.unbounded : o.unfiltered) = true;
             return {};
         }},
    };
    for (const Exercise *exercise : kExercises) {
        if (exercise->command.add_options != nullptr)
            exercise->command.add_options(&options);
    }
    const auto use_words = [&](const std::vector<std::string> &words) {
        std::string wrong = take_command(words, &o);
        const bool hello = o.command == nullptr && !o.doctor;
        if (wrong.empty() && hello && o.count && o.sync_interval_s == 0 && o.async_interval_s == 0)
            return in_words(
                {"--count needs a kind of request that is on: --sync-interval and "
                 "--async-interval are 0",
                 "--count 需要至少一种打开的请求：--sync-interval 和 --async-interval 都是 0"});
        return wrong;
    };
    finish(&line, {"mp_client", "Client", "mp_server"}, argc, argv, "secondary", kClientPage,
           rows_of_commands(), options, use_words);
    return line;
}

}  // namespace mp_ipc
