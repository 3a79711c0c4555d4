/* SPDX-License-Identifier: BSD-3-Clause */
#include "exercises/options.h"

#include <cstdio>

#include <rte_version.h>

#include "common.h"
#include "exercises/notify.h"
#include "support/base/exit_status.h"

namespace mp_ipc {
namespace {

constexpr double kLeastS = 0.001; /* below a millisecond the scheduler decides, not the option */
constexpr double kMostS = 86400;
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

std::string set_fault(Fault *fault, std::string_view text) {
    static const std::string kTakes =
        "takes slow=MS, slow=MS-MS, silent, wrong-name, unbounded or unfiltered";
    if (text == "silent") {
        fault->kind = Fault::Kind::silent;
    } else if (text == "unbounded") {
        fault->unbounded = true;
    } else if (text == "unfiltered") {
        fault->unfiltered = true;
    } else if (text == "wrong-name") {
        fault->kind = Fault::Kind::wrong_name;
    } else if (text.starts_with("slow=")) {
        text.remove_prefix(5);
        const std::size_t dash = text.find('-');
        const auto least = parse_number(text.substr(0, dash));
        const auto most =
            dash == std::string_view::npos ? least : parse_number(text.substr(dash + 1));
        if (!least || !most || *least < 0 || *most < *least || *most > kMostS * 1000)
            return kTakes;
        fault->kind = Fault::Kind::slow;
        fault->least_s = *least / 1000;
        fault->most_s = *most / 1000;
    } else {
        return kTakes;
    }
    return {};
}

/* The rows that both programs have. */
void add_common(std::vector<Option> *options, bool *quiet, Language *language, bool *help,
                bool *version) {
    using Takes = Option::Takes;
    options->push_back({"quiet", Takes::nothing, "", "no line per request", set_flag(quiet)});
    options->push_back({"lang", Takes::value, "en|zh",
                        "language of the console (else by LC_ALL, LC_MESSAGES, LANG)",
                        set_language_option(language)});
    options->push_back({"help", Takes::nothing, "", "print this and exit", set_flag(help)});
    options->push_back(
        {"version", Takes::nothing, "", "print the version and exit", set_flag(version)});
}

/* "Usage: …" and the rest around the table of options. help2man makes the man page out of it, so it
 * keeps to the shapes that help2man knows ("  $ command" under "Examples:").
 */
std::string help_text(const char *usage, const char *what, const char *commands,
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
void finish(CommandLine<Options> *line, const char *program, int argc, const char *const *argv,
            const std::vector<Option> &options, const char *proc_type, const bool &help,
            const bool &version, const Language &language, const std::string &help_page,
            Finish use_words) {
    set_program(program);
    std::vector<std::string> names;
    names.reserve(options.size());
    for (const Option &option : options)
        names.push_back(option.name);
    line->args = scan_eal_args(argc, argv, names);

    std::vector<std::string> words;
    std::string wrong = parse_options(line->args.app, options, &words);
    set_language(language);
    if (help || line->args.help) {
        std::fputs(help_page.c_str(), stdout);
        line->done = true;
        return;
    }
    if (version || line->args.version) {
        std::printf("%s " MP_IPC_VERSION " (built for %s, running with %s)\n", program,
                    RTE_VER_PREFIX " " MP_IPC_DPDK_VERSION, rte_version());
        line->done = true;
        return;
    }
    const auto &given = line->args.proc_type;
    if (wrong.empty())
        wrong = use_words(words);
    if (wrong.empty() && line->args.without_value)
        wrong = *line->args.without_value + " needs a value";
    if (wrong.empty() && line->args.misplaced)
        wrong = "'" + printable(*line->args.misplaced) + "' must stand after '--': " + program +
                " [EAL options] -- [options]";
    if (wrong.empty() && given && *given != proc_type && *given != "auto")
        wrong = std::string(program) + " is always a " + proc_type +
                " process: use --proc-type=" + proc_type + " or leave it out, not '" +
                printable(*given) + "'";
    if (!wrong.empty()) {
        error(wrong);
        line->done = true;
        line->status = kExitUsage;
        return;
    }
    if (!given) /* first: an option whose value is missing would take it at the end */
        line->args.eal.insert(line->args.eal.begin() + 1, std::string("--proc-type=") + proc_type);
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
constexpr const char *kClientCommands =
    "\nCommands (after '--'):\n"
    "  hello                   periodic sync and async greetings (the default)\n"
    "  ping                    a struct there and back: round-trip times, as ping(8)\n"
    "  notify TEXT             one message without a reply\n"
    "  report                  a long answer, as a file descriptor\n"
    "  doctor                  checks all that the pair needs, and says what to do; needs no\n"
    "                          server and no root\n";
constexpr const char *kClientExample =
    "  $ mp_server -l 0 --no-pci --file-prefix=mp_ipc    # terminal 1\n"
    "  $ mp_client -l 1 --no-pci --file-prefix=mp_ipc    # terminal 2\n"
    "  $ mp_client -l 1 --no-pci --file-prefix=mp_ipc -- ping --count 5\n"
    "  $ mp_client -l 1 --no-pci --file-prefix=mp_ipc -- doctor\n";

}  // namespace

CommandLine<ServerOptions> read_server_command_line(int argc, const char *const *argv) {
    using Takes = Option::Takes;
    CommandLine<ServerOptions> line;
    ServerOptions &o = line.options;
    bool help = false;
    bool version = false;
    Language language = language_of_environment();
    double no_secondaries_s = 0;

    std::vector<Option> options = {
        {"stats-interval", Takes::value, "S", "totals every S seconds (3; 0: off)",
         set_seconds(&o.stats_interval_s, kLeastS, kMostS, true)},
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
                 wrong = set_seconds(&no_secondaries_s, 0, kMostS)(text);
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
         set_seconds(&o.fault.for_s, kLeastS, kMostS)},
        {"leftover-wait", Takes::value, "S",
         "wait up to S seconds for processes of an earlier server\n"
         "that still hold its files (5)",
         set_seconds(&o.leftover_wait_s, 0, kMostS)},
    };
    add_common(&options, &o.quiet, &language, &help, &version);
    finish(&line, "mp_server", argc, argv, options, "primary", help, version, language,
           help_text(kServerUsage, kServerWhat, "", options, kServerExample),
           [](const std::vector<std::string> &words) -> std::string {
               if (!words.empty())
                   return "unexpected '" + printable(words[0]) + "': mp_server takes options only";
               return {};
           });
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
    bool help = false;
    bool version = false;
    Language language = language_of_environment();
    double wait_s = 0;

    std::vector<Option> options = {
        {"sync-interval", Takes::value, "S", "hello: a sync request every S seconds (3; 0: off)",
         set_seconds(&o.sync_interval_s, kLeastS, kMostS, true)},
        {"async-interval", Takes::value, "S", "hello: an async request every S seconds (5; 0: off)",
         set_seconds(&o.async_interval_s, kLeastS, kMostS, true)},
        {"interval", Takes::value, "S", "ping: a request every S seconds (1)",
         set_seconds(&o.ping_interval_s, kLeastS, kMostS)},
        {"flood", Takes::nothing, "",
         "ping: the next one as soon as one is answered, and only\na line for what goes wrong",
         set_flag(&o.flood)},
        {"timeout", Takes::value, "S", "how long a request waits for its reply (5)",
         set_seconds(&o.timeout_s, kLeastTimeoutS, kMostS)},
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
         "wait for a server, S seconds at most or for ever, at the\n"
         "start and after a loss, and go on with the new one",
         [&](std::string_view text) -> std::string {
             std::string wrong;
             if (!text.empty())
                 wrong = set_seconds(&wait_s, kLeastS, kMostS)(text);
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
    add_common(&options, &o.quiet, &language, &help, &version);
    finish(&line, "mp_client", argc, argv, options, "secondary", help, version, language,
           help_text(kClientUsage, kClientWhat, kClientCommands, options, kClientExample),
           [&](const std::vector<std::string> &words) -> std::string {
               using Command = ClientOptions::Command;
               static constexpr struct {
                   std::string_view name;
                   Command command;
                   std::size_t words;
               } kCommands[] = {{"hello", Command::hello, 1},
                                {"ping", Command::ping, 1},
                                {"notify", Command::notify, 2},
                                {"report", Command::report, 1},
                                {"doctor", Command::doctor, 1}};
               if (words.empty())
                   return {};
               for (const auto &known : kCommands) {
                   if (words[0] != known.name)
                       continue;
                   o.command = known.command;
                   if (words.size() > known.words)
                       return "unexpected '" + printable(words[known.words]) + "' after '" +
                              words[0] + "'";
                   if (known.command == Command::notify) {
                       if (words.size() < 2 || words[1].empty() || words[1].size() > kMaxNotifyText)
                           return "notify takes one TEXT of 1 to " +
                                  std::to_string(kMaxNotifyText) + " bytes: notify 'link up'";
                       o.text = words[1];
                   }
                   return {};
               }
               return "unknown command '" + printable(words[0]) +
                      "'; it takes hello, ping, notify TEXT, report or doctor";
           });
    if (!line.done && o.command == ClientOptions::Command::hello && o.sync_interval_s == 0 &&
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
