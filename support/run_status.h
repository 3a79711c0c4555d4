/* SPDX-License-Identifier: BSD-3-Clause
 *
 * With which exit status a run of mp_client ends.
 */
#pragma once

#include "support/books.h"
#include "support/options.h"

namespace mp_ipc {

/* Of a run that found its server and was not cut short by a failure: 4 where requests were not
 * answered, or where a counted run was cut short by anything but Ctrl-C (`by_signal`).
 * `notified`: the event of `notify` was handed to the kernel.
 */
int run_status(const ClientOptions &options, const Books &sync, const Books &async, bool notified,
               bool by_signal);

}  // namespace mp_ipc
