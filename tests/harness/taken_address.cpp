/* SPDX-License-Identifier: BSD-3-Clause
 *
 * For LD_PRELOAD: takes an address of the primary's memory (in the 64 GiB that EAL reserves from
 * its
 * --base-virtaddr on, 4 GiB on x86), or with TAKEN_CONFIG of its configuration, as address space
 * randomization may do. Only in the first run of a program, unless TAKEN_ALWAYS is set.
 */
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>

namespace {
__attribute__((constructor)) void take() {
    const unsigned long base = std::getenv("TAKEN_CONFIG") != nullptr ? 0x100000000 : 0x200000000;
    constexpr unsigned long kSize = 4096;
    if (std::getenv("MP_IPC_RESUME") != nullptr && std::getenv("TAKEN_ALWAYS") == nullptr)
        return;
    if (syscall(SYS_mmap, base, kSize, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
                -1, 0) < 0)
        std::abort();
}
}  // namespace
