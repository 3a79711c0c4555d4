/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The doctor's checks of file prefixes, and of the server of the given one.
 */

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "doctor/checks.h"
#include "support/base/files.h"
#include "support/base/text.h"
#include "support/console/console.h"
#include "support/eal/ipc_socket.h"
#include "support/options/eal_args.h"

namespace mp_ipc {
namespace {

namespace fs = std::filesystem;

/* ---- prefixes ----------------------------------------------------------------------------- */

/* "; other prefixes: a (live), b (killed)": shows a mistyped prefix. */
std::string others_text(const std::string &file_prefix, const std::vector<PrimaryProbe> &all) {
    std::vector<std::string> words;
    for (const PrimaryProbe &other : all) {
        if (other.prefix() == file_prefix)
            continue;
        const std::string name = printable(other.prefix());
        if (other.lives())
            words.push_back(in_words({"{} (live)", "{}（运行中）"}, name));
        else if (other.state == PrimaryProbe::State::forbidden)
            words.push_back(in_words({"{} (no permission)", "{}（没有权限）"}, name));
        else if (other.state == PrimaryProbe::State::unknown)
            words.push_back(in_words({"{} (not checked)", "{}（未检查）"}, name));
        else if (other.socket_left)
            words.push_back(in_words({"{} (killed)", "{}（被杀死）"}, name));
        else
            words.push_back(in_words({"{} (ended)", "{}（已结束）"}, name));
    }
    constexpr std::size_t kMost = 16; /* else the line is too long to read */
    if (words.size() > kMost) {
        words.resize(kMost);
        words.emplace_back("…");
    }
    return words.empty() ? std::string()
                         : in_words({"; other prefixes: {}", "；其他 file-prefix：{}"},
                                    joined(words, [](const std::string &word) { return word; }));
}

}  // namespace

Finding check_prefix(const std::string &file_prefix, const PrimaryProbe &own,
                     const std::vector<pid_t> &holders, const std::vector<PrimaryProbe> &all) {
    using State = PrimaryProbe::State;
    const std::string name = printable(file_prefix);
    std::string others = others_text(file_prefix, all);
    if (!own.lives()) /* printable: it names what other users have made */
        others = elsewhere(file_prefix) + others;
    switch (own.state) {
        case State::alive:
            return good(in_words(
                {"Prefix '{}': a live primary, {}{}", "file-prefix '{}'：primary 运行中，{}{}"},
                name, process_text(own.pid), others));
        case State::starting:
            return bad(
                in_words({"Prefix '{}': a primary ({}) holds it but receives no messages: it "
                          "has not finished its start; end it, start mp_server{}",
                          "file-prefix '{}'：primary（{}）占用它但不接收消息："
                          "它没有完成启动；请结束它并启动 mp_server{}"},
                         name, process_text(own.pid), others));
        case State::forbidden:
            return unknown(in_words({"Prefix '{}': not checked: no permission for {}; run as the "
                                     "user who runs mp_server{}",
                                     "file-prefix '{}'：未检查：没有 {} 的权限；请使用运行 "
                                     "mp_server 的用户{}"},
                                    name, printable(own.dir), others));
        case State::unknown:
            return unknown(in_words({"Prefix '{}': not checked: cannot look at {}/config: {}{}",
                                     "file-prefix '{}'：未检查：无法查看 {}/config：{}{}"},
                                    name, printable(own.dir), std::strerror(own.error), others));
        case State::dead:
        case State::no_files:
            break;
    }
    if (!holders.empty())
        return bad(in_words(
            {"Prefix '{}': its primary is gone, but processes hold its files and keep the next one "
             "out: {}: end them{}",
             "file-prefix '{}'：primary 已不在，但有进程占用它的文件，下一个 primary 无法启动："
             "{}：请结束它们{}"},
            name, holders_text(holders), others));
    if (own.socket_left)
        return bad(in_words({"Prefix '{}': its primary was killed and left its files, or failed "
                             "in its start: start mp_server again, which clears them{}",
                             "file-prefix '{}'：primary 被杀死并留下了文件，或启动失败：请重新启动 "
                             "mp_server，它会清理{}"},
                            name, others));
    return unknown(
        in_words({"Prefix '{}': no primary runs under {}; start mp_server with the same "
                  "--file-prefix to check the rest{}",
                  "file-prefix '{}'：{} 下没有 primary 运行；用相同的 --file-prefix 启动 "
                  "mp_server 才能检查其余项目{}"},
                 name, printable(fs::path(own.dir).parent_path().string()), others));
}

Finding check_stale_sockets(const std::vector<ClientSocket> &sockets) {
    std::size_t stale = 0;
    std::string paths;
    for (const ClientSocket &socket : sockets) {
        if (socket.live)
            continue;
        stale++;
        paths += (paths.empty() ? "" : " ") + printable(socket.path);
    }
    if (stale > 0)
        return bad(in_words({"Client sockets: {} of {} belong to killed clients: rm {}",
                             "Client 套接字：{}/{} 属于被杀死的 Client：rm {}"},
                            stale, sockets.size(), paths));
    return good(in_words({"Client sockets: {}, none stale", "Client 套接字：{} 个，没有残留"},
                         sockets.size()));
}

/* ---- the server --------------------------------------------------------------------------- */

namespace {

bool has_line(const std::string &path, std::string_view line) {
    std::ifstream file(path);
    for (std::string found; std::getline(file, found);) {
        if (found == line)
            return true;
    }
    return false;
}

/* The cgroup of this process, if it or one above it is frozen; empty: none that can be seen. */
std::string frozen_cgroup(pid_t pid, const std::string &proc, const std::string &cgroups) {
    std::ifstream file(proc + "/" + std::to_string(pid) + "/cgroup"); /* "4:freezer:/path" */
    for (std::string line; std::getline(file, line);) {
        const std::size_t name = line.find(':');
        const std::size_t path = line.find(':', name + 1);
        if (name == std::string::npos || path == std::string::npos)
            continue;
        const std::string controller = line.substr(name + 1, path - name - 1);
        std::string group = line.substr(path + 1);
        const bool frozen =
            controller == "freezer"
                ? has_line(cgroups + "/freezer" + group + "/freezer.state", "FROZEN")
                : controller.empty() && /* version 2 */
                      (has_line(cgroups + group + "/cgroup.events", "frozen 1") ||
                       has_line(cgroups + "/unified" + group + "/cgroup.events", "frozen 1"));
        if (frozen)
            return group;
    }
    return {};
}

}  // namespace

ProcessFacts look_at_process(pid_t pid, const std::string &proc, const std::string &cgroups) {
    ProcessFacts facts;
    const fs::path tasks = fs::path(proc) / std::to_string(pid) / "task";
    bool all_seen = true;
    std::error_code error;
    for (fs::directory_iterator it(tasks, error), end; !error && it != end; it.increment(error)) {
        const fs::path status = it->path() / "status";
        const std::string state = field_of(status, "State:");
        if (state.empty()) { /* ended meanwhile; or unreadable, and then it may be any thread */
            std::error_code gone;
            all_seen = all_seen && !fs::exists(it->path(), gone);
            continue;
        }
        facts.seen = true;
        const bool main = it->path().filename() == std::to_string(pid);
        if (main)
            facts.state = state[0];
        const std::string name = field_of(status, "Name:"); /* a thread need not have one */
        const std::string cores = field_of(status, "Cpus_allowed_list:");
        if (is_ipc_thread(name)) {
            facts.ipc_thread = true;
            facts.ipc_cores = cores;
        }
        /* rte-worker-N until 23.07, dpdk-workerN since 23.11 */
        if (main || name.starts_with("rte-worker-") || name.starts_with("dpdk-worker")) {
            for (const int core : cores_of_list(cores))
                facts.cores.push_back(core);
        }
    }
    facts.seen = facts.seen && all_seen;
    facts.frozen_by = frozen_cgroup(pid, proc, cgroups);
    std::sort(facts.cores.begin(), facts.cores.end());
    facts.cores.erase(std::unique(facts.cores.begin(), facts.cores.end()), facts.cores.end());
    return facts;
}

Finding check_ipc_thread(const ProcessFacts &server, pid_t pid, bool has_room) {
    if (!server.frozen_by.empty())
        return bad(in_words({"IPC thread: the server (pid {}) is frozen by its cgroup {}, as a "
                             "paused container is: thaw it (podman unpause, docker unpause)",
                             "IPC 线程：Server（pid {}）被其 cgroup {} 冻结（如容器已暂停）："
                             "请解冻（podman unpause，docker unpause）"},
                            pid, printable(server.frozen_by)));
    if (!has_room && server.state != 'T' && server.state != 't' &&
        (server.ipc_thread || !server.seen))
        return bad(in_words({"IPC thread: the server (pid {}) does not read its messages, its "
                             "queue is full: it is stopped, frozen, or inside a handler that does "
                             "not end; see its console, or restart it",
                             "IPC 线程：Server（pid {}）没有读取消息，队列已满：已暂停，被冻结，"
                             "或有一条消息处理不完；请看它的输出，或重新启动"},
                            pid));
    if (!server.seen)
        return not_checked(in_words({"IPC thread", "IPC 线程"}),
                           in_words({"the threads of the server (pid {}) cannot be seen",
                                     "无法查看 Server（pid {}）的线程"},
                                    pid));
    if (server.state == 'T' || server.state == 't')
        return bad(in_words({"IPC thread: the server (pid {}) is stopped, by a signal or a "
                             "debugger: kill -CONT {}",
                             "IPC 线程：Server（pid {}）已暂停（信号或调试器）：kill -CONT {}"},
                            pid, pid));
    if (!server.ipc_thread)
        return bad(
            in_words({"IPC thread: that of the server (pid {}) is gone, as after one "
                      "malformed message; it receives nothing any more: restart it",
                      "IPC 线程：Server（pid {}）的 IPC 线程已结束（一个畸形的数据报即可造成），"
                      "它不再接收消息：请重新启动"},
                     pid));
    return good(in_words({"IPC thread: the server's is running, on core {}",
                          "IPC 线程：Server 的线程在运行，使用核 {}"},
                         server.ipc_cores));
}

}  // namespace mp_ipc
