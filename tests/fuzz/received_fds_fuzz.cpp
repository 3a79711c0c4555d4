/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The fds[] of a received message with any numbers in it: those that came with it must be closed,
 * our own must not be. Byte 0: what is done with it; 1: num_fds; then one byte for each number.
 */
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <iterator>

#include "exercises/report.h"
#include "support/base/message.h"
#include "support/base/received_fds.h"
#include "support/ipc/reply_messages.h"
#include "tests/fuzz/check.h"

using namespace mp_ipc;

namespace {

constexpr int kOwn = 40; /* a descriptor of ours that must survive */

bool is_open(int fd) {
    return fcntl(fd, F_GETFD) != -1;
}

void open_own() {
    const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    MP_IPC_CHECK(dup2(fd, kOwn) == kOwn);
    close(fd);
    remember_own_fds();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    if (!is_open(kOwn))
        open_own();
    if (size < 2)
        return 0;
    rte_mp_msg msg = make_message(kMsgReport);
    std::int32_t claimed = static_cast<std::int8_t>(data[1]);
    if (claimed == 127 && size >= 6)
        std::memcpy(&claimed, data + 2, sizeof(claimed));
    msg.num_fds = claimed;
    int brought[RTE_MP_MAX_FD_NUM];
    std::size_t count = 0;
    for (std::size_t i = 0; i < RTE_MP_MAX_FD_NUM; i++) {
        const unsigned value = i + 2 < size ? data[i + 2] : 0U;
        if (value >= 200) { /* really came with the message */
            brought[count] = open("/dev/null", O_RDONLY | O_CLOEXEC);
            msg.fds[i] = brought[count++];
        } else {
            /* Old numbers: ours, standard streams, unused ones. One that is open and neither ours
             * nor received would be closed, as intended. */
            static constexpr int kNumbers[] = {kOwn, 0, 1, 2, -1, 1 << 20, -1 - (1 << 30)};
            msg.fds[i] = kNumbers[value % std::size(kNumbers)];
        }
    }
    int open_before = 0;
    for (int fd = 0; fd < 256; fd++)
        open_before += is_open(fd) ? 1 : 0;

    if (data[0] % 3 == 0) {
        close_received_fds(msg);
    } else if (data[0] % 3 == 1) {
        const UniqueFd fd = take_received_fd(msg);
        MP_IPC_CHECK(!fd || (claimed == 1 && is_open(fd.get()) && fd.get() != kOwn));
    } else {
        struct rte_mp_reply reply = {};
        reply.nb_received = 1;
        reply.msgs = static_cast<rte_mp_msg *>(std::malloc(sizeof(msg)));
        *reply.msgs = msg;
        ReplyMessages messages(reply);
        if (claimed == 1)
            messages.take_fd(0);
    }
    int closed = open_before;
    for (int fd = 0; fd < 256; fd++)
        closed -= is_open(fd) ? 1 : 0;
    for (const int own : {0, 1, 2, kOwn})
        MP_IPC_CHECK(is_open(own));
    const int named = std::clamp(claimed, 0, RTE_MP_MAX_FD_NUM);
    int must_close = 0;
    for (std::size_t i = 0; i < count; i++) {
        const bool is_named = std::find(msg.fds, msg.fds + named, brought[i]) != msg.fds + named;
        MP_IPC_CHECK(is_open(brought[i]) == !is_named);
        must_close += is_named ? 1 : 0;
        if (!is_named)
            close(brought[i]);
    }
    MP_IPC_CHECK(closed == must_close);
    return 0;
}
