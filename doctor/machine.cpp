/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The doctor's checks of the machine: what a server and a client need before either starts.
 */
#include <algorithm>
#include <iterator>
#include <string_view>

#include "doctor/checks.h"
#include "support/base/text.h"
#include "support/console/console.h"
#include "support/options/eal_args.h"

namespace mp_ipc {
namespace {

/* "22.11" of "22.11.11". */
std::string series(const std::string &version) {
    const std::size_t first = version.find('.');
    return version.substr(0, first == std::string::npos ? first : version.find('.', first + 1));
}

}  // namespace

/* ---- DPDK --------------------------------------------------------------------------------- */

Finding check_versions(const std::string &headers, const std::string &library) {
    const std::size_t space = library.rfind(' ');
    const std::string running = library.substr(space == std::string::npos ? 0 : space + 1);
    if (series(headers) != series(running))
        return bad(in_words(
            {"DPDK: built with the headers of {}, but running with the library {}: build it again, "
             "or run it with the library that it was built for",
             "DPDK：编译时的头文件是 {}，运行时的库是 {}：请重新编译，或使用编译时的库"},
            headers, running));
    return good(
        in_words({"DPDK: library {}, headers {}", "DPDK：库 {}，头文件 {}"}, running, headers));
}

/* ---- hugepages ---------------------------------------------------------------------------- */

Finding check_hugepages(const Hugepages &pages, const std::vector<std::string> &left, bool server) {
    if (pages.reserved() == 0)
        return bad(in_words({"Hugepages: none are reserved: run scripts/setup.sh (as root)",
                             "大页：没有预留：请以 root 运行 scripts/setup.sh"}));
    if (pages.usable() == 0 && !server) {
        const std::string text = in_words(
            {"Hugepages: {}: none is free for this process: end what uses them, or reserve "
             "more with scripts/setup.sh",
             "大页：{}：本进程没有可用的：请结束占用它们的程序，或用 scripts/setup.sh "
             "预留更多"},
            hugepage_counts(pages));
        if (left.empty())
            return bad(text);
        return bad(text + in_words({"; left behind by servers that have ended: {}",
                                    "；已结束的 Server 留下的文件：{}"},
                                   joined(left, [](const std::string &files) { return files; })));
    }
    return good(in_words({"Hugepages: {}", "大页：{}"}, hugepage_counts(pages)));
}

Finding check_hugepage_mount(const Hugepages &pages, const std::optional<std::string> &huge_dir,
                             bool server) {
    if (pages.mounts.empty())
        return bad(
            in_words({"Hugepage mount: no hugetlbfs is mounted: run scripts/setup.sh (as "
                      "root)",
                      "大页挂载：没有挂载 hugetlbfs：请以 root 运行 scripts/setup.sh"}));
    const std::string mounts =
        joined(pages.mounts, [](const std::string &mount) { return printable(mount); });
    if (huge_dir && pages.taken.empty())
        return bad(in_words({"Hugepage mount: --huge-dir {} is no hugetlbfs; there is {}",
                             "大页挂载：--huge-dir {} 不是 hugetlbfs；现有：{}"},
                            printable(*huge_dir), mounts));
    /* A server that runs has its --huge-dir, and a client needs none. */
    if (pages.writable || (server && !pages.other.empty()))
        return good(in_words({"Hugepage mount: {}, writable", "大页挂载：{}，可写"},
                             printable(pages.writable ? pages.taken : pages.other)));
    if (!pages.other.empty())
        return bad(
            in_words({"Hugepage mount: {} is not writable for this user, but {} is: give mp_server "
                      "--huge-dir={}",
                      "大页挂载：当前用户不能写 {}，但能写 {}：请给 mp_server 加上 --huge-dir={}"},
                     printable(pages.taken), printable(pages.other), printable(pages.other)));
    return bad(in_words(
        {"Hugepage mount: {} is not writable for this user: run as root, or scripts/setup.sh "
         "--user NAME",
         "大页挂载：当前用户不能写 {}：请以 root 运行，或运行 scripts/setup.sh --user NAME"},
        printable(pages.taken)));
}

/* ---- the runtime directory ---------------------------------------------------------------- */

Finding check_runtime(const RuntimeFacts &facts) {
    if (!facts.usable)
        return check_runtime_usable(facts);
    if ((facts.mode & 077U) != 0)
        return bad(in_words(
            {"Runtime directory: {} has mode {}, open to other users, any of whom can end the IPC "
             "of all by one malformed message: chmod 700 {}",
             "运行时目录：{} 的权限是 {}，对其他用户开放，任何人用一个畸形的数据报就能中断所有 "
             "IPC：chmod 700 {}"},
            printable(facts.dir), mode_text(facts.mode), printable(facts.dir)));
    if (facts.mode == 0)
        return good(in_words({"Runtime directory: {}, not there yet, can be made",
                              "运行时目录：{}，尚不存在，可以创建"},
                             printable(facts.dir)));
    return check_runtime_usable(facts);
}

/* ---- what attaching depends on ------------------------------------------------------------ */

Finding check_aslr(std::optional<int> aslr, Attach attach) {
    if (!aslr)
        return not_checked("ASLR", "/proc/sys/kernel/randomize_va_space");
    if (*aslr == 0)
        return good(in_words({"ASLR: off", "ASLR：关闭"}));
    switch (attach) {
        case Attach::done:
            return good(in_words({"ASLR: on, and the server's memory could still be mapped",
                                  "ASLR：打开，但仍能映射 Server 的内存"}));
        case Attach::failed:
            return bad(in_words(
                {"ASLR: on, and attaching failed: where EAL's lines above name memory that could "
                 "not be mapped, try again; if it still fails, start the primary with "
                 "--base-virtaddr=0x200000000000",
                 "ASLR：打开，并且连接失败：如果上面 EAL 的输出提到无法映射内存，请再试一次；"
                 "如果一直如此，请用 --base-virtaddr=0x200000000000 启动 primary"}));
        case Attach::not_tried:
            break;
    }
    return unknown(in_words(
        {"ASLR: on; whether it prevents attaching shows only with a server (it seldom does)",
         "ASLR：打开；有 Server 运行时才能看出是否有影响（很少有）"}));
}

namespace {

/* Whether the cores are given by something else than -l: a mask or a mapping. */
bool has_other_core_option(const EalArgs &args) {
    for (std::size_t i = 1; i < args.eal.size(); i++) {
        const std::string_view arg = args.eal[i];
        if (arg.starts_with("-c") || arg.starts_with("--lc") || arg.starts_with("--corem"))
            return true;
    }
    return false;
}

}  // namespace

Finding check_cores(const EalArgs &args, const std::vector<int> &available, bool alive,
                    const ProcessFacts &server) {
    const auto list_of = [](const std::vector<int> &numbers) {
        return joined(numbers, [](int number) { return std::to_string(number); });
    };
    const std::string available_text = list_of(available);
    if (available.empty())
        return not_checked(in_words({"Cores", "核"}),
                           in_words({"the kernel does not report them", "内核没有给出"}));
    const bool server_seen = server.seen && !server.cores.empty();
    const bool server_elsewhere = alive && !server.seen;
    if (available.size() < 2 && !server_seen && !server_elsewhere)
        return bad(
            in_words({"Cores: only {} is available to this process; primary and secondary "
                      "need different ones: use a machine (or a cpuset) with two, or a cpuset "
                      "for each",
                      "核：本进程只有 {} 可用；primary 和 secondary 需要不同的核："
                      "请使用至少有两个核的机器（或 cpuset），或各用各的 cpuset"},
                     available_text));
    if (has_other_core_option(args))
        return unknown(in_words({"Cores: not checked: only those of -l are understood here",
                                 "核：未检查：这里只检查 -l"}));
    std::vector<int> mine = args.lcores ? cores_of_list(*args.lcores) : available;
    std::sort(mine.begin(), mine.end());
    const std::string given = args.lcores ? "-l " + *args.lcores : list_of(mine);
    if (!server_seen) {
        if (args.lcores)
            return good(in_words({"Cores: {}, available: {}; give mp_server different ones",
                                  "核：{}，可用：{}；mp_server 请使用其他核"},
                                 given, available_text));
        return unknown(in_words({"Cores: no -l: EAL would take all ({}); give mp_server and "
                                 "mp_client different ones: -l {} and -l {}",
                                 "核：没有 -l：EAL 会使用全部（{}）；请给 mp_server 和 mp_client "
                                 "不同的核：-l {} 和 -l {}"},
                                available_text, available.front(), available.back()));
    }
    const std::vector<int> &others = server.cores;
    std::vector<int> shared;
    std::set_intersection(mine.begin(), mine.end(), others.begin(), others.end(),
                          std::back_inserter(shared));
    std::vector<int> left;
    std::set_difference(available.begin(), available.end(), others.begin(), others.end(),
                        std::back_inserter(left));
    if (!shared.empty() && left.empty())
        return bad(in_words({"Cores: the server has all of them ({}): start it with fewer, such as "
                             "-l {}, and mp_client with -l {}",
                             "核：Server 占用了全部（{}）：请用较少的核启动它，如 -l {}，"
                             "mp_client 用 -l {}"},
                            list_of(others), available.front(), available.back()));
    if (!shared.empty())
        return bad(in_words({"Cores: the server has {} too: start mp_client with -l {}",
                             "核：Server 也使用 {}：请用 -l {} 启动 mp_client"},
                            list_of(shared), left.back()));
    return good(in_words({"Cores: {}, the server's: {}", "核：{}，Server 的核：{}"}, given,
                         list_of(others)));
}

}  // namespace mp_ipc
