/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The pages of --help, in the language of the run.
 */
#pragma once

#include <string>
#include <vector>

#include "support/base/words.h"
#include "support/options/option_parser.h"

namespace mp_ipc {

struct Page {
    Line<0> usage;
    Line<0> what;
    Line<0> more_examples; /* after those of both programs */
};
extern const Page kServerPage;
extern const Page kClientPage;

/* `commands`: a row each, as options without dashes; none: the program has no commands. */
std::string help_text(const Page &page, const std::vector<Option> &commands,
                      const std::vector<Option> &options);

}  // namespace mp_ipc
