/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Text in a memfd that nobody can change or shrink any more, so that its reader may map it without
 * fear of a SIGBUS or of a text that changes while it is read.
 */
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "support/base/unique_fd.h"

namespace mp_ipc {

/* A sealed memfd with this text; invalid, with errno, where it could not be made. */
UniqueFd seal_text(const char *name, std::string_view text);

/* The text of a received descriptor. Nothing, and *wrong says why, where it is no memfd, lacks a
 * seal (shrink, grow, write, seal), is not `size` bytes long, or is over 1 MiB.
 */
std::optional<std::string> read_sealed_text(int fd, std::uint64_t size, std::string *wrong);

}  // namespace mp_ipc
