/* SPDX-License-Identifier: BSD-3-Clause
 *
 * With which exit status a program ends.
 */
#pragma once

namespace mp_ipc {

enum ExitStatus {
    kExitOk = 0,
    kExitFailure = 1,
    kExitUsage = 2,      /* the command line */
    kExitNoPrimary = 3,  /* no live primary, or it went away */
    kExitUnanswered = 4, /* a counted run ended with requests unanswered */
};

}  // namespace mp_ipc
