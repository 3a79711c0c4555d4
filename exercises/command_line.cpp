/* SPDX-License-Identifier: BSD-3-Clause */
#include "exercises/command_line.h"

#include <cstdio>

#include <rte_version.h>

#include "common.h"
#include "exercises/table.h"
#include "support/base/exit_status.h"
#include "support/base/text.h"
#include "support/console/console.h"
#include "support/eal/ipc_core.h"
#include "support/options/option_parser.h"

namespace mp_ipc {
namespace {

/* A timeout below the round trip is good for one thing: to see what happens then. */
constexpr double kLeastTimeoutS = 0.00001;

std::function<std::string(std::string_view)> set_language_option(Language *language) {
    return [=](std::string_view text) -> std::string {
        if (text != "en" && text != "zh")
            return "takes en or zh";
        *language = text == "zh" ? Language::chinese : Language::english;
        return {};
    };
}

/* What both programs take. */
struct CommonOptions {
    bool quiet = false;
    bool help = false;
    bool version = false;
    Language language = language_of_environment();
    std::optional<int> ipc_core;

    void add_rows(std::vector<Option> *options) {
        using Takes = Option::Takes;
        options->push_back({"quiet", Takes::nothing, "", "no line per request", set_flag(&quiet)});
        options->push_back({"lang", Takes::value, "en|zh",
                            "language of the console (else by LC_ALL, LC_MESSAGES, LANG)",
                            set_language_option(&language)});
        options->push_back(
            {"ipc-core", Takes::value, "N",
             "the core of the EAL's IPC thread, one that does not poll\n"
             "(EAL takes those that -l does not name)",
             [this](std::string_view text) { return read_ipc_core(text, &ipc_core); }});
        options->push_back({"help", Takes::nothing, "", "print this and exit", set_flag(&help)});
        options->push_back(
            {"version", Takes::nothing, "", "print the version and exit", set_flag(&version)});
    }
};

/* "Usage: …" and the rest around the table of options. help2man makes the man page out of it, so it
 * keeps to the shapes that help2man knows ("  $ command" under "Examples:").
 */
std::string help_text(const char *usage, const char *what, const std::string &commands,
                      const std::vector<Option> &options, const char *example) {
    return std::string("Usage: ") + usage + "\n\n" + what + "\n" + commands +
           "\nOptions (after '--'):\n" + help_of(options) +
           "\nEAL options (before '--'), those that matter here:\n"
           "  -l CORES                the program's cores; primary and secondary need different "
           "ones\n"
           "  --file-prefix NAME      which primary (default rte); the same for both programs\n"
           "  --proc-type TYPE        primary for mp_server, secondary for mp_client; may be left "
           "out\n"
           "  --no-pci                leave the network cards alone\n"
           "All EAL options: https://doc.dpdk.org/guides/linux_gsg/linux_eal_parameters.html\n"
           "\nExit status:\n"
           "  0                       clean\n"
           "  1                       failure\n"
           "  2                       the command line\n"
           "  3                       no live primary, or it went away\n"
           "  4                       a counted run ended with requests unanswered\n"
           "\nExamples:\n\n" +
           example;
}

/* The steps that both programs share: split, parse, answer --help, --version and errors. */
template <typename Options, typename Finish>
void finish(CommandLine<Options> *line, const Program &self, int argc, const char *const *argv,
            const std::vector<Option> &options, const char *proc_type, const CommonOptions &common,
            const std::string &help_page, Finish use_words) {
    set_program(self);
    std::vector<std::string> names;
    names.reserve(options.size());
    for (const Option &option : options)
        names.push_back(option.name);
    line->args = scan_eal_args(argc, argv, names);

    std::vector<std::string> words;
    std::string wrong = parse_options(line->args.app, options, &words);
    set_language(common.language);
    set_quiet(common.quiet);
    if (common.help || line->args.help) {
        std::fputs(help_page.c_str(), stdout);
        line->done = true;
        return;
    }
    if (common.version || line->args.version) {
        std::printf("%s " MP_IPC_VERSION " (built for %s, running with %s)\n", self.name,
                    RTE_VER_PREFIX " " MP_IPC_DPDK_VERSION, rte_version());
        line->done = true;
        return;
    }
    if (wrong.empty())
        wrong = use_words(words);
    if (wrong.empty())
        wrong = take_role(&line->args, proc_type);
    if (!wrong.empty()) {
        error(wrong);
        line->done = true;
        line->status = kExitUsage;
    }
}

constexpr const char *kServerUsage = "mp_server [EAL options] [-- options]";
constexpr const char *kServerWhat =
    "Primary process of the DPDK IPC example: reserves the memzone shared_info, answers the\n"
    "requests of mp_client, prints totals, and on Ctrl-C tells its clients to end.\n";
constexpr const char *kServerExample =
    "  $ mp_server -l 0 --no-pci --file-prefix=mp_ipc    # terminal 1\n"
    "  $ mp_client -l 1 --no-pci --file-prefix=mp_ipc    # terminal 2\n";

constexpr const char *kClientUsage = "mp_client [EAL options] [-- [command] options]";
constexpr const char *kClientWhat =
    "Secondary process of the DPDK IPC example: looks up the memzone of mp_server and sends it\n"
    "requests. Start mp_server first, with the same --file-prefix.\n";
/* hello and doctor stand elsewhere than in the table, before and behind its commands. */
const Command kHello = {.name = "hello", .help = "periodic sync and async greetings (the default)"};
const Command kDoctor = {.name = "doctor",
                         .help =
                             "checks all that the pair needs, and says what to do; needs no\n"
                             "server and no root"};

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

std::string help_of_commands() {
    std::vector<Option> rows;
    for (const Command *command : commands())
        rows.push_back(
            {shown(*command), Option::Takes::nothing, "", std::string(command->help), {}});
    return "\nCommands (after '--'):\n" + help_of(rows, "");
}

/* Takes the words after the options: a command and its argument. Returns what is wrong, or "". */
std::string take_command(const std::vector<std::string> &words, ClientOptions *options) {
    if (words.empty())
        return {};
    std::string names;
    const auto all = commands();
    for (const Command *command : all) {
        names += (names.empty() ? "" : command == all.back() ? " or " : ", ") + shown(*command);
        if (words[0] != command->name)
            continue;
        const std::size_t most = command->argument.empty() ? 1 : 2;
        if (words.size() > most)
            return "unexpected '" + printable(words[most]) + "' after '" + words[0] + "'";
        options->doctor = command == &kDoctor;
        if (command != &kHello && command != &kDoctor)
            options->command = command;
        if (command->take == nullptr)
            return {};
        const std::string wrong = command->take(words.size() > 1 ? words[1] : "");
        return wrong.empty() ? "" : words[0] + " " + wrong;
    }
    return "unknown command '" + printable(words[0]) + "'; it takes " + names;
}

constexpr const char *kClientExample =
    "  $ mp_server -l 0 --no-pci --file-prefix=mp_ipc    # terminal 1\n"
    "  $ mp_client -l 1 --no-pci --file-prefix=mp_ipc    # terminal 2\n"
    "  $ mp_client -l 1 --no-pci --file-prefix=mp_ipc -- ping --count 5\n"
    "  $ mp_client -l 1 --no-pci --file-prefix=mp_ipc -- doctor\n";

}  // namespace

std::vector<std::pair<std::string, std::string>> shown(const ServerOptions &options) {
    using Broadcast = ServerOptions::Broadcast;
    return {{"broadcast", options.broadcast == Broadcast::off    ? "off"
                          : options.broadcast == Broadcast::sync ? "sync"
                                                                 : "async"},
            {"fault", options.fault.on() ? "on" : "none"}};
}

CommandLine<ServerOptions> read_server_command_line(int argc, const char *const *argv) {
    using Takes = Option::Takes;
    CommandLine<ServerOptions> line;
    ServerOptions &o = line.options;
    CommonOptions common;
    double no_secondaries_s = 0;

    std::vector<Option> options = {
        {"stats-interval", Takes::value, "S", "totals every S seconds (3; 0: off)",
         set_seconds(&o.stats_interval_s, kLeastSeconds, kMostSeconds, true)},
        {"broadcast", Takes::optional_value, "sync",
         "every stats interval ask all clients for their status,\n"
         "asynchronously, or one after another with =sync; an event\n"
         "to all at the end",
         [&](std::string_view text) -> std::string {
             if (!text.empty() && text != "sync" && text != "async")
                 return "takes nothing, =async or =sync";
             o.broadcast =
                 text == "sync" ? ServerOptions::Broadcast::sync : ServerOptions::Broadcast::async;
             return {};
         }},
        {"no-secondaries", Takes::optional_value, "S",
         "call rte_mp_disable() at the start, or S seconds later",
         [&](std::string_view text) -> std::string {
             std::string wrong;
             if (!text.empty())
                 wrong = set_seconds(&no_secondaries_s, 0, kMostSeconds)(text);
             o.no_secondaries_s = no_secondaries_s;
             return wrong;
         }},
        {"fault", Takes::value, "KIND",
         "misbehave: slow=MS or slow=MS-MS (wait before a reply),\n"
         "silent (no reply), wrong-name (reply under another name),\n"
         "unbounded (wait for ever to send a reply),\n"
         "unfiltered (let malformed datagrams in)",
         [&](std::string_view text) { return set_fault(&o.fault, text); }},
        {"fault-for", Takes::value, "S", "end the fault S seconds after the start",
         set_seconds(&o.fault.for_s, kLeastSeconds, kMostSeconds)},
        {"leftover-wait", Takes::value, "S",
         "wait up to S seconds for processes of an earlier server\n"
         "that still hold its files (5)",
         set_seconds(&o.leftover_wait_s, 0, kMostSeconds)},
    };
    common.add_rows(&options);
    finish(&line, {"mp_server", "Server", "mp_client"}, argc, argv, options, "primary", common,
           help_text(kServerUsage, kServerWhat, "", options, kServerExample),
           [](const std::vector<std::string> &words) -> std::string {
               if (!words.empty())
                   return "unexpected '" + printable(words[0]) + "': mp_server takes options only";
               return {};
           });
    o.ipc_core = common.ipc_core;
    if (!line.done && o.broadcast != ServerOptions::Broadcast::off && o.stats_interval_s == 0) {
        error(
            "--broadcast asks every stats interval, and --stats-interval 0 means never: give it "
            "another, or leave one of the two out");
        line.done = true;
        line.status = kExitUsage;
    }
    return line;
}

CommandLine<ClientOptions> read_client_command_line(int argc, const char *const *argv) {
    using Takes = Option::Takes;
    CommandLine<ClientOptions> line;
    ClientOptions &o = line.options;
    CommonOptions common;
    double wait_s = 0;

    std::vector<Option> options = {
        {"sync-interval", Takes::value, "S", "hello: a sync request every S seconds (3; 0: off)",
         set_seconds(&o.sync_interval_s, kLeastSeconds, kMostSeconds, true)},
        {"async-interval", Takes::value, "S", "hello: an async request every S seconds (5; 0: off)",
         set_seconds(&o.async_interval_s, kLeastSeconds, kMostSeconds, true)},
        {"timeout", Takes::value, "S", "how long a request waits for its reply (5)",
         set_seconds(&o.timeout_s, kLeastTimeoutS, kMostSeconds)},
        {"count", Takes::value, "N",
         "stop after N requests of each kind; exit 0 if all were\nanswered, 4 if not",
         set_count(&o.count, 1000000000000UL)},
        {"name", Takes::value, "NAME", "this client's name in its messages (Client)",
         [&](std::string_view text) -> std::string {
             if (text.empty() || text.size() > kMaxName || printable(text) != text)
                 return "takes 1 to " + std::to_string(kMaxName) + " bytes of printable UTF-8";
             o.name = text;
             return {};
         }},
        {"wait", Takes::optional_value, "S",
         "wait for a server, S seconds at most or for ever: at the\n"
         "start, after a loss and after a shutdown; go on with the\n"
         "next one",
         [&](std::string_view text) -> std::string {
             std::string wrong;
             if (!text.empty())
                 wrong = set_seconds(&wait_s, kLeastSeconds, kMostSeconds)(text);
             o.wait_s = wait_s;
             return wrong;
         }},
        {"fault", Takes::value, "KIND",
         "misbehave: unbounded (send without a bound on what is\n"
         "unanswered), unfiltered (let malformed datagrams in)",
         [&](std::string_view text) -> std::string {
             if (text != "unbounded" && text != "unfiltered")
                 return "takes unbounded or unfiltered";
             (text == "unbounded" ? o.unbounded : o.unfiltered) = true;
             return {};
         }},
    };
    for (const Exercise *exercise : kExercises) {
        if (exercise->command.add_options != nullptr)
            exercise->command.add_options(&options);
    }
    common.add_rows(&options);
    finish(&line, {"mp_client", "Client", "mp_server"}, argc, argv, options, "secondary", common,
           help_text(kClientUsage, kClientWhat, help_of_commands(), options, kClientExample),
           [&](const std::vector<std::string> &words) { return take_command(words, &o); });
    o.ipc_core = common.ipc_core;
    if (!line.done && o.command == nullptr && !o.doctor && o.sync_interval_s == 0 &&
        o.async_interval_s == 0 && o.count) {
        error(
            "--count needs a kind of request that is on: --sync-interval and --async-interval are "
            "0");
        line.done = true;
        line.status = kExitUsage;
    }
    return line;
}

}  // namespace mp_ipc
