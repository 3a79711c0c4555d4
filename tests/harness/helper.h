/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Processes that a test needs besides the real programs: primaries that are no mp_server, and
 * secondaries that call rte_mp in ways that mp_client does not. All are in one program; the roles
 * are beside the tests that use them.
 *
 *   mp_ipc_helper ROLE PREFIX [ARGUMENTS]
 *
 * Each prints what it saw to stdout, a line at a time, and ends by itself or on SIGTERM.
 */
#pragma once

#include <map>
#include <string>
#include <vector>

#include "common.h"

namespace mp_ipc::helper {

using Arguments = std::vector<std::string>;
using Role = int (*)(const std::string &prefix, const Arguments &arguments); /* exit status */
std::map<std::string, Role> &roles();

/* Defined in a file of roles, it registers them at the program's start. */
struct Roles {
    explicit Roles(const std::map<std::string, Role> &more) {
        roles().insert(more.begin(), more.end());
    }
};

void print(const char *format, ...) __attribute__((format(printf, 1, 2)));
void start_primary(const std::string &prefix);   /* on core 0 */
void start_secondary(const std::string &prefix); /* on core 1 */
/* The tutorial's memzone, all zeros; nullptr: there is no room. */
SharedInfo *reserve_zone();
[[noreturn]] void wait_for_the_end();

}  // namespace mp_ipc::helper
