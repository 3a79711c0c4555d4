/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a secondary checks of a live primary before it attaches.
 */
#include <unistd.h>

#include <cstring>
#include <filesystem>

#include <rte_version.h>

#include "support/base/files.h"
#include "support/console/console.h"
#include "support/eal/linkage.h"
#include "support/eal/page_files.h"
#include "support/eal/start_checks.h"

namespace mp_ipc {

namespace fs = std::filesystem;

Finding check_primary(const PrimaryProbe &primary) {
    const uid_t owner = owner_of(primary.dir + "/config");
    if (owner != geteuid() && owner != 0)
        return bad(
            in_words({"Server: it is of user {}, and its replies cannot reach a client of user "
                      "{}: run as {}",
                      "Server：属于用户 {}，它的回复无法到达用户 {} 的 Client："
                      "请使用用户 {}"},
                     user_name(owner), user_name(geteuid()), user_name(owner)));
    if (primary.other_version)
        return bad(
            in_words({"Server: it runs another DPDK version ({}; here: {}): both must use the "
                      "same library",
                      "Server：DPDK 版本不同（{}；这里：{}）：两者必须使用相同的库"},
                     primary.version, rte_version()));
    if (primary.no_secondaries)
        return bad(in_words({"Server: it accepts no secondaries: it has called rte_mp_disable()",
                             "Server：不接受 secondary：它调用了 rte_mp_disable()"}));
    const std::string linkage = linkage_trouble(primary.dir);
    if (!linkage.empty())
        return bad(in_words({"Server: {}", "Server: {}"}, linkage));
    return good(in_words({"Server: of user {}, of the same DPDK, accepts secondaries",
                          "Server：用户 {}，DPDK 版本相同，接受 secondary"},
                         user_name(owner)));
}

Finding check_page_files(const PrimaryProbe &primary, const std::string &file_prefix) {
    using Kind = PageFileTrouble::Kind;
    std::size_t count = 0;
    const auto trouble = look_at_page_files(primary.dir, file_prefix, primary.pid, &count);
    if (!trouble)
        return check_process(count).value_or(good(in_words(
            {"Hugepage files: {}, the server's own", "大页文件：{} 个，属于 Server"}, count)));
    const std::string mount = fs::path(trouble->path).parent_path().string();
    switch (trouble->kind) {
        case Kind::not_shared:
            return bad(in_words({"Hugepage files: the server has none to share (there is no {}): "
                                 "start it without --no-huge",
                                 "大页文件：Server 没有可共享的大页（没有 {}）：启动时请不要使用 "
                                 "--no-huge"},
                                trouble->path));
        case Kind::missing:
            return bad(in_words(
                {"Hugepage files: the hugepages of the server are not visible here: there is no "
                 "{}: "
                 "mount the server's hugetlbfs at {} (in a container: -v {}:{}); where it is, "
                 "start "
                 "the server again, without --huge-unlink",
                 "大页文件：这里看不到 Server 的大页：没有 {}：请将 Server 的 hugetlbfs 挂载到 {} "
                 "（容器：-v {}:{}）；如果已挂载，请重新启动 Server，不要使用 --huge-unlink"},
                trouble->path, mount, mount, mount));
        case Kind::other:
            return bad(in_words(
                {"Hugepage files: the hugepages of the server are not visible here: {} is not the "
                 "server's: another hugetlbfs is mounted at {} (in a container: -v {}:{}), or "
                 "another primary of this prefix has taken it away: give each its own "
                 "--file-prefix",
                 "大页文件：这里看不到 Server 的大页：{} 不是该 Server 的：{} 挂载了另一个 "
                 "hugetlbfs（容器：-v {}:{}），或同一 file-prefix 的另一个 primary 取代了它："
                 "请各用各的 --file-prefix"},
                trouble->path, mount, mount, mount));
        case Kind::not_usable:
            break;
    }
    return bad(in_words({"Hugepage files: {} of the server cannot be used here: {}: mount {} "
                         "readable and writable for this user",
                         "大页文件：这里无法使用 Server 的 {}：{}：请将 {} "
                         "挂载为当前用户可读写"},
                        trouble->path, std::strerror(trouble->error), mount));
}

Finding check_own_names(const std::string &dir) {
    const std::string pid = std::to_string(getpid());
    for (const std::string &path : arrays_of_primary(dir)) {
        /* After a start that has failed half-way, EAL keeps some of them open itself. */
        if (is_locked(path + "_" + pid).value_or(false) && !is_open_here(path + "_" + pid))
            return bad(in_words(
                {"Own files: another client with pid {}, in a container perhaps, holds {}: this "
                 "DPDK tells clients apart by their pid: let both share a pid namespace (podman "
                 "--pid=container:NAME, shareProcessNamespace of a pod), or start this one with "
                 "another pid; DPDK 23.11.7, 24.11.5 and 25.11.1 do not mind",
                 "自身文件：另一个 pid 也是 {} 的 Client（可能在容器中）占用 {}：该版本 DPDK 按 "
                 "pid "
                 "区分 Client：请让两者共享 pid namespace（podman --pid=container:NAME，pod 的 "
                 "shareProcessNamespace），或换一个 pid 启动；DPDK 23.11.7、24.11.5、25.11.1 "
                 "没有这个问题"},
                pid, path + "_" + pid));
    }
    return good(in_words(
        {"Own files: no other client with pid {}", "自身文件：没有其他 pid {} 的 Client"}, pid));
}

std::vector<Finding> check_attach(const PrimaryProbe &primary, const std::string &file_prefix) {
    return {check_primary(primary), check_page_files(primary, file_prefix),
            check_secondary_room(primary.dir), check_own_names(primary.dir)};
}

}  // namespace mp_ipc
