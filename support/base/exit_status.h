/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The exit statuses of the programs.
 */
#pragma once

namespace mp_ipc {

enum ExitStatus {
    kExitOk = 0,
    kExitFailure = 1,
    kExitUsage = 2,      /* error in the command line */
    kExitNoPrimary = 3,  /* no live primary, or it went away */
    kExitUnanswered = 4, /* a counted run ended with requests unanswered or an event not sent */
};

}  // namespace mp_ipc
