/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/eal/start_checks.h"

#include <pthread.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string_view>

#include "support/base/cores.h"
#include "support/base/files.h"
#include "support/base/text.h"
#include "support/console/console.h"
#include "support/eal/page_files.h"

namespace mp_ipc {
namespace {

namespace fs = std::filesystem;

std::string list_of(const std::vector<int> &numbers, std::size_t most) {
    std::vector<int> shown = numbers;
    if (shown.size() > most)
        shown.resize(most);
    return joined(shown, [](int number) { return std::to_string(number); }) +
           (shown.size() < numbers.size() ? ", …" : "");
}

/* Cores of -l that this process cannot run on: EAL refuses them without a reason, or panics. */
std::optional<Finding> check_given_cores(const EalArgs &args) {
    const std::vector<int> usable = usable_cores();
    if (!args.lcores || usable.empty())
        return std::nullopt;
    std::vector<int> missing;
    for (const int core : cores_of_list(*args.lcores)) {
        if (!std::binary_search(usable.begin(), usable.end(), core))
            missing.push_back(core);
    }
    if (missing.empty())
        return std::nullopt;
    return bad(in_words({"Cores: -l {} names cores that are not available here: {} (available: "
                         "{}); give primary and secondary different ones of these, such as -l {} "
                         "and -l {}",
                         "核：-l {} 中有这里不可用的核：{}（可用：{}）；primary 和 secondary "
                         "请使用其中不同的核，如 -l {} 和 -l {}"},
                        *args.lcores, list_of(missing, 8), list_of(usable, 64), usable.front(),
                        usable.back()));
}

}  // namespace

/* ---- of both -------------------------------------------------------------------------------- */

std::optional<Finding> check_options(const EalArgs &args) {
    if (!args.without_shared_files.empty())
        return bad(
            in_words({"{} makes no files that a secondary could attach to: omit it from both "
                      "programs",
                      "{} 使 secondary 无法连接：请从两个程序中去掉"},
                     args.without_shared_files));
    return check_given_cores(args);
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
             "路径长度：{} 中的套接字路径可达 {} 字节，unix 套接字地址最多 {} 字节，DPDK "
             "会截断更长的路径：请使用更短的 --file-prefix"},
            dir, longest, kMost));
    return good(in_words({"Path length: at most {} of {} bytes", "路径长度：最长 {}/{} 字节"},
                         longest, kMost));
}

Finding check_path_length(const std::string &dir) {
    constexpr unsigned long kPidMax = 4194304; /* of 64-bit Linux */
    return check_path_length(dir, number_in("/proc/sys/kernel/pid_max").value_or(kPidMax));
}

RuntimeFacts look_at_runtime(const std::string &root, const std::string &dir) {
    RuntimeFacts facts;
    facts.root = root;
    facts.dir = dir;
    struct stat status = {};
    if (stat(dir.c_str(), &status) == 0)
        facts.mode = status.st_mode & 07777U;
    /* EAL makes …/dpdk and the prefix's directory, but none above these. */
    const std::string above = fs::path(root).parent_path().string();
    for (const std::string &path : {dir, root, above}) {
        facts.missing_at = path;
        facts.usable = eaccess(path.c_str(), R_OK | W_OK | X_OK) == 0;
        facts.error = facts.usable ? 0 : errno;
        if (facts.error != ENOENT)
            break; /* a missing one can be made if the one above is writable */
    }
    return facts;
}

Finding check_runtime_usable(const RuntimeFacts &facts) {
    if (facts.usable)
        return good(in_words({"Runtime directory: {}, mode {}", "运行时目录：{}，权限 {}"},
                             facts.dir, mode_text(facts.mode)));
    switch (facts.error) {
        case ENOENT:
            return bad(in_words(
                {"Runtime directory: {} cannot be made: there is no {}: make it, or point "
                 "XDG_RUNTIME_DIR (or systemd's RUNTIME_DIRECTORY) at a directory of this user",
                 "运行时目录：无法创建 {}：{} 不存在：请创建它，或将 XDG_RUNTIME_DIR（或 systemd "
                 "的 "
                 "RUNTIME_DIRECTORY）指向当前用户的目录"},
                facts.dir, facts.missing_at));
        case EROFS:
            return bad(in_words(
                {"Runtime directory: {} cannot be used: {} is on a file system that is read-only "
                 "here: mount it writable (in a container: -v {}:{}, without :ro)",
                 "运行时目录：无法使用 {}：{} 所在的文件系统在这里是只读的：请以可写方式挂载 "
                 "（容器：-v {}:{}，不加 :ro）"},
                facts.dir, facts.missing_at, facts.root, facts.root));
        case EACCES:
        case EPERM:
            return bad(in_words(
                {"Runtime directory: {} cannot be used: no permission for {} (of user {}): run as "
                 "the user of the server, or point XDG_RUNTIME_DIR at a directory of this user",
                 "运行时目录：无法使用 {}：没有 {} 的权限（属于用户 {}）：请使用 Server 的用户，"
                 "或将 XDG_RUNTIME_DIR 指向当前用户的目录"},
                facts.dir, facts.missing_at, user_name(owner_of(facts.missing_at))));
        default:
            return bad(in_words(
                {"Runtime directory: {} cannot be used: {}: {}", "运行时目录：无法使用 {}：{}：{}"},
                facts.dir, facts.missing_at, std::strerror(facts.error)));
    }
}

