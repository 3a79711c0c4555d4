/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Any bytes as a received message: all that a handler or a client does with one before it trusts
 * it. The input is an rte_mp_msg, as far as it goes, then the peer's path.
 */
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "common.h"
#include "exercises/notify.h"
#include "exercises/ping.h"
#include "exercises/report.h"
#include "exercises/status.h"
#include "support/base/message.h"
#include "support/eal/ipc_socket.h"
#include "support/ipc/client_table.h"
#include "tests/fuzz/check.h"

namespace {

using namespace mp_ipc;

/* In an allocation of exactly its size, so that a read beyond it is found. */
template <Payload T>
void read_struct(const rte_mp_msg &msg) {
    T payload;
    const Status status = read_struct(msg, &payload);
    MP_IPC_CHECK((status == Status::ok) == (msg.len_param == static_cast<int>(sizeof(T)) &&
                                            payload.header.version == version_of<T>()));
    MP_IPC_CHECK(!status_text(payload.header.status).empty());
    if (status == Status::ok) {
        rte_mp_msg again = make_message(kMsgPing);
        fill(again, payload);
        MP_IPC_CHECK(std::memcmp(again.param, msg.param, sizeof(T)) == 0);
    }
}

void check_shown(std::string_view text) {
    for (const char c : text)
        MP_IPC_CHECK(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
}

void greet(HelloKind kind, std::string_view text) {
    const std::string reply = hello_reply_text(kind, text);
    MP_IPC_CHECK(reply.size() <= kMaxText);
    rte_mp_msg msg = make_message(kMsgHelloSync);
    fill_text(msg, reply);
    MP_IPC_CHECK(text_of(msg) == reply);
    constexpr std::size_t kQuotes = sizeof("Server ASYNC reply: Got ''") - 1;
    if (text.size() <= kMaxText - kQuotes)
        MP_IPC_CHECK(quotes(reply, text));
    MP_IPC_CHECK(!quotes(reply, std::string(text) + "1"));
}

template <std::size_t N>
void round_trip(std::string_view text) {
    char field[N];
    std::memset(field, 'x', sizeof(field));
    put_text(field, text);
    const std::string_view held = get_text(field);
    MP_IPC_CHECK(held.size() < N && text.starts_with(held));
    char raw[N]; /* as it may arrive: no NUL */
    std::memset(raw, 'x', sizeof(raw));
    text.copy(raw, sizeof(raw));
    MP_IPC_CHECK(get_text(raw).size() <= N);
}

/* Text that is cut at a limit and shown. */
void cut_and_show(std::string_view text, std::size_t limit) {
    const std::string_view cut = utf8_cut(text, limit);
    MP_IPC_CHECK(cut.size() <= limit && text.starts_with(cut));
    MP_IPC_CHECK(cut.size() == text.size() || cut.size() + 3 >= limit);
    const std::string shown = printable(text);
    check_shown(shown);
    /* A cut splits no character, so what is shown of it is the beginning of what is shown of all.
     */
    MP_IPC_CHECK(shown.starts_with(printable(cut)));
    MP_IPC_CHECK(shown.size() >= text.size() && shown.size() <= 4 * text.size());
    MP_IPC_CHECK(printable(shown) == shown);
    round_trip<kMaxName + 1>(text);
    round_trip<sizeof(NotifyEvent::text)>(text);
    round_trip<1>(text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    rte_mp_msg msg;
    std::memset(&msg, 0, sizeof(msg));
    std::memcpy(&msg, data, std::min(size, sizeof(msg)));
    data += std::min(size, sizeof(msg));
    size -= std::min(size, sizeof(msg));

    const std::string_view text = text_of(msg);
    MP_IPC_CHECK(text.size() <= sizeof(msg.param) && text.find('\0') == std::string_view::npos);
    cut_and_show(text, static_cast<unsigned>(msg.num_fds) % 300);
    greet(HelloKind::sync, text);
    greet(HelloKind::async, text);

    read_struct<PingRequest>(msg);
    read_struct<PingReply>(msg);
    read_struct<ReportRequest>(msg);
    read_struct<ReportReply>(msg);
    read_struct<StatusRequest>(msg);
    read_struct<ServerEvent>(msg);
    NotifyEvent event;
    if (read_struct(msg, &event) == Status::ok) {
        MP_IPC_CHECK(get_text(event.name).size() <= sizeof(event.name));
        check_shown(printable(get_text(event.name)));
        check_shown(printable(get_text(event.text)));
    }
    StatusReply status;
    if (read_struct(msg, &status) == Status::ok)
        check_shown(printable(get_text(status.name)));

    char peer[108]; /* sun_path, which need not end in a NUL */
    std::memset(peer, 0, sizeof(peer));
    std::memcpy(peer, data, std::min(size, sizeof(peer)));
    const std::string_view path = peer_path(peer);
    MP_IPC_CHECK(path.size() <= sizeof(peer));
    if (is_secondary(path, "/run/dpdk/rte"))
        MP_IPC_CHECK(path.starts_with("/run/dpdk/rte/mp_socket_") &&
                     path.find('/', sizeof("/run/dpdk/rte/mp_socket_") - 1) ==
                         std::string_view::npos);
    ClientTable table;
    table.note_message(path);
    table.note(event.pid, printable(get_text(event.name)));
    MP_IPC_CHECK(table.list().size() == 1 && table.list()[0].requests == 1);
    table.keep_only({});
    MP_IPC_CHECK(table.list().empty());
    return 0;
}
