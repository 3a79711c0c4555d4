/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/eal/ipc_socket.h"

#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string_view>

#include <rte_eal.h>

#include "support/base/files.h"
#include "support/base/unique_fd.h"

namespace mp_ipc {

namespace fs = std::filesystem;

IpcSocket IpcSocket::find() {
    IpcSocket found;
    const std::string start = std::string(rte_eal_get_runtime_dir()) + "/mp_socket";
    for (const int fd : open_fds().value_or(std::vector<int>())) {
        sockaddr_un address = {};
        socklen_t size = sizeof(address);
        if (getsockname(fd, reinterpret_cast<sockaddr *>(&address), &size) != 0 ||
            address.sun_family != AF_UNIX)
            continue;
        address.sun_path[sizeof(address.sun_path) - 1] = '\0';
        if (std::string_view(address.sun_path).starts_with(start)) {
            found.fd_ = fd;
            found.path_ = address.sun_path;
            break;
        }
    }
    return found;
}

int IpcSocket::unread_by_peers() const {
    int bytes = 0;
    if (!found() || ioctl(fd_, SIOCOUTQ, &bytes) != 0)
        return 0;
    return bytes;
}

/* What peers have not read first: if a peer reads a message between the two questions and answers
 * it, the second sees the answer. In the other order both could find nothing while the answer
 * waits.
 */
bool IpcSocket::idle() const {
    if (unread_by_peers() != 0)
        return false;
    int waiting = 0;
    return !found() || ioctl(fd_, SIOCINQ, &waiting) != 0 || waiting == 0;
}

bool IpcSocket::limit_sends(std::chrono::milliseconds limit) const {
    const timeval time = {limit.count() / 1000, limit.count() % 1000 * 1000};
    return found() && setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof(time)) == 0;
}

void IpcSocket::remove_file() const {
    if (!path_.empty())
        unlink(path_.c_str());
}

bool has_room(const std::string &path, std::chrono::milliseconds limit) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof(address.sun_path))
        return true;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    const UniqueFd probe(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    /* poll(2) of a connected datagram socket reports when the peer's queue has room. */
    if (connect(probe.get(), reinterpret_cast<const sockaddr *>(&address), sizeof(address)) != 0)
        return true;
    pollfd wait = {probe.get(), POLLOUT, 0};
    return poll(&wait, 1, static_cast<int>(limit.count())) != 0;
}

std::string_view peer_path(const void *peer) {
    const auto *path = static_cast<const char *>(peer);
    return {path, strnlen(path, sizeof(sockaddr_un::sun_path))};
}

bool is_secondary(std::string_view peer, std::string_view dir) {
    static constexpr std::string_view kStart = "/mp_socket_";
    if (peer.size() >= sizeof(sockaddr_un::sun_path) || !peer.starts_with(dir) ||
        !peer.substr(dir.size()).starts_with(kStart))
        return false;
    return peer.substr(dir.size() + kStart.size()).find('/') == std::string_view::npos;
}

bool is_ipc_thread(std::string_view name) {
    return name == "rte_mp_handle" || name == "dpdk-mp-msg"; /* until 23.07, since 23.11 */
}

pid_t find_ipc_thread() {
    std::error_code error;
    for (fs::directory_iterator it("/proc/self/task", error), end; !error && it != end;
         it.increment(error)) {
        std::ifstream comm(it->path() / "comm");
        std::string name;
        std::getline(comm, name);
        if (is_ipc_thread(name))
            return std::atoi(it->path().filename().c_str());
    }
    return 0;
}

unsigned max_dgram_qlen() {
    std::ifstream file("/proc/sys/net/unix/max_dgram_qlen");
    unsigned length = 0;
    constexpr unsigned kKernelDefault = 10;
    return file >> length ? length : kKernelDefault;
}

}  // namespace mp_ipc
