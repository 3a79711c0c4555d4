/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/base/sealed_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "support/base/words.h"

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
        *wrong = in_words({"the descriptor is no memfd", "该描述符不是 memfd"});
    else if ((seals & kSeals) != kSeals)
        *wrong = in_words({"the memfd is not sealed, so it may change under its reader",
                           "该 memfd 没有封印，读取时内容可能改变"});
    else if (status.st_size < 0 || static_cast<std::uint64_t>(status.st_size) != size)
        *wrong = in_words({"the memfd has {} bytes, not the announced {}",
                           "该 memfd 有 {} 字节，与声明的 {} 字节不符"},
                          status.st_size, size);
    else if (size == 0 || size > kMost)
        *wrong = in_words(
            {"a text of {} bytes; 1 to {} are taken", "文本为 {} 字节；只接受 1 到 {} 字节"}, size,
            kMost);
    else if (void *text = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0); text == MAP_FAILED)
        *wrong = in_words({"the memfd cannot be mapped", "无法映射该 memfd"});
    else {
        std::string copy(static_cast<const char *>(text), size);
        munmap(text, size);
        return copy;
    }
    return std::nullopt;
}

}  // namespace mp_ipc
