/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The contract between mp_server and mp_client for the greetings: the names of the messages, what
 * they carry, what is in the shared memzone, and the pure functions that fill and read an
 * rte_mp_msg. That of each other message is at the top of its exercise. Nothing here needs a
 * running EAL, so all of it is unit-tested and fuzzed without hugepages. A program that keeps to
 * this file can exchange greetings with either side.
 */
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

#include <rte_common.h>
#include <rte_eal.h>

#include "support/base/message.h"
#include "support/base/text.h"

namespace mp_ipc {

/* ---- shared memory ------------------------------------------------------------------------ */

/* The memzone that the primary reserves and every secondary looks up. */
inline constexpr const char *kSharedInfoName = "shared_info";

/* What is in the memzone. The server writes it, the clients read it; but a secondary with a bug can
 * write it too, so do not trust the values. Each field has one writer: the server's IPC thread for
 * the counters, its main thread for the others (at the end of the program the watching thread may
 * write force_quit). One cache line, since all of it is read rarely; EAL rounds a memzone up to
 * that in any case. A longer memzone is accepted: only this part of it is read. The fields are
 * lock-free atomics, because the readers are in other processes and share no lock with the writer.
 */
struct alignas(RTE_CACHE_LINE_SIZE) SharedInfo {
    std::atomic<std::uint32_t> force_quit;    /* 1: the server is shutting down, clients end */
    std::atomic<std::uint64_t> request_count; /* hello_request handled since the server began */
    std::atomic<std::uint64_t> async_request_count; /* the same for hello_async_req */
    std::atomic<std::uint64_t> boot_id; /* random number of this run of the server, written when its
                                           handlers are registered; 0: not yet, or not supported by
                                           this server */
};
static_assert(sizeof(SharedInfo) == RTE_CACHE_LINE_SIZE);
static_assert(std::is_standard_layout_v<SharedInfo>);
static_assert(offsetof(SharedInfo, force_quit) == 0);
static_assert(offsetof(SharedInfo, request_count) == 8);
static_assert(offsetof(SharedInfo, async_request_count) == 16);
static_assert(offsetof(SharedInfo, boot_id) == 24);
static_assert(std::atomic<std::uint32_t>::is_always_lock_free);
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

/* ---- message names ------------------------------------------------------------------------ */

/* client to server, text */
inline constexpr const char *kMsgHelloSync = "hello_request";
inline constexpr const char *kMsgHelloAsync = "hello_async_req";

/* ---- text messages ------------------------------------------------------------------------ */

enum class HelloKind { sync, async };

constexpr std::string_view hello_tag(HelloKind kind) {
    return kind == HelloKind::sync ? "SYNC" : "ASYNC";
}

/* Longest text that fits `param` beside its NUL, in bytes. */
inline constexpr std::size_t kMaxText = RTE_MP_MAX_PARAM_LEN - 1;
/* Longest --name, in bytes: a greeting with it, quoted in a reply, is never cut. */
inline constexpr std::size_t kMaxName = 31;

/* Puts text and its NUL into param; a text over kMaxText is cut at a UTF-8 boundary. */
inline void fill_text(rte_mp_msg &msg, std::string_view text) {
    text = utf8_cut(text, kMaxText);
    std::memcpy(msg.param, text.data(), text.size());
    msg.param[text.size()] = '\0';
    msg.len_param = static_cast<int>(text.size() + 1);
}

/* The text in param: up to its first NUL, or all of it where there is none. A received message may
 * hold anything, even a len_param that is out of range. The view points into msg.
 */
inline std::string_view text_of(const rte_mp_msg &msg) {
    if (msg.len_param <= 0)
        return {};
    const auto size = static_cast<std::size_t>(msg.len_param);
    const auto *begin = reinterpret_cast<const char *>(msg.param);
    return {begin, strnlen(begin, size < sizeof(msg.param) ? size : sizeof(msg.param))};
}

/* The N-th greeting of a client: "SYNC Hello 3 from Client". */
inline std::string hello_text(HelloKind kind, std::uint64_t n, std::string_view client) {
    return std::string(hello_tag(kind)) + " Hello " + std::to_string(n) + " from " +
           std::string(client);
}

/* The server's answer to a greeting. The quoted text is cut where the whole would not fit. */
inline std::string hello_reply_text(HelloKind kind, std::string_view request) {
    std::string reply;
    reply.reserve(kMaxText); /* one allocation: this is on the path of every request */
    reply += "Server ";
    reply += hello_tag(kind);
    reply += " reply: Got '";
    reply += utf8_cut(request, kMaxText - reply.size() - 1);
    reply += '\'';
    return reply;
}

/* Whether reply answers request and no other: it quotes the request's whole text. rte_mp matches
 * replies by peer and name only, so a late one arrives as the answer to the next request. Only the
 * payload shows the difference.
 */
inline bool quotes(std::string_view reply, std::string_view request) {
    return reply.find("'" + std::string(request) + "'") != std::string_view::npos;
}

}  // namespace mp_ipc
