/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The descriptor of a report as any process may send it: of any kind, sealed or not, of another
 * size than announced. Byte 0: the kind; 1: the seals; 2 and 3: the error of the announced size.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "support/base/sealed_memory.h"
#include "tests/fuzz/check.h"

using namespace mp_ipc;

namespace {

UniqueFd open_kind(unsigned kind, unsigned seals, const std::string &content) {
    switch (kind) {
        case 0:
            return UniqueFd(open("/dev/zero", O_RDONLY | O_CLOEXEC));
        case 1:
            return UniqueFd(open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        case 2:
            return UniqueFd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        case 3:
            return UniqueFd(open("/proc/self/status", O_RDONLY | O_CLOEXEC));
        case 4:
            return {};
        case 5:
            return seal_text("whole", content);
        default:
            break;
    }
    UniqueFd fd(memfd_create("fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    MP_IPC_CHECK(fd && write(fd.get(), content.data(), content.size()) ==
                           static_cast<ssize_t>(content.size()));
    /* The lower four are SEAL, SHRINK, GROW, WRITE. */
    MP_IPC_CHECK(fcntl(fd.get(), F_ADD_SEALS, seals & 0xf) == 0);
    return fd;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    if (size < 4)
        return 0;
    const std::string content(reinterpret_cast<const char *>(data) + 4, size - 4);
    const unsigned kind = data[0] % 8;
    const UniqueFd fd = open_kind(kind, data[1], content);
    const auto off = static_cast<std::int16_t>(data[2] | data[3] << 8);
    const std::uint64_t announced = content.size() + static_cast<std::uint64_t>(off);
    std::string wrong;
    const auto text = read_sealed_text(fd.get(), announced, &wrong);
    const bool whole = kind == 5 || (kind > 5 && (data[1] & 0xf) == 0xf);
    MP_IPC_CHECK(text.has_value() == (whole && off == 0 && !content.empty()));
    MP_IPC_CHECK(text ? *text == content : !wrong.empty());
    return 0;
}
