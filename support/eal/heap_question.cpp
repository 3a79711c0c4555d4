/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/eal/heap_question.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <charconv>
#include <cstring>
#include <string_view>
#include <vector>

#include "support/base/unique_fd.h"

namespace mp_ipc {
namespace {

/* What follows "key": in JSON that has the key once; empty: the key is not there. */
std::string_view value_of(std::string_view json, const std::string &key) {
    const std::size_t at = json.find('"' + key + "\":");
    if (at == std::string_view::npos)
        return {};
    json.remove_prefix(at + key.size() + 3);
    const std::size_t begin = json.find_first_not_of(' ');
    return begin == std::string_view::npos ? std::string_view() : json.substr(begin);
}

/* A string without escapes: the answers that are read here have none. */
std::string text_of_value(std::string_view value) {
    if (!value.starts_with('"'))
        return {};
    value.remove_prefix(1);
    return std::string(value.substr(0, value.find('"')));
}

std::optional<std::string> receive(int fd) {
    std::vector<char> buffer(16 * 1024 +
                             1024); /* the library's limit of an answer, and its frame */
    const ssize_t size = recv(fd, buffer.data(), buffer.size(), 0);
    if (size <= 0)
        return std::nullopt;
    return std::string(buffer.data(), static_cast<std::size_t>(size));
}

}  // namespace

std::optional<HeapAnswer> read_heap_answer(const std::string &json) {
    HeapAnswer answer;
    const std::string_view fit = value_of(json, "clients_fit");
    const auto [end, error] =
        std::from_chars(fit.data(), fit.data() + fit.size(), answer.clients_fit);
    if (error != std::errc() || end == fit.data())
        return std::nullopt;
    answer.heap = text_of_value(value_of(json, "heap"));
    answer.advice = text_of_value(value_of(json, "advice"));
    return answer;
}

std::optional<HeapAnswer> ask_for_heap(const std::string &dir, std::chrono::milliseconds limit) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    const std::string path = dir + "/dpdk_telemetry.v2";
    if (path.size() >= sizeof(address.sun_path))
        return std::nullopt;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    const UniqueFd fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    timeval timeout = {};
    timeout.tv_sec = static_cast<time_t>(limit.count() / 1000);
    timeout.tv_usec = static_cast<suseconds_t>(limit.count() % 1000 * 1000);
    constexpr std::string_view kQuestion = "/mp_ipc/heap";
    if (!fd || setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) != 0 ||
        setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)) != 0 ||
        connect(fd.get(), reinterpret_cast<const sockaddr *>(&address), sizeof(address)) != 0 ||
        !receive(fd.get()) /* its greeting */ ||
        send(fd.get(), kQuestion.data(), kQuestion.size(), MSG_NOSIGNAL) < 0)
        return std::nullopt;
    const auto answer = receive(fd.get());
    return answer ? read_heap_answer(*answer) : std::nullopt;
}

}  // namespace mp_ipc