std::string elsewhere(const std::string &file_prefix) {
    std::vector<std::string> roots = {"/var/run/dpdk", "/tmp/dpdk"};
    for (const char *name : {"XDG_RUNTIME_DIR", "RUNTIME_DIRECTORY"}) {
        if (const char *directory = std::getenv(name))
            roots.push_back(std::string(directory) + "/dpdk");
    }
    for (const std::string &user : entries("/run/user", ""))
        roots.push_back(user + "/dpdk");
    std::string text;
    std::vector<fs::path> seen;
    std::error_code none;
    seen.push_back(fs::weakly_canonical(runtime_root(), none));
    for (const std::string &root : roots) {
        const fs::path real = fs::weakly_canonical(root, none);
        if (std::find(seen.begin(), seen.end(), real) != seen.end() ||
            access(root.c_str(), F_OK) != 0)
            continue;
        seen.push_back(real);
        const PrimaryProbe probe = probe_primary(root + "/" + file_prefix);
        if (probe.lives())
            text +=
                in_words({"; {} has a live primary ({}) of user {}: run as that user, with that "
                          "runtime directory",
                          "；{} 有运行中的 primary（{}），属于用户 {}："
                          "请使用该用户和该运行时目录"},
                         probe.dir, process_text(probe.pid), user_name(owner_of(probe.dir)));
        else if (probe.state == PrimaryProbe::State::forbidden)
            text += in_words({"; no permission to look into {} of user {}: if it is there, run as "
                              "that user",
                              "；无权查看 {}（属于用户 {}）：如果它在那里，请使用该用户"},
                             access(root.c_str(), X_OK) == 0 ? probe.dir : root,
                             user_name(owner_of(root)));
    }
    return text;
}

std::optional<Finding> check_process(std::size_t pages) {
    /* kFiles: descriptors of EAL and of this program, besides one for each hugepage. kFileSize:
     * bytes of the largest file other than hugepages. */
    constexpr rlim_t kFiles = 64;
    constexpr rlim_t kFileSize = rlim_t{4} * 1024 * 1024;
    if (access("/proc/self/fd", R_OK) != 0)
        return bad(
            in_words({"Process: /proc is not mounted here, and EAL and this program read it: "
                      "mount it (mount -t proc proc /proc)",
                      "进程：这里没有挂载 /proc，EAL 和本程序需要它：请挂载（mount -t proc "
                      "proc /proc）"}));
    rlimit limit = {};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max < kFiles + pages)
        return bad(
            in_words({"Process: it may open {} files at most (ulimit -n), and {} are needed: "
                      "raise the limit",
                      "进程：最多可打开 {} 个文件（ulimit -n），需要 {} 个：请提高上限"},
                     limit.rlim_max, kFiles + pages));
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur < kFileSize)
        return bad(
            in_words({"Process: it may write files of {} bytes at most (ulimit -f), and {} are "
                      "needed: raise the limit",
                      "进程：文件最大 {} 字节（ulimit -f），需要 {}：请提高上限"},
                     limit.rlim_cur, kFileSize));
    return std::nullopt;
}

std::optional<Finding> check_threads() {
    pthread_t thread;
    const int error = pthread_create(
        &thread, nullptr, [](void *) -> void * { return nullptr; }, nullptr);
    if (error == 0) {
        pthread_join(thread, nullptr);
        return std::nullopt;
    }
    return bad(in_words({"no more threads can be started here ({}): raise the limit of processes "
                         "(pids.max of the cgroup, podman --pids-limit, ulimit -u)",
                         "无法再创建线程（{}）：请提高进程数上限（cgroup 的 pids.max，podman "
                         "--pids-limit，ulimit -u）"},
                        std::strerror(error)));
}

/* ---- of a primary --------------------------------------------------------------------------- */

std::optional<Finding> check_page_files_free(const std::vector<std::string> &huge_dirs,
                                             const std::string &file_prefix) {
    for (const std::string &path : page_files(huge_dirs, file_prefix)) {
        const auto locked = is_locked(path);
        if (locked && !*locked)
            continue; /* left over: EAL removes it */
        const auto holders = flock_holders({path});
        return bad(in_words(
            {"Hugepage files: {} is in use ({}) by a primary of this prefix with another runtime "
             "directory, in a container perhaps, or by its clients: choose another --file-prefix, "
             "or give each its own hugetlbfs (--huge-dir)",
             "大页文件：{} 正在使用（{}），属于同一 file-prefix 但运行时目录不同的 primary "
             "（可能在容器中）或其 Client：请使用其他 --file-prefix，或各用各的 hugetlbfs "
             "(--huge-dir)"},
            path,
            !locked           ? in_words({"user {}", "用户 {}"}, user_name(owner_of(path)))
            : holders.empty() ? in_words({"pid unknown", "pid 未知"})
                              : holders_text(holders)));
    }
    return std::nullopt;
}

std::optional<Finding> first_bad(const std::vector<Finding> &findings) {
    const auto found = std::find_if(findings.begin(), findings.end(), [](const Finding &finding) {
        return finding.verdict == Finding::Verdict::bad;
    });
    return found == findings.end() ? std::nullopt : std::optional(*found);
}

}  // namespace mp_ipc
