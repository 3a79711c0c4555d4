/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Any bytes as text: cut at any limit and shown. The first two bytes are the limit.
 */
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "common.h"
#include "exercises/notify.h"
#include "support/base/message.h"
#include "tests/fuzz/check.h"

namespace {

using namespace mp_ipc;

template <std::size_t N>
void round_trip(std::string_view text) {
    char field[N];
    std::memset(field, 'x', sizeof(field));
    put_text(field, text);
    const std::string_view held = get_text(field);
    MP_IPC_CHECK(held.size() < N);
    MP_IPC_CHECK(text.substr(0, text.find('\0')).starts_with(held));
    char raw[N]; /* as it may arrive: no NUL */
    std::memset(raw, 'x', sizeof(raw));
    text.copy(raw, sizeof(raw));
    MP_IPC_CHECK(get_text(raw).size() <= N);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    if (size < 2)
        return 0;
    const std::size_t limit = static_cast<std::size_t>(data[0]) << 8 | data[1];
    const std::string_view text(reinterpret_cast<const char *>(data) + 2, size - 2);

    const std::string_view cut = utf8_cut(text, limit);
    MP_IPC_CHECK(cut.size() <= limit && text.starts_with(cut));
    MP_IPC_CHECK(cut.size() == text.size() || cut.size() + 3 >= limit);
    const std::string shown = printable(text);
    /* A cut splits no character, so what is shown of it is the beginning of what is shown of all.
     */
    MP_IPC_CHECK(shown.starts_with(printable(cut)));
    MP_IPC_CHECK(shown.size() >= text.size() && shown.size() <= 4 * text.size());
    MP_IPC_CHECK(printable(shown) == shown);
    for (const char c : shown)
        MP_IPC_CHECK(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
    round_trip<kMaxName + 1>(text);
    round_trip<sizeof(NotifyEvent::text)>(text);
    round_trip<1>(text);
    return 0;
}
