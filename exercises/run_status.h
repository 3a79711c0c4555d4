/* SPDX-License-Identifier: BSD-3-Clause
 *
 * With which exit status a run of mp_client ends, and what it says of its end.
 */
#pragma once

#include "exercises/options.h"
#include "support/base/books.h"
#include "support/eal/watch.h"

namespace mp_ipc {

/* Of a run that found its server and was not cut short by a failure: 4 where requests were not
 * answered, or where a counted run was cut short by anything but Ctrl-C (`by_signal`).
 * `notified`: the event of `notify` was handed to the kernel.
 */
int run_status(const ClientOptions &options, const Books &sync, const Books &async, bool notified,
               bool by_signal);

/* Says why the program ends and returns its exit status: `status` for a run that was not cut short,
 * `status_if_stuck` where a call of the library did not return in time. `server_shut_down`: the
 * server has set force_quit.
 */
int conclude(Watch::Reason reason, bool server_shut_down, int status, int status_if_stuck);

}  // namespace mp_ipc
