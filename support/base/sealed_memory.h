/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Text in a memfd that nobody can change or shrink any more: its reader can map it, and neither
 * gets a SIGBUS nor sees the text change.
 */
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "support/base/unique_fd.h"

namespace mp_ipc {

/* A sealed memfd with this text; invalid, with errno, if it could not be made. `name`: for /proc.
 */
UniqueFd seal_text(const char *name, std::string_view text);

/* The text of a received descriptor, which stays open. nullopt, and the reason in *wrong: it is no
 * memfd, lacks a seal (shrink, grow, write, seal), is not `size` bytes long, is empty, or is over
 * 1 MiB.
 */
std::optional<std::string> read_sealed_text(int fd, std::uint64_t size, std::string *wrong);

}  // namespace mp_ipc
