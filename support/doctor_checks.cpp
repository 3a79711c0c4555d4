/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/doctor_checks.h"

#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "common.h"
#include "support/console.h"
#include "support/eal_args.h"

namespace mp_ipc {
namespace {

namespace fs = std::filesystem;

/* One line in the console's language, as say() would print it. */
template <typename... Args>
std::string in_words(std::type_identity_t<Line<sizeof...(Args)>> line, const Args &...args) {
    const std::array<std::string, sizeof...(Args)> values{std::string(Shown(args).text())...};
    std::string text(line.in(language()));
    std::size_t at = 0;
    for (const std::string &value : values) {
        at = text.find("{}", at);
        text.replace(at, 2, value);
        at += value.size();
    }
    return text;
}

Finding good(std::string text) {
    return {Finding::Verdict::good, std::move(text)};
}
Finding bad(std::string text) {
    return {Finding::Verdict::bad, std::move(text)};
}
Finding unknown(std::string text) {
    return {Finding::Verdict::unknown, std::move(text)};
}

template <typename Items, typename Show>
std::string joined(const Items &items, const Show &show) {
    std::string text;
    for (const auto &item : items)
        text += (text.empty() ? "" : ", ") + show(item);
    return text;
}

std::string list_of(const std::vector<int> &numbers) {
    return joined(numbers, [](int number) { return std::to_string(number); });
}

std::string mode_text(unsigned mode) {
    char text[16];
    std::snprintf(text, sizeof(text), "%04o", mode & 07777U);
    return text;
}

/* "22.11" of "22.11.11". */
std::string series(const std::string &version) {
    const std::size_t first = version.find('.');
    return version.substr(0, first == std::string::npos ? first : version.find('.', first + 1));
}

bool is_alive(PrimaryProbe::State state) {
    return state == PrimaryProbe::State::alive || state == PrimaryProbe::State::starting;
}

}  // namespace

Finding not_checked(const std::string &what, const std::string &why) {
    return unknown(in_words({"{}: not checked: {}", "{}: 未检查: {}"}, what, why));
}

/* ---- DPDK --------------------------------------------------------------------------------- */

Finding check_versions(const std::string &headers, const std::string &library) {
    const std::size_t space = library.rfind(' ');
    const std::string running = library.substr(space == std::string::npos ? 0 : space + 1);
    if (series(headers) != series(running))
        return bad(in_words(
            {"DPDK: built with the headers of {}, but running with the library {}: build it anew, "
             "or run it with the library that it was built for",
             "DPDK: 编译时的头文件是 {}, 运行时的库是 {}: 请重新编译, 或使用编译时的库"},
            headers, running));
    return good(
        in_words({"DPDK: library {}, headers {}", "DPDK: 库 {}, 头文件 {}"}, running, headers));
}

/* ---- hugepages ---------------------------------------------------------------------------- */

std::vector<LeftPages> look_at_left_pages(const std::vector<std::string> &mounts,
                                          const std::vector<std::string> &dead_prefixes) {
    std::vector<LeftPages> left;
    for (const std::string &prefix : dead_prefixes) {
        unsigned long files = 0;
        for (const std::string &mount : mounts) {
            std::error_code error;
            for (fs::directory_iterator it(mount, error), end; !error && it != end;
                 it.increment(error))
                files += it->path().filename().string().starts_with(prefix + "map_") ? 1U : 0U;
        }
        if (files > 0)
            left.push_back({prefix, files});
    }
    return left;
}

Finding check_hugepages(const Hugepages &pages, const std::vector<LeftPages> &left, bool server) {
    if (pages.reserved == 0)
        return bad(in_words({"Hugepages: none are reserved: run scripts/setup.sh (as root)",
                             "大页: 没有预留: 请以 root 运行 scripts/setup.sh"}));
    if (pages.free == 0 && !server) {
        const std::string text =
            in_words({"Hugepages: {} reserved, none is free: end what uses them, or reserve more "
                      "with scripts/setup.sh",
                      "大页: 已预留 {} 个, 没有空闲: 请结束占用它们的程序, 或用 scripts/setup.sh "
                      "预留更多"},
                     pages.reserved);
        if (left.empty())
            return bad(text);
        return bad(text + in_words({"; left behind by servers that have ended: {}",
                                    "; 已结束的 Server 留下的文件: {}"},
                                   joined(left, [](const LeftPages &pages_left) {
                                       return printable(pages_left.prefix) + "map_* (" +
                                              std::to_string(pages_left.files) + ")";
                                   })));
    }
    return good(in_words({"Hugepages: {} reserved, {} free", "大页: 已预留 {} 个, 空闲 {} 个"},
                         pages.reserved, pages.free));
}

Finding check_hugepage_mount(const Hugepages &pages, const std::optional<std::string> &huge_dir) {
    if (pages.mounts.empty())
        return bad(
            in_words({"Hugepage mount: no hugetlbfs is mounted: run scripts/setup.sh (as "
                      "root)",
                      "大页挂载: 没有挂载 hugetlbfs: 请以 root 运行 scripts/setup.sh"}));
    const std::string mounts =
        joined(pages.mounts, [](const std::string &mount) { return printable(mount); });
    if (huge_dir &&
        std::none_of(pages.mounts.begin(), pages.mounts.end(), [&](const std::string &mount) {
            return fs::path(mount) == fs::path(*huge_dir) ||
                   fs::path(mount) / "" == fs::path(*huge_dir);
        }))
        return bad(in_words({"Hugepage mount: --huge-dir {} is no hugetlbfs; there is {}",
                             "大页挂载: --huge-dir {} 不是 hugetlbfs; 现有: {}"},
                            printable(*huge_dir), mounts));
    if (!pages.writable)
        return bad(in_words(
            {"Hugepage mount: {} is not writable for this user: run as root, or "
             "scripts/setup.sh --user NAME",
             "大页挂载: 当前用户不能写 {}: 请以 root 运行, 或运行 scripts/setup.sh --user NAME"},
            mounts));
    return good(in_words({"Hugepage mount: {}, writable", "大页挂载: {}, 可写"}, mounts));
}

/* ---- the runtime directory ---------------------------------------------------------------- */

RuntimeFacts look_at_runtime(const std::string &root, const std::string &dir) {
    RuntimeFacts facts;
    facts.root = root;
    facts.dir = dir;
    struct stat status = {};
    facts.root_exists = stat(root.c_str(), &status) == 0;
    if (stat(dir.c_str(), &status) == 0) {
        facts.mode = status.st_mode & 07777U;
        facts.owner = status.st_uid;
        facts.foreign = status.st_uid != geteuid();
    }
    /* EAL makes …/dpdk and the prefix's directory, but nothing above. */
    const std::string above = fs::path(root).parent_path().string();
    for (const std::string &path : {dir, root, above}) {
        facts.missing_at = path;
        if (access(path.c_str(), F_OK) != 0 && path != above && errno == ENOENT)
            continue; /* it can be made if the one above is writable */
        facts.usable = eaccess(path.c_str(), R_OK | W_OK | X_OK) == 0;
        break;
    }
    return facts;
}

Finding check_runtime(const RuntimeFacts &facts) {
    if (!facts.usable)
        return bad(in_words(
            {"Runtime directory: {} cannot be used: no permission for {}, or it is missing: run "
             "as the user of the server, or point XDG_RUNTIME_DIR at a directory of this user",
             "运行时目录: 无法使用 {}: {} 没有权限或不存在: 请使用 Server 的用户, 或将 "
             "XDG_RUNTIME_DIR 指向当前用户的目录"},
            printable(facts.dir), printable(facts.missing_at)));
    if ((facts.mode & 077U) != 0)
        return bad(in_words(
            {"Runtime directory: {} has mode {}, open to other users, any of whom can end the IPC "
             "of all by one malformed message: chmod 700 {}",
             "运行时目录: {} 的权限是 {}, 对其他用户开放, 任何人用一条错误的消息就能中断所有 IPC: "
             "chmod 700 {}"},
            printable(facts.dir), mode_text(facts.mode), printable(facts.dir)));
    if (facts.mode == 0)
        return good(in_words({"Runtime directory: {}, not there yet, can be made",
                              "运行时目录: {}, 尚不存在, 可以创建"},
                             printable(facts.dir)));
    return good(in_words({"Runtime directory: {}, mode {}", "运行时目录: {}, 权限 {}"},
                         printable(facts.dir), mode_text(facts.mode)));
}

/* ---- prefixes ----------------------------------------------------------------------------- */

std::vector<PrefixFacts> look_at_prefixes(const std::string &root) {
    std::vector<PrefixFacts> all;
    std::error_code error;
    for (fs::directory_iterator it(root, error), end; !error && it != end; it.increment(error)) {
        PrefixFacts facts;
        facts.name = it->path().filename().string();
        facts.probe = probe_primary(it->path().string());
        if (facts.probe.state == PrimaryProbe::State::no_files)
            continue;
        facts.socket_left = facts.probe.state == PrimaryProbe::State::dead &&
                            access((it->path() / "mp_socket").c_str(), F_OK) == 0;
        all.push_back(std::move(facts));
    }
    std::sort(all.begin(), all.end(), [](const PrefixFacts &left, const PrefixFacts &right) {
        return left.name < right.name;
    });
    return all;
}

namespace {

/* "; other prefixes: a (live), b (killed)": who has mistyped the prefix sees it here. */
std::string others_text(const PrefixFacts &own, const std::vector<PrefixFacts> &all) {
    std::vector<std::string> words;
    for (const PrefixFacts &other : all) {
        if (other.name == own.name)
            continue;
        const std::string name = printable(other.name);
        if (is_alive(other.probe.state))
            words.push_back(in_words({"{} (live)", "{} (运行中)"}, name));
        else if (other.probe.state == PrimaryProbe::State::forbidden)
            words.push_back(in_words({"{} (no permission)", "{} (没有权限)"}, name));
        else if (other.socket_left)
            words.push_back(in_words({"{} (killed)", "{} (被杀死)"}, name));
        else
            words.push_back(in_words({"{} (ended)", "{} (已结束)"}, name));
    }
    constexpr std::size_t kMost = 16; /* a line is to be read */
    if (words.size() > kMost) {
        words.resize(kMost);
        words.emplace_back("…");
    }
    return words.empty() ? std::string()
                         : in_words({"; other prefixes: {}", "; 其他 file-prefix: {}"},
                                    joined(words, [](const std::string &word) { return word; }));
}

std::string process_text(pid_t pid) {
    return pid > 0 ? "pid " + std::to_string(pid) + " " + printable(process_name(pid)) : "pid ?";
}

}  // namespace

Finding check_prefix(const PrefixFacts &own, const std::vector<Holder> &holders,
                     const std::vector<PrefixFacts> &all) {
    using State = PrimaryProbe::State;
    const std::string name = printable(own.name);
    const std::string others = others_text(own, all);
    switch (own.probe.state) {
        case State::alive:
            return good(in_words(
                {"Prefix '{}': a live primary, {}{}", "file-prefix '{}': primary 运行中, {}{}"},
                name, process_text(own.probe.pid), others));
        case State::starting:
            return bad(in_words({"Prefix '{}': a primary ({}) holds it but takes no messages: it "
                                 "has not come to the end of its start; end it, start mp_server{}",
                                 "file-prefix '{}': primary ({}) 占用它但不接收消息: "
                                 "它没有完成启动; 请结束它并启动 mp_server{}"},
                                name, process_text(own.probe.pid), others));
        case State::forbidden:
            return unknown(in_words({"Prefix '{}': not checked: no permission for {}; run as the "
                                     "user who runs mp_server{}",
                                     "file-prefix '{}': 未检查: 没有 {} 的权限; 请使用运行 "
                                     "mp_server 的用户{}"},
                                    name, printable(own.probe.dir), others));
        case State::dead:
        case State::no_files:
            break;
    }
    if (!holders.empty())
        return bad(in_words(
            {"Prefix '{}': its primary is gone, but processes hold its files and keep the next one "
             "out: {}: end them{}",
             "file-prefix '{}': primary 已不在, 但有进程占用它的文件, 下一个 primary 无法启动: "
             "{}: 请结束它们{}"},
            name, joined(holders, [](const Holder &holder) { return process_text(holder.pid); }),
            others));
    if (own.socket_left)
        return bad(in_words({"Prefix '{}': its primary was killed and left its files: start "
                             "mp_server again, which clears them{}",
                             "file-prefix '{}': primary 被杀死, 留下了文件: 请重新启动 mp_server, "
                             "它会清理{}"},
                            name, others));
    return unknown(
        in_words({"Prefix '{}': no primary runs under {}; start mp_server with the same "
                  "--file-prefix to check the rest{}",
                  "file-prefix '{}': {} 下没有 primary 运行; 用相同的 --file-prefix 启动 "
                  "mp_server 才能检查其余项目{}"},
                 name, printable(fs::path(own.probe.dir).parent_path().string()), others));
}

Finding check_stale_sockets(const std::vector<ClientSocket> &sockets) {
    std::vector<std::string> stale;
    for (const ClientSocket &socket : sockets) {
        if (!socket.live)
            stale.push_back(printable(socket.path));
    }
    if (!stale.empty())
        return bad(in_words({"Client sockets: {} of {} are of clients that were killed: rm {}",
                             "Client 套接字: {}/{} 属于被杀死的 Client: rm {}"},
                            stale.size(), sockets.size(), [&] {
                                std::string paths;
                                for (const std::string &path : stale)
                                    paths += (paths.empty() ? "" : " ") + path;
                                return paths;
                            }()));
    return good(in_words({"Client sockets: {}, none stale", "Client 套接字: {} 个, 没有残留"},
                         sockets.size()));
}

Finding check_path_length(const std::string &dir, unsigned long pid_max) {
    /* mp_socket_PID_TSC: the counter is 64 bits in hexadecimal. */
    constexpr std::size_t kTscDigits = 16;
    const std::size_t longest = dir.size() + std::string_view("/mp_socket_").size() +
                                std::to_string(pid_max).size() + 1 + kTscDigits;
    constexpr std::size_t kMost = sizeof(sockaddr_un::sun_path) - 1; /* 108 with the NUL */
    if (longest > kMost)
        return bad(in_words(
            {"Path length: socket paths in {} can have {} bytes, a unix socket's address takes {}, "
             "and DPDK cuts what is longer: use a shorter --file-prefix",
             "路径长度: {} 中的套接字路径可达 {} 字节, unix 套接字地址最多 {} 字节, DPDK "
             "会截断更长的路径: 请使用更短的 --file-prefix"},
            printable(dir), longest, kMost));
    return good(in_words({"Path length: at most {} of {} bytes", "路径长度: 最长 {}/{} 字节"},
                         longest, kMost));
}

/* ---- what attaching depends on ------------------------------------------------------------ */

Finding check_aslr(std::optional<int> aslr, Attach attach) {
    if (!aslr)
        return not_checked("ASLR", "/proc/sys/kernel/randomize_va_space");
    if (*aslr == 0)
        return good(in_words({"ASLR: off", "ASLR: 关闭"}));
    switch (attach) {
        case Attach::done:
            return good(in_words({"ASLR: on, and the server's memory could be mapped all the same",
                                  "ASLR: 打开, 但仍能映射 Server 的内存"}));
        case Attach::failed:
            return bad(in_words(
                {"ASLR: on, and attaching failed: where EAL's lines above name memory that could "
                 "not be mapped, try again; if that stays, start both programs by setarch -R",
                 "ASLR: 打开, 并且连接失败: 如果上面 EAL 的输出提到无法映射内存, 请再试一次; "
                 "如果仍然失败, 请用 setarch -R 启动两个程序"}));
        case Attach::not_tried:
            break;
    }
    return unknown(
        in_words({"ASLR: on; only with a server it shows whether it is in the way (it seldom is)",
                  "ASLR: 打开; 有 Server 运行时才能看出是否有影响 (很少有)"}));
}

ProcessFacts look_at_process(pid_t pid, const std::string &proc) {
    ProcessFacts facts;
    const fs::path tasks = fs::path(proc) / std::to_string(pid) / "task";
    std::error_code error;
    for (fs::directory_iterator it(tasks, error), end; !error && it != end; it.increment(error)) {
        std::ifstream file(it->path() / "status");
        std::string name;
        std::string cores;
        char state = '?';
        for (std::string line; std::getline(file, line);) {
            const auto value = [&] {
                return line.substr(line.find_first_not_of("\t ", line.find(':') + 1));
            };
            if (line.starts_with("Name:\t"))
                name = value();
            else if (line.starts_with("State:\t"))
                state = value()[0];
            else if (line.starts_with("Cpus_allowed_list:\t"))
                cores = value();
        }
        if (name.empty())
            continue;
        facts.seen = true;
        const bool main = it->path().filename() == std::to_string(pid);
        if (main)
            facts.state = state;
        /* rte_mp_handle until 23.07, dpdk-mp-msg since 23.11 */
        facts.ipc_thread = facts.ipc_thread || name == "rte_mp_handle" || name == "dpdk-mp-msg";
        /* rte-worker-N until 23.07, dpdk-workerN since 23.11 */
        if (main || name.starts_with("rte-worker-") || name.starts_with("dpdk-worker")) {
            for (const int core : cores_of_list(cores))
                facts.cores.push_back(core);
        }
    }
    std::sort(facts.cores.begin(), facts.cores.end());
    facts.cores.erase(std::unique(facts.cores.begin(), facts.cores.end()), facts.cores.end());
    return facts;
}

Finding check_cores(const CoreFacts &facts) {
    const std::string available = list_of(facts.available);
    if (facts.available.size() < 2)
        return bad(in_words({"Cores: only {} is available; primary and secondary need different "
                             "ones: use a machine (or a cpuset) with two",
                             "核: 只有 {} 可用; primary 和 secondary 需要不同的核: "
                             "请使用至少有两个核的机器"},
                            available));
    if (facts.other_option)
        return unknown(in_words({"Cores: not checked: only those of -l are understood here",
                                 "核: 未检查: 这里只检查 -l"}));
    std::vector<int> mine = facts.list ? cores_of_list(*facts.list) : facts.available;
    std::sort(mine.begin(), mine.end());
    std::vector<int> missing;
    std::set_difference(mine.begin(), mine.end(), facts.available.begin(), facts.available.end(),
                        std::back_inserter(missing));
    const std::string given = facts.list ? "-l " + printable(*facts.list) : "";
    if (!missing.empty())
        return bad(in_words({"Cores: {} names cores that are not available: {} (available: {})",
                             "核: {} 中有不可用的核: {} (可用: {})"},
                            given, list_of(missing), available));
    if (!facts.server || facts.server->cores.empty()) {
        if (facts.list)
            return good(in_words({"Cores: {}, available: {}; give mp_server others",
                                  "核: {}, 可用: {}; mp_server 请使用其他核"},
                                 given, available));
        return unknown(in_words({"Cores: no -l: EAL would take all ({}); give mp_server and "
                                 "mp_client different ones: -l {} and -l {}",
                                 "核: 没有 -l: EAL 会使用全部 ({}); 请给 mp_server 和 mp_client "
                                 "不同的核: -l {} 和 -l {}"},
                                available, facts.available.front(), facts.available.back()));
    }
    const std::vector<int> &others = facts.server->cores;
    std::vector<int> shared;
    std::set_intersection(mine.begin(), mine.end(), others.begin(), others.end(),
                          std::back_inserter(shared));
    std::vector<int> left;
    std::set_difference(facts.available.begin(), facts.available.end(), others.begin(),
                        others.end(), std::back_inserter(left));
    if (!shared.empty() && left.empty())
        return bad(in_words({"Cores: the server has all of them ({}): start it with fewer, such as "
                             "-l {}, and mp_client with -l {}",
                             "核: Server 占用了全部 ({}): 请用较少的核启动它, 如 -l {}, "
                             "mp_client 用 -l {}"},
                            list_of(others), facts.available.front(), facts.available.back()));
    if (!shared.empty())
        return bad(in_words({"Cores: the server has {} too: start mp_client with -l {}",
                             "核: Server 也使用 {}: 请用 -l {} 启动 mp_client"},
                            list_of(shared), left.back()));
    return good(in_words({"Cores: {}, the server's: {}", "核: {}, Server 的核: {}"}, given,
                         list_of(others)));
}

/* ---- the server --------------------------------------------------------------------------- */

Finding check_ipc_thread(const ProcessFacts &server, pid_t pid) {
    if (!server.seen)
        return not_checked(in_words({"IPC thread", "IPC 线程"}),
                           in_words({"the threads of the server (pid {}) cannot be seen",
                                     "无法查看 Server (pid {}) 的线程"},
                                    pid));
    if (server.state == 'T' || server.state == 't')
        return bad(in_words({"IPC thread: the server (pid {}) is stopped, by a signal or a "
                             "debugger: kill -CONT {}",
                             "IPC 线程: Server (pid {}) 已暂停 (信号或调试器): kill -CONT {}"},
                            pid, pid));
    if (!server.ipc_thread)
        return bad(
            in_words({"IPC thread: that of the server (pid {}) is gone, as after one "
                      "malformed message; it hears nothing any more: start it anew",
                      "IPC 线程: Server (pid {}) 的 IPC 线程已结束 (一条错误的消息即可造成), "
                      "它不再接收消息: 请重新启动"},
                     pid));
    return good(in_words({"IPC thread: the server's is running", "IPC 线程: Server 的线程在运行"}));
}

Finding check_zone(const ZoneFacts &zone) {
    if (!zone.found)
        return bad(in_words({"Memzone {}: not there: this primary is no mp_server; choose the "
                             "--file-prefix of one",
                             "memzone {}: 不存在: 该 primary 不是 mp_server; 请使用 mp_server 的 "
                             "--file-prefix"},
                            kSharedInfoName));
    if (zone.size != sizeof(SharedInfo))
        return bad(in_words({"Memzone {}: {} bytes, not {}: that server is of another version; use "
                             "the mp_client built with it",
                             "memzone {}: {} 字节, 应为 {}: Server 的版本不同; "
                             "请使用与它一起编译的 mp_client"},
                            kSharedInfoName, zone.size, sizeof(SharedInfo)));
    if (zone.shutting_down)
        return bad(in_words({"Memzone {}: force_quit is set: the server is shutting down; start it "
                             "again",
                             "memzone {}: force_quit 已设置: Server 正在退出; 请重新启动"},
                            kSharedInfoName));
    if (zone.boot_id == 0)
        return good(in_words({"Memzone {}: {} bytes, no boot id: a server of another make",
                              "memzone {}: {} 字节, 没有 boot id: 其他实现的 Server"},
                             kSharedInfoName, zone.size));
    return good(in_words({"Memzone {}: {} bytes, boot id {}", "memzone {}: {} 字节, boot id {}"},
                         kSharedInfoName, zone.size, zone.boot_id));
}

Finding check_ping(const PingFacts &ping) {
    if (ping.timed_out)
        return bad(in_words({"Ping: no reply within {} s: is the server busy, stopped or "
                             "misbehaving (--fault)? see its console",
                             "Ping: {} 秒内没有回复: Server 是否繁忙, 暂停或异常 (--fault)? "
                             "请看它的输出"},
                            fixed(ping.timeout_s, 3)));
    if (!ping.trouble.empty())
        return bad(in_words({"Ping: no good reply: {}; use an mp_client and an mp_server of one "
                             "build",
                             "Ping: 没有正确的回复: {}; 请使用同一次编译的 mp_client 和 "
                             "mp_server"},
                            ping.trouble));
    return good(in_words(
        {"Ping: answered in {} ms, message version {}", "Ping: {} ms 内收到回复, 消息版本 {}"},
        fixed(ping.time_ms, 3), kVersion));
}

}  // namespace mp_ipc
