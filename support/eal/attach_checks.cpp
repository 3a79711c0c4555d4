/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a secondary checks of a live primary before it attaches.
 */
#include <unistd.h>

#include <rte_version.h>

#include "support/base/files.h"
#include "support/console/console.h"
#include "support/eal/linkage.h"
#include "support/eal/page_files.h"
#include "support/eal/start_checks.h"

namespace mp_ipc {
namespace {

/* Good if it is this user's, runs the same DPDK, and accepts secondaries. */
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

}  // namespace

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
