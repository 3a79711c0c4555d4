/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/harness/helper.h"

#include <unistd.h>

#include <cstdarg>
#include <cstdio>
#include <cstdlib>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_memzone.h>

namespace mp_ipc::helper {
namespace {

void start_eal(const char *core, const char *type, const std::string &prefix) {
    static std::vector<std::string> words; /* EAL keeps pointers into it */
    words = {"helper",
             "-l",
             core,
             "--no-pci",
             std::string("--proc-type=") + type,
             "--file-prefix=" + prefix};
#if defined(__SANITIZE_ADDRESS__)
    words.emplace_back("--base-virtaddr=0x200000000000"); /* clear of the sanitizer's shadow */
#endif
    static std::vector<char *> argv;
    for (std::string &word : words)
        argv.push_back(word.data());
    argv.push_back(nullptr);
    if (rte_eal_init(static_cast<int>(words.size()), argv.data()) < 0) {
        print("init failed: %s", rte_strerror(rte_errno));
        std::exit(1);
    }
}

}  // namespace

std::map<std::string, Role> &roles() {
    static std::map<std::string, Role> all;
    return all;
}

void print(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    std::vprintf(format, arguments);
    va_end(arguments);
    std::putchar('\n');
    std::fflush(stdout);
}

void start_primary(const std::string &prefix) {
    start_eal("0", "primary", prefix);
}
void start_secondary(const std::string &prefix) {
    start_eal("1", "secondary", prefix);
}

SharedInfo *reserve_zone() {
    const rte_memzone *zone =
        rte_memzone_reserve(kSharedInfoName, sizeof(SharedInfo), SOCKET_ID_ANY, 0);
    return zone == nullptr ? nullptr : new (zone->addr) SharedInfo{};
}

void wait_for_the_end() {
    for (;;)
        pause();
}

}  // namespace mp_ipc::helper

int main(int argc, char **argv) {
    using namespace mp_ipc::helper;
    if (argc < 3 || !roles().contains(argv[1])) {
        std::fprintf(stderr, "usage: helper ROLE PREFIX [ARGUMENTS]\n");
        return 2;
    }
    const int status = roles().at(argv[1])(argv[2], Arguments(argv + 3, argv + argc));
    rte_eal_cleanup();
    return status;
}
