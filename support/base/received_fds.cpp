/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/base/received_fds.h"

#include <fcntl.h>

#include <algorithm>
#include <set>
#include <vector>

#include "support/base/files.h"

namespace mp_ipc {
namespace {

std::set<int> g_own; /* written by remember_own_fds() only */

bool came_with_message(int fd) {
    return fd > STDERR_FILENO && !g_own.contains(fd) && fcntl(fd, F_GETFD) != -1;
}

int count(const rte_mp_msg &msg) {
    return std::clamp(msg.num_fds, 0, RTE_MP_MAX_FD_NUM);
}

}  // namespace

void remember_own_fds() {
    const auto fds = open_fds().value_or(std::vector<int>());
    g_own = {fds.begin(), fds.end()};
}

void close_received_fds(const rte_mp_msg &msg) {
    for (int i = 0; i < count(msg); i++) {
        if (came_with_message(msg.fds[i]))
            close(msg.fds[i]);
    }
}

UniqueFd take_received_fd(const rte_mp_msg &msg) {
    if (count(msg) == 1 && came_with_message(msg.fds[0]))
        return UniqueFd(msg.fds[0]);
    close_received_fds(msg);
    return {};
}

}  // namespace mp_ipc
