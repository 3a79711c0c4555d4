/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Processes that a test or a row of docs/api.md needs besides the real programs: primaries that are
 * no mp_server, and secondaries that call rte_mp in ways that mp_client does not.
 *
 *   mp_ipc_helper ROLE PREFIX [ARGUMENTS]
 *
 * Each prints what it saw to stdout, a line at a time, and ends by itself or on SIGTERM.
 */
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_log.h>
#include <rte_malloc.h>
#include <rte_memzone.h>

#include "common.h"
#include "exercises/ping.h"
#include "support/base/message.h"
#include "support/eal/runtime_dir.h"

namespace {

using namespace mp_ipc;
using Arguments = std::vector<std::string>;

__attribute__((format(printf, 1, 2))) void print(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    std::vprintf(format, arguments);
    va_end(arguments);
    std::putchar('\n');
    std::fflush(stdout);
}

void start_eal(const char *core, const char *type, const std::string &prefix) {
    static std::vector<std::string> words; /* EAL keeps pointers into it */
    words = {"helper",
             "-l",
             core,
             "--no-pci",
             std::string("--proc-type=") + type,
             "--file-prefix=" + prefix};
#if defined(__SANITIZE_ADDRESS__)
    words.emplace_back("--base-virtaddr=0x200000000000"); /* clear of the sanitizer's shadow */
#endif
    static std::vector<char *> argv;
    for (std::string &word : words)
        argv.push_back(word.data());
    argv.push_back(nullptr);
    if (rte_eal_init(static_cast<int>(words.size()), argv.data()) < 0) {
        print("init failed: %s", rte_strerror(rte_errno));
        std::exit(1);
    }
}
void start_primary(const std::string &prefix) {
    start_eal("0", "primary", prefix);
}
void start_secondary(const std::string &prefix) {
    start_eal("1", "secondary", prefix);
}

/* The tutorial's memzone, all zeros; nullptr: there is no room. */
SharedInfo *reserve_zone() {
    const rte_memzone *zone =
        rte_memzone_reserve(kSharedInfoName, sizeof(SharedInfo), SOCKET_ID_ANY, 0);
    return zone == nullptr ? nullptr : new (zone->addr) SharedInfo{};
}

[[noreturn]] void wait_for_the_end() {
    for (;;)
        pause();
}

/* ---- primaries that are no mp_server ------------------------------------------------------ */

/* A primary without handlers, and without the memzone of mp_server, or with one of this many bytes,
 * zeros all of them.
 */
int bare_primary(const std::string &prefix, const Arguments &arguments) {
    start_primary(prefix);
    if (!arguments.empty() &&
        rte_memzone_reserve(kSharedInfoName, std::strtoul(arguments[0].c_str(), nullptr, 10),
                            SOCKET_ID_ANY, 0) == nullptr)
        return 1;
    print("ready");
    wait_for_the_end();
}

/* A primary that has only what the tutorial has: the memzone, without a boot id, and the two
 * greetings.
 */
int tutorial(const std::string &prefix, const Arguments &) {
    start_primary(prefix);
    const auto on_hello = [](const rte_mp_msg *msg, const void *peer) -> int {
        rte_mp_msg reply = make_message(msg->name);
        fill_text(reply, hello_reply_text(HelloKind::sync, text_of(*msg)));
        return rte_mp_reply(&reply, static_cast<const char *>(peer));
    };
    if (reserve_zone() == nullptr || rte_mp_action_register(kMsgHelloSync, on_hello) != 0 ||
        rte_mp_action_register(kMsgHelloAsync, on_hello) != 0)
        return 1;
    print("ready");
    wait_for_the_end();
}

/* A primary with the tutorial's memzone, no boot id and no handlers, which sets force_quit on
 * SIGUSR1 and stays.
 */
int quitting_primary(const std::string &prefix, const Arguments &) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGUSR1);
    sigprocmask(SIG_BLOCK, &signals, nullptr);
    start_primary(prefix);
    SharedInfo *shared = reserve_zone();
    if (shared == nullptr)
        return 1;
    print("ready");
    int number = 0;
    sigwait(&signals, &number);
    shared->force_quit = 1;
    wait_for_the_end();
}

