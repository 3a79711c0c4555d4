/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Messages as structs: a header with version, sequence and boot id at the front of each, and pure
 * functions that fill and read an rte_mp_msg. Nothing here needs a running EAL.
 */
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

#include <rte_eal.h>

#include "support/base/text.h"
#include "support/base/words.h"

namespace mp_ipc {

/* An empty message of this name. All bytes are zero, since the library sends all of them. */
inline rte_mp_msg make_message(const char *name) {
    rte_mp_msg msg;
    std::memset(&msg, 0, sizeof(msg));
    std::string_view(name).copy(msg.name, sizeof(msg.name) - 1);
    return msg;
}

/* The version of every struct that has not changed since the first; a changed one has its own. */
inline constexpr std::uint32_t kVersion = 1;

/* The version of T: its own kVersion, where it has one. */
template <typename T>
constexpr std::uint32_t version_of() {
    if constexpr (requires { T::kVersion; })
        return T::kVersion;
    else
        return kVersion;
}

enum class Status : std::int32_t {
    ok = 0,
    bad_length = 1,  /* len_param is not the size of the struct */
    bad_version = 2, /* version is not that of the struct */
    other_boot = 3,  /* boot_id is that of another run of the server: attach again */
    failed = 4,      /* the receiver could not do it; its log says why */
};

inline std::string status_text(Status status) {
    switch (status) {
        case Status::ok:
            return "ok";
        case Status::bad_length:
            return in_words({"the struct has another length", "结构体的长度不同"});
        case Status::bad_version:
            return in_words(
                {"the struct has another version: the two programs are of different builds",
                 "结构体的版本不同：两个程序不是同一次编译的"});
        case Status::other_boot:
            return in_words({"the request is for an earlier run of the server",
                             "该请求属于 Server 之前的一次运行"});
        case Status::failed:
            return in_words({"the receiver failed; see its log", "接收方处理失败；请看它的日志"});
    }
    return in_words({"unknown status", "未知状态"});
}

/* Every struct message begins with this. Both ends are on one machine: native byte order. */
struct Header {
    std::uint32_t version = kVersion;
    Status status = Status::ok; /* set in a reply */
    std::uint64_t sequence = 0; /* of the request, from 1; its reply carries the same */
    std::uint64_t boot_id = 0;  /* of the server that is asked or that answers; 0: unknown */
};

template <typename T>
concept Payload = std::is_trivially_copyable_v<T> && std::is_standard_layout_v<T> &&
                  sizeof(T) <= RTE_MP_MAX_PARAM_LEN &&std::is_same_v<decltype(T::header), Header>;

/* Puts the struct into param, with the version of its type. */
template <Payload T>
void fill(rte_mp_msg &msg, T payload) {
    payload.header.version = version_of<T>();
    std::memcpy(msg.param, &payload, sizeof(payload)); /* param is not aligned for a struct */
    msg.len_param = sizeof(payload);
}

/* Copies the struct out of param. On anything but ok, *payload has the received header (if the
 * message was long enough for one) and is otherwise as constructed. Checks the version before the
 * length: a struct of another version may have another length too.
 */
template <Payload T>
Status read_struct(const rte_mp_msg &msg, T *payload) {
    *payload = T{};
    if (msg.len_param < static_cast<int>(sizeof(Header)))
        return Status::bad_length;
    std::memcpy(&payload->header, msg.param, sizeof(Header));
    if (payload->header.version != version_of<T>())
        return Status::bad_version;
    if (msg.len_param != static_cast<int>(sizeof(T)))
        return Status::bad_length;
    std::memcpy(payload, msg.param, sizeof(T));
    return Status::ok;
}

/* Copies text with its NUL into a char array of a struct, cut at a UTF-8 boundary. */
template <std::size_t N>
void put_text(char (&field)[N], std::string_view text) {
    text = utf8_cut(text, N - 1);
    text.copy(field, text.size());
    field[text.size()] = '\0';
}

/* The text in a char array of a received struct, NUL or not. */
template <std::size_t N>
std::string_view get_text(const char (&field)[N]) {
    return {field, strnlen(field, N)};
}

}  // namespace mp_ipc
