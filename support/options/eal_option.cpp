/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/options/eal_option.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include <rte_eal.h>

namespace mp_ipc {
namespace {

/* Whether rte_eal_init() comes to its help, after which it ends the process with status 0. */
bool shows_help(std::vector<std::string> words) {
    std::fflush(nullptr); /* or the child writes it again */
    const pid_t child = fork();
    if (child == 0) {
        alarm(5); /* it reads options, and takes no lock */
        const int nowhere = open("/dev/null", O_RDWR);
        dup2(nowhere, STDOUT_FILENO);
        dup2(nowhere, STDERR_FILENO);
        /* No handler and no destructor that belongs to the parent. */
        on_exit([](int status, void *) { _exit(status); }, nullptr);
        words.insert(words.begin(), "eal");
        std::vector<char *> argv;
        argv.reserve(words.size() + 1);
        for (std::string &word : words)
            argv.push_back(word.data());
        argv.push_back(nullptr);
        rte_eal_init(static_cast<int>(words.size()), argv.data());
        _exit(EXIT_FAILURE);
    }
    int status = -1;
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
}

/* No EAL has it: none comes further than here. */
constexpr const char *kUnknown = "--no-such-option";

}  // namespace

bool eal_takes_next_word(const std::string &option) {
    /* With getopt(3), until 25.07, EAL shows its help as soon as it meets -h, unless the option
     * before has taken that for its value. Since 25.11 it reads all first, and refuses an option
     * that has no word left for its value. */
    static const bool at_once = shows_help({"-h", kUnknown});
    return at_once ? !shows_help({option, "-h", kUnknown}) : !shows_help({"-h", option});
}

}  // namespace mp_ipc
