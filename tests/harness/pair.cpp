/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/harness/pair.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "support/eal/hugepages.h"
#include "support/eal/ipc_socket.h"
#include "support/eal/runtime_dir.h"

namespace mp_ipc::test {

std::string last_core() {
    return std::to_string(std::max(1L, sysconf(_SC_NPROCESSORS_ONLN) - 1));
}

Words joined(Words words, const Words &more) {
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

namespace {

Words words(const char *program, const std::string &core, const std::string &prefix,
            const Words &options) {
    Words argv = {program, "-l", core, "--no-pci", "--file-prefix=" + prefix};
    if (!options.empty())
        argv.emplace_back("--");
    return joined(std::move(argv), options);
}

}  // namespace

Words server(const Prefix &prefix, const Words &options) {
    Words argv = words(MP_SERVER, "0", prefix.name(), options);
#if defined(__SANITIZE_ADDRESS__)
    /* The sanitizer's shadow memory is where EAL would map its memory by default. */
    argv.insert(argv.begin() + 1, "--base-virtaddr=0x200000000000");
#endif
    return argv;
}

Words client(const Prefix &prefix, const Words &options) {
    return client(prefix.name(), options);
}
Words client(const std::string &prefix, const Words &options) {
    return words(MP_CLIENT, last_core(), prefix, options);
}

Words helper(const std::string &role, const Prefix &prefix, const Words &more) {
    return joined({MP_HELPER, role, prefix.name()}, more);
}

ProcessOptions faulty(const std::string &fault, const std::string &value) {
    ProcessOptions options = preload(FAULTY);
    options.environment.push_back("FAULT=" + fault);
    options.environment.push_back("FAULT_VALUE=" + value);
    return options;
}

namespace {

[[noreturn]] void fail(const std::string &what, const Process &process, const Where &where) {
    throw std::runtime_error(std::string(where.file) + ":" + std::to_string(where.line) + ": " +
                             what + "\n" + process.describe());
}

}  // namespace

void expect_out(Process &process, const std::string &text, int times, const Where &where) {
    if (!process.wait_for_out(text, times))
        fail("its stdout does not say '" + text + "'", process, where);
}

void expect_err(Process &process, const std::string &text, int times, const Where &where) {
    if (!process.wait_for_err(text, times))
        fail("its stderr does not say '" + text + "'", process, where);
}

void expect_end(Process &process, int signal, const Where &where) {
    process.signal(signal);
    const auto status = process.wait();
    if (status != 0)
        ADD_FAILURE_AT(where.file, where.line) << "it has not ended with 0\n" << process.describe();
}

void expect_refusal(const Finished &finished, int status, const Words &parts) {
    EXPECT_EQ(finished.status, status) << finished.out << finished.err;
    EXPECT_EQ(count_of(finished.err, "\n"), 1) << finished.err;
    for (const std::string &part : parts)
        EXPECT_TRUE(has(finished.err, part));
}

bool in_ci() {
    const char *ci = std::getenv("CI");
    return ci != nullptr && std::string_view(ci) == "true";
}

std::string why_nobody_cannot_run() {
    if (geteuid() != 0)
        return "this needs root";
    try {
        const Finished version = run({MP_SERVER, "--version"}, {.environment = {}, .uid = kNobody});
        return version.status == 0 ? "" : version.err.substr(0, version.err.find('\n'));
    } catch (const std::exception &error) { /* no room for the copy */
        return error.what();
    }
}

std::string why_no_namespace(const std::string &kind) {
    if (geteuid() != 0)
        return "this needs root";
    const Finished made = run({"unshare", kind, "true"});
    return made.status == 0 ? "" : made.err.substr(0, made.err.find('\n'));
}

std::string find_program(const std::string &name) {
    std::istringstream path(std::getenv("PATH") != nullptr ? std::getenv("PATH") : "");
    for (std::string dir; std::getline(path, dir, ':');) {
        if (access((dir + "/" + name).c_str(), X_OK) == 0)
            return dir + "/" + name;
    }
    return {};
}

void Hugepages::SetUp() {
    std::string why;
    if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
        why = "primary and secondary need a core each, this machine has one";
    else if (const auto trouble = hugepage_trouble(look_at_hugepages()))
        why = *trouble;
    MP_IPC_NEEDS(why.empty(), "hugepages: " + why);
}

pid_t ipc_thread_of(pid_t pid) {
    for (const auto &task :
         std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task")) {
        std::string name;
        std::getline(std::ifstream(task.path() / "comm") >> std::ws, name);
        if (is_ipc_thread(name))
            return std::stoi(task.path().filename());
    }
    return 0;
}

Words with_eal(Words argv, const Words &options) {
    argv.insert(argv.begin() + 1, options.begin(), options.end());
    return argv;
}

Words with_program(const std::string &program, Words argv) {
    argv[0] = program;
    return argv;
}

std::string read_file(const std::string &path) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

std::string client_socket(const Prefix &prefix) {
    const auto sockets = client_sockets(prefix.dir());
    return sockets.empty() ? "" : sockets[0].path;
}

long received_by_server(const Prefix &prefix, const std::string &name) {
    const std::string report = run(client(prefix, {"report"})).out;
    const std::string start = "action " + name + ": received ";
    const std::size_t at = report.find(start);
    return at == std::string::npos ? -1 : std::stol(report.substr(at + start.size()));
}

Sums sums_of(const std::string &console, const std::string &kind) {
    const bool is_ping = kind == "PING";
    const std::regex line(
        is_ping
            ? R"(\[PING\] (\d+) sent, (\d+) answered, (\d+) lost, (\d+) late)"
            : R"(\[Client\] )" + kind +
                  R"(: sent (\d+), answered (\d+), late (\d+), timed out (\d+), refused (\d+))");
    Sums sums;
    for (std::sregex_iterator it(console.begin(), console.end(), line), end; it != end; ++it) {
        const auto number = [&](std::size_t i) { return std::stol((*it)[i].str()); };
        if (is_ping)
            sums = {number(1), number(2), number(4), number(3), 0};
        else
            sums = {number(1), number(2), number(3), number(4), number(5)};
    }
    return sums;
}

std::string own_lines(const std::string &err) {
    std::istringstream lines(err);
    std::string own;
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("mp_server: memory: ") || line.starts_with("mp_server: 内存："))
            continue; /* printed at every start */
        if (line.starts_with("mp_server: ") || line.starts_with("mp_client: "))
            own += line + "\n";
    }
    return own;
}

}  // namespace mp_ipc::test
