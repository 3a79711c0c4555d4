/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The roles without EAL: the datagram echo as lower bound, its client, and a client of the
 * telemetry socket of a primary.
 */
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "bench/peer.h"
#include "support/base/unique_fd.h"

namespace mp_ipc::bench {
namespace {

sockaddr_un address_of(const std::string &path) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof(address.sun_path))
        throw Failure("the path is too long for a socket: " + path);
    path.copy(address.sun_path, path.size());
    return address;
}

UniqueFd bound_socket(const std::string &path) {
    UniqueFd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const sockaddr_un address = address_of(path);
    unlink(path.c_str());
    if (!fd || bind(fd.get(), reinterpret_cast<const sockaddr *>(&address), sizeof(address)) != 0)
        fail("cannot bind " + path, errno);
    return fd;
}

}  // namespace

/* The same system calls as the library's, one socket for both directions, and nothing else. */
void run_echo(const std::string &path) {
    const UniqueFd fd = bound_socket(path);
    std::cout << "ready" << std::endl;
    char frame[kFrame];
    for (;;) {
        sockaddr_un from = {};
        socklen_t size = sizeof(from);
        const ssize_t got =
            recvfrom(fd.get(), frame, sizeof(frame), 0, reinterpret_cast<sockaddr *>(&from), &size);
        if (got < 0 || sendto(fd.get(), frame, static_cast<std::size_t>(got), 0,
                              reinterpret_cast<const sockaddr *>(&from), size) != got) {
            if (errno != EINTR)
                fail("datagram echo", errno);
        }
    }
}

std::int64_t drive_echo(std::istringstream &words) {
    const auto path = next<std::string>(words);
    const auto count = next<unsigned long>(words);
    const std::string own = path + "." + std::to_string(getpid());
    const UniqueFd fd = bound_socket(own);
    const sockaddr_un to = address_of(path);
    char frame[kFrame] = {};
    const std::int64_t elapsed = time_each(count, [&] {
        if (sendto(fd.get(), frame, sizeof(frame), 0, reinterpret_cast<const sockaddr *>(&to),
                   sizeof(to)) != static_cast<ssize_t>(sizeof(frame)) ||
            recv(fd.get(), frame, sizeof(frame), 0) != static_cast<ssize_t>(sizeof(frame)))
            fail("datagram ping", errno);
    });
    unlink(own.c_str());
    return elapsed;
}

std::int64_t drive_telemetry(std::istringstream &words) {
    const auto path = next<std::string>(words);
    const auto count = next<unsigned long>(words);
    const UniqueFd fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    const sockaddr_un to = address_of(path);
    if (!fd || connect(fd.get(), reinterpret_cast<const sockaddr *>(&to), sizeof(to)) != 0)
        fail("cannot connect to " + path, errno);
    std::vector<char> answer(16384);
    if (recv(fd.get(), answer.data(), answer.size(), 0) <= 0) /* its greeting */
        fail("telemetry hello", errno);
    const std::string request = std::string(kTelemetryEcho) + "," + kText;
    return time_each(count, [&] {
        if (send(fd.get(), request.data(), request.size(), 0) < 0)
            fail("telemetry send", errno);
        const ssize_t got = recv(fd.get(), answer.data(), answer.size(), 0);
        if (got <= 0)
            fail("telemetry recv", errno);
        if (std::string_view(answer.data(), static_cast<std::size_t>(got)).find(kText) ==
            std::string_view::npos)
            throw Failure("telemetry gave another answer");
    });
}

}  // namespace mp_ipc::bench
