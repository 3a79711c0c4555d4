/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/eal/linkage.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

#include <string_view>

#include <rte_eal.h>

#include "support/base/unique_fd.h"
#include "support/console/console.h"

namespace mp_ipc {
namespace {

std::string mark_in(const std::string &dir) {
    return dir + "/mp_ipc_eal_alone";
}

}  // namespace

bool has_eal_alone() {
    Dl_info where = {};
    return dladdr(reinterpret_cast<const void *>(&rte_eal_init), &where) != 0 &&
           std::string_view(where.dli_fname).find("librte_eal.so") == std::string_view::npos;
}

void note_linkage(const std::string &dir, bool eal_alone) {
    const std::string mark = mark_in(dir);
    if (eal_alone)
        UniqueFd(open(mark.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    else
        unlink(mark.c_str()); /* of an earlier primary */
}

std::string linkage_trouble(const std::string &dir, bool eal_alone) {
    if (eal_alone || access(mark_in(dir).c_str(), F_OK) != 0)
        return {};
    return in_words(
        {"the primary was linked with EAL alone (MP_IPC_STATIC_EAL), and this {} with all "
         "of DPDK's shared libraries, which the primary would need too: use two "
         "programs of one build",
         "primary 只链接了 EAL（MP_IPC_STATIC_EAL），而本 {} 链接了 DPDK 的全部共享库，"
         "primary 也需要它们：请使用同一次编译的两个程序"},
        program().name);
}

}  // namespace mp_ipc
