/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/eal/primary_config.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>

#include <rte_common.h>
#include <rte_version.h>

#include "support/base/unique_fd.h"

namespace mp_ipc {
namespace {

struct Head {
    std::uint32_t magic;
    std::uint32_t version;
    std::uint32_t channels;
    std::uint32_t ranks;
    std::uint32_t locks[5];
    std::uint8_t status[8]; /* mp_status is the first; since 23.11 one more lock is before it */
};

constexpr std::uint32_t kMagic = 19820526;  /* RTE_MAGIC: the configuration is complete */
constexpr std::uint8_t kStatusDisabled = 1; /* MP_STATUS_DISABLED */

}  // namespace

std::optional<PrimaryConfig> read_primary_config(const std::string &dir) {
    const UniqueFd file(open((dir + "/config").c_str(), O_RDONLY | O_CLOEXEC));
    Head head = {};
    if (!file || read(file.get(), &head, sizeof(head)) != static_cast<ssize_t>(sizeof(head)) ||
        head.magic != kMagic)
        return std::nullopt;
    PrimaryConfig config;
    unsigned year = 0;
    unsigned month = 0;
    unsigned minor = 0; /* rte_version_year() and its like are experimental in 22.11 */
    config.other_version =
        std::sscanf(rte_version(), "DPDK %u.%u.%u", &year, &month, &minor) == 3 &&
        head.version >> 8 != RTE_VERSION_NUM(year, month, minor, 0) >> 8;
    char text[32];
    std::snprintf(text, sizeof(text), "%02u.%02u.%u", head.version >> 24, head.version >> 16 & 255U,
                  head.version >> 8 & 255U);
    config.version = text;
    const bool one_lock_more = head.version >= RTE_VERSION_NUM(23, 11, 0, 0);
    config.no_secondaries = head.status[one_lock_more ? 4 : 0] == kStatusDisabled;
    return config;
}

}  // namespace mp_ipc
