/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a primary says of itself at the start of the memory configuration that it shares, for a
 * secondary that is about to attach. EAL tells these reasons in its log alone, which the user may
 * have turned off. Relies on the first fields of EAL's struct rte_mem_config, from DPDK 22.11 to
 * 26.07.
 */
#pragma once

#include <optional>
#include <string>

namespace mp_ipc {

struct PrimaryConfig {
    std::string version;         /* of its DPDK: "22.11.11" */
    bool other_version = false;  /* than the library that this process runs with */
    bool no_secondaries = false; /* it has called rte_mp_disable() */
};

/* Of the primary of a runtime directory; nothing where it cannot be read or is not complete. Never
 * for one's own prefix in a primary: see probe_primary().
 */
std::optional<PrimaryConfig> read_primary_config(const std::string &dir);

}  // namespace mp_ipc
