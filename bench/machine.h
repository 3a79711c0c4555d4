/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The description of a run's machine, without which its figures mean little.
 */
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace mp_ipc::bench {

/* Pairs of name and value; with the cores of g_config, and the load at this moment. */
std::vector<std::pair<std::string, std::string>> look_at_machine();

}  // namespace mp_ipc::bench
