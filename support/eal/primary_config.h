/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The first fields of the memory configuration that a primary shares: they show why a secondary
 * could not attach. EAL only logs these reasons, and the user may have turned its log off. Relies
 * on the first fields of EAL's struct rte_mem_config, from DPDK 22.11 to 26.07.
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

/* Reads that of the primary of a runtime directory; nullopt: it cannot be read or is not complete.
 * A primary must not call it for its own prefix: see probe_primary().
 */
std::optional<PrimaryConfig> read_primary_config(const std::string &dir);

}  // namespace mp_ipc
