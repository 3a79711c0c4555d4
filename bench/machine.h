/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What is said of the machine of a run: a figure means little without it.
 */
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace mp_ipc::bench {

/* What, value; with the cores of g_config, and the load at this moment. */
std::vector<std::pair<std::string, std::string>> look_at_machine();

}  // namespace mp_ipc::bench
