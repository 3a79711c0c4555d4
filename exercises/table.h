/* SPDX-License-Identifier: BSD-3-Clause
 *
 * All exercises. A message of your own is a file beside this one, and an entry here.
 */
#pragma once

#include "exercises/notify.h"
#include "exercises/ping.h"
#include "exercises/report.h"
#include "exercises/status.h"
#include "exercises/visit.h"

namespace mp_ipc {

inline const Exercise *const kExercises[] = {&kPing, &kNotify, &kReport, &kStatus, &kShutdown};

}  // namespace mp_ipc