/* ---- calls of docs/api.md, and odd replies ------------------------------------------------ */

timespec milliseconds(long ms) {
    return {ms / 1000, ms % 1000 * 1000000};
}

/* A server whose ping replies are those of other builds, depending on the request's number: right,
 * a byte too long, a byte too short, of another version, as in version 1.
 */
int odd_replies(const std::string &prefix, const Arguments &) {
    start_primary(prefix);
    const auto on_ping = [](const rte_mp_msg *msg, const void *peer) -> int {
        PingRequest request;
        read_struct(*msg, &request);
        PingReply answer;
        answer.header.sequence = request.header.sequence;
        rte_mp_msg reply = make_message(msg->name);
        fill(reply, answer);
        reply.len_param += answer.header.sequence == 2 ? 1 : answer.header.sequence == 3 ? -1 : 0;
        if (answer.header.sequence == 4)
            reply.param[0]++;
        if (answer.header.sequence == 5) {
            reply.param[0] = 1;
            reply.len_param = kPingReplyV1;
        }
        return rte_mp_reply(&reply, static_cast<const char *>(peer));
    };
    if (reserve_zone() == nullptr || rte_mp_action_register(kMsgPing, on_ping) != 0)
        return 1;
    print("ready");
    wait_for_the_end();
}

/* A secondary whose rte_eal_init() blocks after its IPC thread has started: the log stream
 * blocks on the first line after that. */
int held_secondary(const std::string &prefix, const Arguments &) {
    cookie_io_functions_t functions = {};
    functions.write = [](void *, const char *text, std::size_t size) -> ssize_t {
        if (std::string_view(text, size).find("Selected IOVA mode") != std::string_view::npos) {
            print("held");
            wait_for_the_end();
        }
        return static_cast<ssize_t>(size);
    };
    rte_openlog_stream(fopencookie(nullptr, "w", functions));
    start_secondary(prefix);
    print("init complete"); /* the test fails */
    return 1;
}

std::atomic<bool> g_called{false};
int print_reply(const char *what, int rc, const struct rte_mp_reply &reply) {
    print("%s rc %d sent %d received %d", what, rc, reply.nb_sent, reply.nb_received);
    return 0;
}

/* Sends the request asynchronously and prints what the call returned; its callback prints the reply
 * as g_what.
 */
const char *g_what;
void ask_async(rte_mp_msg &request, const timespec &timeout, const char *what) {
    g_what = what;
    const int rc = rte_mp_request_async(&request, &timeout,
                                        [](const rte_mp_msg *, const struct rte_mp_reply *reply) {
                                            print_reply(g_what, 0, *reply);
                                            g_called = true;
                                            return 0;
                                        });
    print("async rc %d", rc);
}
void wait_for_callback() {
    while (!g_called)
        usleep(5000);
}
int ignore_reply(const rte_mp_msg *, const struct rte_mp_reply *) {
    return 0;
}

/* A primary that asks all its secondaries once there are N of them, both ways. */
int ask_all(const std::string &prefix, const Arguments &arguments) {
    start_primary(prefix);
    print("ready");
    const auto wanted = std::strtoul(arguments.at(1).c_str(), nullptr, 10);
    const auto live = [] {
        std::size_t count = 0;
        for (const ClientSocket &socket : client_sockets(rte_eal_get_runtime_dir()))
            count += socket.live ? 1U : 0U;
        return count;
    };
    while (live() < wanted)
        usleep(5000);
    rte_mp_msg request = make_message(arguments.at(0).c_str());
    const timespec timeout = milliseconds(1000);
    struct rte_mp_reply reply = {};
    const int rc = rte_mp_request_sync(&request, &reply, &timeout);
    print_reply("sync", rc, reply);
    std::free(reply.msgs);
    ask_async(request, timeout, "async callback");
    wait_for_callback();
    return 0;
}

int do_nothing(const rte_mp_msg *, const void *) {
    return 0;
}

