/* SPDX-License-Identifier: BSD-3-Clause
 *
 * For tests of the real programs: command lines under a file prefix of their own, and a check that
 * the machine can run them.
 */
#pragma once

#include <gtest/gtest.h>
#include <sys/types.h>

#include <csignal>
#include <string>
#include <vector>

#include "tests/harness/prefix.h"
#include "tests/harness/process.h"

namespace mp_ipc::test {

using Words = std::vector<std::string>;

Words joined(Words words, const Words &more);

/* argv of the programs under this prefix, with `options` after `--`. */
Words server(const Prefix &prefix, const Words &options = {});
Words client(const Prefix &prefix, const Words &options = {});
Words client(const std::string &prefix, const Words &options = {});
/* argv of the helper program: tests/harness/helper.cpp. */
Words helper(const std::string &role, const Prefix &prefix, const Words &more = {});

/* With a fault of tests/harness/faulty.cpp. */
ProcessOptions faulty(const std::string &fault, const std::string &value = "");

inline constexpr const char *kServerReady = "[Server] Ready";

/* Waits until the process has printed `text` on stdout (stderr) `times` times; fails and ends the
 * test if it does not.
 */
struct Where { /* std::source_location, which clang 14 does not have with this library */
    const char *file = nullptr;
    int line = 0;
    static Where current(const char *file = __builtin_FILE(), int line = __builtin_LINE()) {
        return {file, line};
    }
};
void expect_out(Process &process, const std::string &text, int times = 1,
                const Where &where = Where::current());
void expect_err(Process &process, const std::string &text, int times = 1,
                const Where &where = Where::current());
/* Sends the signal, by default Ctrl-C, and fails the test if the process does not end with 0. */
void expect_end(Process &process, int signal = SIGINT, const Where &where = Where::current());

/* mp_server, started and ready. */
class RunningServer : public Process {
  public:
    explicit RunningServer(const Words &argv, const ProcessOptions &how = {},
                           const Where &where = Where::current())
        : Process(argv, how) {
        expect_out(*this, kServerReady, 1, where);
    }
    explicit RunningServer(const Prefix &prefix, const Words &options = {},
                           const ProcessOptions &how = {}, const Where &where = Where::current())
        : RunningServer(server(prefix, options), how, where) {}
};

/* argv of a program of the pair with options of EAL before `--`. */
Words with_eal(Words argv, const Words &options);
/* argv with this program in the place of its first word. */
Words with_program(const std::string &program, Words argv);

/* mp_client, attached to its server. */
class RunningClient : public Process {
  public:
    explicit RunningClient(const Prefix &prefix, const Words &options = {},
                           const ProcessOptions &how = {}, const Where &where = Where::current())
        : Process(client(prefix, options), how) {
        expect_out(*this, "[Client] Attached", 1, where);
    }
};

/* Whether a text has this part; prints both if a test expected otherwise. */
inline ::testing::AssertionResult has(const std::string &text, const std::string &part) {
    const bool there = text.find(part) != std::string::npos;
    return (there ? ::testing::AssertionSuccess() : ::testing::AssertionFailure())
           << "'" << part << "' is " << (there ? "" : "not ") << "in:\n"
           << text;
}

/* It ended with this status, and printed one line on stderr, with all these parts. */
void expect_refusal(const Finished &finished, int status, const Words &parts);

/* Whether CI=true is in the environment: there a skip would look like a pass. */
bool in_ci();

/* In a test or a SetUp(): skips what the machine cannot do, with the reason, and fails it in CI. */
#define MP_IPC_NEEDS(there, what)                           \
    do {                                                    \
        if (there)                                          \
            break;                                          \
        if (::mp_ipc::test::in_ci())                        \
            FAIL() << "cannot run in CI: needs " << (what); \
        GTEST_SKIP() << "needs " << (what);                 \
    } while (false)

/* The user of tests that run the programs without root. */
inline constexpr uid_t kNobody = 65534;

/* Why kNobody cannot run the programs here, in one line; empty: they can be run. */
std::string why_nobody_cannot_run();

#define MP_IPC_NEEDS_NOBODY()                                                             \
    do {                                                                                  \
        const std::string why_not = ::mp_ipc::test::why_nobody_cannot_run();              \
        MP_IPC_NEEDS(why_not.empty(), "to run the programs as another user: " + why_not); \
    } while (false)

/* Why no namespace of this kind, an option of unshare(1), can be made here, in one line; empty: it
 * can.
 */
std::string why_no_namespace(const std::string &kind);

#define MP_IPC_NEEDS_NAMESPACE(kind)                                                    \
    do {                                                                                \
        const std::string why_not = ::mp_ipc::test::why_no_namespace(kind);             \
        MP_IPC_NEEDS(why_not.empty(), "unshare " + std::string(kind) + ": " + why_not); \
    } while (false)

/* The path of a program that can be run; empty: there is none of this name. */
std::string find_program(const std::string &name);

#define MP_IPC_NEEDS_PROGRAM(name, package)                   \
    MP_IPC_NEEDS(!::mp_ipc::test::find_program(name).empty(), \
                 "the program " name " (Debian: package " package ")")

/* Base of all tests that need hugepages. */
class Hugepages : public ::testing::Test {
  protected:
    void SetUp() override;
    const Prefix prefix_;
};

/* The machine's lcores: 0 for servers, the last one for clients. */
std::string last_core();

/* Waits until `condition` holds; false after the deadline. */
template <typename Condition>
bool eventually(const Condition &condition, std::chrono::milliseconds deadline = kPatience) {
    const auto end = std::chrono::steady_clock::now() + deadline;
    while (!condition()) {
        if (std::chrono::steady_clock::now() >= end)
            return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
}

std::string read_file(const std::string &path);

/* The thread of this process that is the EAL's IPC thread; 0: none. */
pid_t ipc_thread_of(pid_t pid);

/* The path of the IPC socket of a prefix's first client; empty: there is none. */
std::string client_socket(const Prefix &prefix);

/* How many messages of this name the server has received, from a client's report; -1: unknown. */
long received_by_server(const Prefix &prefix, const std::string &name);

/* What became of a client's requests. */
struct Sums {
    long sent = 0, answered = 0, late = 0, timed_out = 0, refused = 0;
    bool balance() const { return sent == answered + late + timed_out + refused; }
};
/* From the last such line of its console: "[Client] Sync: sent 10, …", of kind "Sync" or "Async",
 * or
 * "[PING] 10 sent, …", of kind "PING".
 */
Sums sums_of(const std::string &console, const std::string &kind);

/* The lines that our programs printed on stderr: without EAL's log lines, and without the server's
 * line about its memory.
 */
std::string own_lines(const std::string &err);

}  // namespace mp_ipc::test
