/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The contract between mp_server and mp_client: what the messages are called, what travels in
 * them, what lies in the shared memzone, and the small pure functions that fill and read an
 * rte_mp_msg. Nothing here needs a running EAL, so all of it is unit-tested and fuzzed without
 * hugepages. A program that keeps to this file can talk to either side.
 */
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

#include <rte_eal.h>

#include "support/base/text.h"

namespace mp_ipc {

/* ---- shared memory ------------------------------------------------------------------------ */

/* The memzone that the primary reserves and every secondary looks up. */
inline constexpr const char *kSharedInfoName = "shared_info";

/* What lies in the memzone. The server writes all of it, except that nothing stops a secondary
 * with a bug: treat it as information, not as truth. Each field has one writer (the counters: the
 * server's IPC thread; the others: its main thread, or the watching one at the end). One cache
 * line, since all of it is read rarely. Lock-free atomics, because the readers are in other
 * processes, with which no lock is shared: what they see is a value that was written.
 */
struct alignas(64) SharedInfo {
    std::atomic<std::uint32_t> force_quit;    /* 1: the server is shutting down, clients end */
    std::atomic<std::uint64_t> request_count; /* hello_request handled since the server began */
    std::atomic<std::uint64_t> async_request_count; /* hello_async_req handled, likewise */
    std::atomic<std::uint64_t> boot_id; /* random, of this run of the server, set once its handlers
                                           are registered; 0: unknown (a server of another make) */
    std::uint8_t reserved[32];
};
static_assert(sizeof(SharedInfo) == 64);
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
/* client to server, structs */
inline constexpr const char *kMsgPing = "ping_request";
inline constexpr const char *kMsgReport = "report_request";
inline constexpr const char *kMsgNotify = "notify_event"; /* one way */
/* server to every client, structs */
inline constexpr const char *kMsgClientStatus = "client_status";
inline constexpr const char *kMsgServerEvent = "server_event"; /* one way */

/* ---- text messages ------------------------------------------------------------------------ */

enum class HelloKind { sync, async };

constexpr const char *hello_name(HelloKind kind) {
    return kind == HelloKind::sync ? kMsgHelloSync : kMsgHelloAsync;
}
constexpr std::string_view hello_tag(HelloKind kind) {
    return kind == HelloKind::sync ? "SYNC" : "ASYNC";
}

/* Longest text that fits `param` beside its NUL, in bytes. */
inline constexpr std::size_t kMaxText = RTE_MP_MAX_PARAM_LEN - 1;
/* Longest --name, in bytes: a greeting with it, quoted in a reply, is never cut. */
inline constexpr std::size_t kMaxName = 31;

/* An empty message of this name. Zeroed whole: what is not set would go to the peer as it is. */
inline rte_mp_msg make_message(const char *name) {
    rte_mp_msg msg;
    std::memset(&msg, 0, sizeof(msg));
    std::string_view(name).copy(msg.name, sizeof(msg.name) - 1);
    return msg;
}

/* Puts text and its NUL into param; a text over kMaxText is cut at a UTF-8 boundary. */
inline void fill_text(rte_mp_msg &msg, std::string_view text) {
    text = utf8_cut(text, kMaxText);
    std::memcpy(msg.param, text.data(), text.size());
    msg.param[text.size()] = '\0';
    msg.len_param = static_cast<int>(text.size() + 1);
}

/* The text in param: up to its first NUL, or all of it where there is none. Nothing is promised
 * about a received param, not even that len_param lies in range. The view is into msg.
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
 * replies by peer and name only, so a late one arrives as the answer to the next request, and only
 * the payload can tell.
 */
inline bool quotes(std::string_view reply, std::string_view request) {
    return reply.find("'" + std::string(request) + "'") != std::string_view::npos;
}

/* ---- struct messages ---------------------------------------------------------------------- */

inline constexpr std::uint32_t kVersion = 1;

enum class Status : std::int32_t {
    ok = 0,
    bad_length = 1,  /* len_param is not the size of the struct */
    bad_version = 2, /* version is not kVersion */
    other_boot = 3,  /* boot_id names another run of the server: attach anew */
    failed = 4,      /* the receiver could not do it; its log says why */
};

constexpr const char *status_text(Status status) {
    switch (status) {
        case Status::ok:
            return "ok";
        case Status::bad_length:
            return "the struct has another length";
        case Status::bad_version:
            return "the struct has another version";
        case Status::other_boot:
            return "the request is for an earlier run of the server";
        case Status::failed:
            return "the receiver failed; see its log";
    }
    return "unknown status";
}

/* Every struct message begins with this. Both ends are on one machine: native byte order. */
struct Header {
    std::uint32_t version = kVersion;
    Status status = Status::ok; /* in a reply */
    std::uint64_t sequence = 0; /* of the request; a reply carries its request's back */
    std::uint64_t boot_id = 0;  /* of the server that is meant or that answers; 0: unknown */
};

struct PingRequest {
    Header header;
    std::uint64_t sent_ns = 0; /* sender's CLOCK_MONOTONIC */
};
struct PingReply {
    Header header;
    std::uint64_t sent_ns = 0; /* as in the request */
};

struct ReportRequest {
    Header header;
};
struct ReportReply {
    Header header;
    std::uint64_t size = 0; /* bytes of text in fds[0], a sealed memfd; 0: no descriptor came */
};

struct NotifyEvent {
    Header header;
    std::int32_t pid = 0;
    char name[kMaxName + 1] = {}; /* of the sender, NUL-terminated */
    char text[180] = {};          /* NUL-terminated */
};

struct StatusRequest {
    Header header;
};
struct StatusReply {
    Header header;
    std::uint64_t sent = 0;     /* requests sent, of all kinds */
    std::uint64_t answered = 0; /* by their own reply, in time */
    std::uint64_t late = 0;     /* whose place a late reply took */
    std::int32_t pid = 0;
    char name[kMaxName + 1] = {};
};

enum class ServerEventKind : std::uint32_t { shutdown = 1 };
struct ServerEvent {
    Header header;
    ServerEventKind kind = ServerEventKind::shutdown;
    std::uint32_t reserved = 0;
};

/* Longest text of a notify message, in bytes. */
inline constexpr std::size_t kMaxNotifyText = sizeof(NotifyEvent::text) - 1;

template <typename T>
concept Payload = std::is_trivially_copyable_v<T> && std::is_standard_layout_v<T> &&
                  sizeof(T) <= RTE_MP_MAX_PARAM_LEN &&std::is_same_v<decltype(T::header), Header>;

template <Payload T>
void fill(rte_mp_msg &msg, const T &payload) {
    std::memcpy(msg.param, &payload, sizeof(payload)); /* param is not aligned for a struct */
    msg.len_param = sizeof(payload);
}

/* Copies the struct out of param. On anything but ok, *payload holds a header that is as good as
 * what arrived (its sequence, where there was room for one) and is otherwise as constructed.
 */
template <Payload T>
Status read(const rte_mp_msg &msg, T *payload) {
    *payload = T{};
    if (msg.len_param != static_cast<int>(sizeof(T))) {
        if (msg.len_param >= static_cast<int>(sizeof(Header)))
            std::memcpy(&payload->header, msg.param, sizeof(Header));
        return Status::bad_length;
    }
    T received;
    std::memcpy(&received, msg.param, sizeof(received));
    if (received.header.version != kVersion) {
        payload->header = received.header;
        return Status::bad_version;
    }
    *payload = received;
    return Status::ok;
}

/* Copies text with its NUL into a char array of a struct, cut at a UTF-8 boundary. */
template <std::size_t N>
void put_text(char (&field)[N], std::string_view text) {
    text = utf8_cut(text, N - 1);
    std::memcpy(field, text.data(), text.size());
    field[text.size()] = '\0';
}

/* The text in a char array of a received struct, NUL or not. */
template <std::size_t N>
std::string_view get_text(const char (&field)[N]) {
    return {field, strnlen(field, N)};
}

/* ---- exit statuses ------------------------------------------------------------------------ */

enum ExitStatus {
    kExitOk = 0,
    kExitFailure = 1,
    kExitUsage = 2,      /* the command line */
    kExitNoPrimary = 3,  /* no live primary, or it went away */
    kExitUnanswered = 4, /* a counted run ended with requests unanswered */
};

}  // namespace mp_ipc
