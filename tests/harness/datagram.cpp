/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/harness/datagram.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <stdexcept>

#include "support/base/files.h"

namespace mp_ipc::test {
namespace {

sockaddr_un address_of(const std::string &path) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof(address.sun_path))
        throw std::runtime_error("the path of a socket is too long: " + path);
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    return address;
}

/* Receives one datagram; returns its size, or -1. Closes the descriptors that come with it. */
ssize_t receive_from(int fd, void *data, std::size_t size) {
    iovec part = {data, size};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * 64)];
    msghdr header = {};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control;
    header.msg_controllen = sizeof(control);
    const ssize_t got = recvmsg(fd, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (got < 0)
        return got;
    for (cmsghdr *part_of = CMSG_FIRSTHDR(&header); part_of != nullptr;
         part_of = CMSG_NXTHDR(&header, part_of)) {
        for (std::size_t at = 0;
             part_of->cmsg_type == SCM_RIGHTS && CMSG_LEN(at + sizeof(int)) <= part_of->cmsg_len;
             at += sizeof(int)) {
            int received = -1;
            std::memcpy(&received, CMSG_DATA(part_of) + at, sizeof(received));
            close(received);
        }
    }
    return got;
}

}  // namespace

WireMessage wire_message(std::int32_t type, std::string_view name, std::string_view param) {
    WireMessage message;
    message.type = type;
    name.copy(message.name, sizeof(message.name));
    param.copy(reinterpret_cast<char *>(message.param), sizeof(message.param));
    message.len_param = static_cast<std::int32_t>(std::min(param.size(), sizeof(message.param)));
    return message;
}

RawSocket::RawSocket() : fd_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    const timeval limit = {5, 0};
    if (!fd_ || setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) != 0)
        throw std::runtime_error("no socket");
}

RawSocket::RawSocket(const std::string &path, File file) : RawSocket() {
    const sockaddr_un address = address_of(path);
    if (bind(fd_.get(), reinterpret_cast<const sockaddr *>(&address), sizeof(address)) != 0)
        throw std::runtime_error("cannot bind " + path + ": " + std::strerror(errno));
    if (file == File::removed)
        path_ = path;
}

RawSocket::~RawSocket() {
    if (!path_.empty())
        unlink(path_.c_str());
}

int RawSocket::send(const std::string &to, const void *data, std::size_t size,
                    const std::vector<int> &fds) const {
    sockaddr_un address = address_of(to);
    iovec part = {const_cast<void *>(data), size};
    msghdr header = {};
    header.msg_name = &address;
    header.msg_namelen = sizeof(address);
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    std::vector<char> control(CMSG_SPACE(fds.size() * sizeof(int)));
    if (!fds.empty()) {
        header.msg_control = control.data();
        header.msg_controllen = control.size();
        cmsghdr *rights = CMSG_FIRSTHDR(&header);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
        std::memcpy(CMSG_DATA(rights), fds.data(), fds.size() * sizeof(int));
    }
    ssize_t sent = 0;
    do {
        sent = sendmsg(fd_.get(), &header, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return sent < 0 ? errno : 0;
}

int RawSocket::drain() const {
    char buffer[4096];
    int count = 0;
    while (receive_from(fd_.get(), buffer, sizeof(buffer)) >= 0)
        count++;
    return count;
}

bool RawSocket::receive(WireMessage *message) const {
    pollfd wait = {fd_.get(), POLLIN, 0};
    WireMessage got;
    if (poll(&wait, 1, 5000) != 1 || receive_from(fd_.get(), &got, kWireSize) != ssize_t{kWireSize})
        return false;
    *message = got;
    return true;
}

int send_malformed(const std::string &to, const Malformed &what) {
    WireMessage message = wire_message(kWireMessage, "hello_request");
    message.num_fds = what.num_fds;
    message.len_param = what.len_param;
    std::vector<char> bytes(std::max(what.size, sizeof(message)));
    std::memcpy(bytes.data(), &message, sizeof(message));
    return RawSocket().send(to, bytes.data(), what.size, std::vector<int>(what.with_fds, 0));
}

std::vector<std::string> open_files(pid_t pid) {
    std::vector<std::string> links;
    std::error_code error;
    const std::string dir = "/proc/" + std::to_string(pid) + "/fd";
    for (std::filesystem::directory_iterator it(dir, error), end; !error && it != end;
         it.increment(error)) {
        std::error_code gone;
        const auto link = std::filesystem::read_symlink(it->path(), gone);
        if (!gone)
            links.push_back(it->path().filename().string() + " " + link.string());
    }
    std::sort(links.begin(), links.end());
    return links;
}

long process_status(pid_t pid, const std::string &field) {
    const std::string value = field_of("/proc/" + std::to_string(pid) + "/status", field);
    return value.empty() ? -1 : std::atol(value.c_str());
}

}  // namespace mp_ipc::test
