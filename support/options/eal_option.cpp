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

/* Whether rte_eal_init() prints its help, after which it ends the process with status 0. */
bool shows_help(std::vector<std::string> words) {
    std::fflush(nullptr); /* else the child would write the buffers again */
    const pid_t child = fork();
    if (child == 0) {
        alarm(5); /* should it hang; it only reads options, and takes no lock */
        const int nowhere = open("/dev/null", O_RDWR);
        dup2(nowhere, STDOUT_FILENO);
        dup2(nowhere, STDERR_FILENO);
        /* Skips the parent's exit handlers and destructors. */
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

/* No EAL has this option: rte_eal_init() ends here at the latest. */
constexpr const char *kUnknown = "--no-such-option";

}  // namespace

bool eal_takes_next_word(const std::string &option) {
    /* Until 25.07, with getopt(3), EAL prints its help as soon as it reads -h, unless the option
     * before has taken that as its value. Since 25.11 it reads all options first, and refuses one
     * that has no word for its value. */
    static const bool at_once = shows_help({"-h", kUnknown});
    return at_once ? !shows_help({option, "-h", kUnknown}) : !shows_help({"-h", option});
}

}  // namespace mp_ipc
