/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/base/sealed_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace mp_ipc {
namespace {

constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
constexpr std::uint64_t kMost = 1U << 20;

}  // namespace

UniqueFd seal_text(const char *name, std::string_view text) {
    UniqueFd fd(memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
    while (fd && !text.empty()) {
        const ssize_t written = write(fd.get(), text.data(), text.size());
        if (written > 0)
            text.remove_prefix(static_cast<std::size_t>(written));
        else if (errno != EINTR)
            return {};
    }
    if (fd && fcntl(fd.get(), F_ADD_SEALS, kSeals) != 0)
        return {};
    return fd;
}

std::optional<std::string> read_sealed_text(int fd, std::uint64_t size, std::string *wrong) {
    const int seals = fcntl(fd, F_GET_SEALS);
    struct stat status = {};
    if (seals < 0 || fstat(fd, &status) != 0)
        *wrong = "the descriptor is no memfd";
    else if ((seals & kSeals) != kSeals)
        *wrong = "the memfd is not sealed, so it may change under its reader";
    else if (status.st_size < 0 || static_cast<std::uint64_t>(status.st_size) != size)
        *wrong = "the memfd has " + std::to_string(status.st_size) + " bytes, not the announced " +
                 std::to_string(size);
    else if (size == 0 || size > kMost)
        *wrong = "a text of " + std::to_string(size) + " bytes; 1 to " + std::to_string(kMost) +
                 " are taken";
    else if (void *text = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0); text == MAP_FAILED)
        *wrong = "the memfd cannot be mapped";
    else {
        std::string copy(static_cast<const char *>(text), size);
        munmap(text, size);
        return copy;
    }
    return std::nullopt;
}

}  // namespace mp_ipc
