/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The pages of --help, in the language of the run.
 */
#pragma once

#include <string>
#include <vector>

#include "support/options/option_parser.h"

namespace mp_ipc {

std::string help_of_server(const std::vector<Option> &options);
/* `commands`: a row each, as options without dashes. */
std::string help_of_client(const std::vector<Option> &commands, const std::vector<Option> &options);

}  // namespace mp_ipc
