/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Secondaries that are no mp_client, and stay.
 */
#include <rte_malloc.h>

#include "tests/harness/helper.h"

namespace mp_ipc::helper {
namespace {

/* A secondary that attaches and stays, whatever becomes of its primary. */
int stay(const std::string &prefix, const Arguments &) {
    start_secondary(prefix);
    print("attached");
    wait_for_the_end();
}

/* A secondary that takes all of the heap that it can get, and keeps it. */
int take_heap(const std::string &prefix, const Arguments &) {
    start_secondary(prefix);
    std::uint64_t taken = 0;
    for (std::size_t size : {std::size_t{100000}, std::size_t{4000}}) {
        while (rte_malloc("take-heap", size, 0) != nullptr)
            taken += size;
    }
    print("taken %llu", static_cast<unsigned long long>(taken));
    wait_for_the_end();
}

const Roles kFaultRoles({{"stay", stay}, {"take-heap", take_heap}});

}  // namespace
}  // namespace mp_ipc::helper