/* What rte_mp_action_register() and a send return for bad names. */
int register_names(const std::string &prefix, const Arguments &) {
    start_primary(prefix);
    const auto try_one = [](const char *what, const char *name) {
        rte_errno = 0;
        const int rc = rte_mp_action_register(name, do_nothing);
        print("%s: rc %d errno %s", what, rc, rc == 0 ? "none" : rte_strerror(rte_errno));
    };
    try_one("first", "name");
    try_one("twice", "name");
    rte_mp_action_unregister("name");
    try_one("again after unregister", "name");
    try_one("empty", "");
    try_one("63 characters", std::string(RTE_MP_MAX_NAME_LEN - 1, 'n').c_str());
    try_one("64 characters", std::string(RTE_MP_MAX_NAME_LEN, 'n').c_str());
    return 0;
}

/* A second request of one name while the first is pending, from a secondary. */
int pending_twice(const std::string &prefix, const Arguments &) {
    start_secondary(prefix);
    rte_mp_msg request = make_message(kMsgHelloSync);
    fill_text(request, "first");
    const timespec timeout = milliseconds(3000);
    ask_async(request, timeout, "callback");
    int rc = rte_mp_request_async(&request, &timeout, ignore_reply);
    print("second async rc %d errno %s", rc, rte_strerror(rte_errno));
    struct rte_mp_reply reply = {};
    rc = rte_mp_request_sync(&request, &reply, &timeout);
    print("second sync rc %d errno %s", rc, rte_strerror(rte_errno));
    request = make_message(kMsgHelloAsync);
    rc = rte_mp_request_sync(&request, &reply, &timeout);
    print("other name rc %d", rc);
    std::free(reply.msgs);
    wait_for_callback();
    return 0;
}

/* A secondary with an asynchronous request pending while its server is killed: stays, to see what
 * the library does. The test kills the server after "async rc 0".
 */
int pending_at_death(const std::string &prefix, const Arguments &) {
    start_secondary(prefix);
    rte_mp_msg request = make_message(kMsgHelloAsync);
    fill_text(request, "pending");
    const timespec timeout = milliseconds(1500);
    ask_async(request, timeout, "callback");
    wait_for_callback();
    const int again = rte_mp_request_async(&request, &timeout, ignore_reply);
    print("async after death rc %d errno %s", again, rte_strerror(rte_errno));
    _exit(0);
}

/* A synchronous request whose timeout is NULL. */
int null_timeout(const std::string &prefix, const Arguments &) {
    start_secondary(prefix);
    rte_mp_msg request = make_message(kMsgHelloSync);
    fill_text(request, "no timeout");
    struct rte_mp_reply reply = {};
    print("asking");
    print("rc %d", rte_mp_request_sync(&request, &reply, nullptr));
    return 0;
}

/* ---- secondaries that are no mp_client, and stay ------------------------------------------ */

/* A secondary that attaches and stays, whatever becomes of its primary. */
int stay(const std::string &prefix, const Arguments &) {
    start_secondary(prefix);
    print("attached");
    wait_for_the_end();
}

/* A secondary that takes all of the heap that it can get, and keeps it. */
int take_heap(const std::string &prefix, const Arguments &) {
    start_secondary(prefix);
    std::uint64_t taken = 0;
    for (std::size_t size : {std::size_t{100000}, std::size_t{4000}}) {
        while (rte_malloc("take-heap", size, 0) != nullptr)
            taken += size;
    }
    print("taken %llu", static_cast<unsigned long long>(taken));
    wait_for_the_end();
}

constexpr struct {
    const char *name;
    int (*run)(const std::string &prefix, const Arguments &arguments); /* exit status */
} kRoles[] = {{"bare-primary", bare_primary},
              {"tutorial", tutorial},
              {"quitting-primary", quitting_primary},
              {"odd-replies", odd_replies},
              {"held-secondary", held_secondary},
              {"ask-all", ask_all},
              {"register-names", register_names},
              {"pending-twice", pending_twice},
              {"pending-at-death", pending_at_death},
              {"null-timeout", null_timeout},
              {"stay", stay},
              {"take-heap", take_heap}};

}  // namespace

int main(int argc, char **argv) {
    for (const auto &role : kRoles) {
        if (argc >= 3 && std::string_view(argv[1]) == role.name) {
            const int status = role.run(argv[2], Arguments(argv + 3, argv + argc));
            rte_eal_cleanup();
            return status;
        }
    }
    std::fprintf(stderr, "usage: helper ROLE PREFIX [ARGUMENTS]\n");
    return 2;
}
