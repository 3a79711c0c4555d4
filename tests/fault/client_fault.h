/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the tests of a client's faults share.
 */
#pragma once

#include <regex>
#include <string>

#include "tests/harness/pair.h"

namespace mp_ipc::test {

class ClientFault : public Hugepages {};

struct Sums {
    long sent = 0, answered = 0, late = 0, timed_out = 0, refused = 0;
    bool balance() const { return sent == answered + late + timed_out + refused; }
};

/* "[Client] Sync: sent 10, …"; the last such line. */
inline Sums sums_of(const std::string &console, const std::string &kind) {
    const std::regex line("\\[Client\\] " + kind +
                          ": sent (\\d+), answered (\\d+), late (\\d+), timed out (\\d+), refused "
                          "(\\d+)");
    Sums sums;
    for (std::sregex_iterator it(console.begin(), console.end(), line), end; it != end; ++it) {
        const auto number = [&](std::size_t i) { return std::stol((*it)[i].str()); };
        sums = {number(1), number(2), number(3), number(4), number(5)};
    }
    return sums;
}

}  // namespace mp_ipc::test
