/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Starts a program, collects its output as it comes, waits for lines with a deadline, and ends it.
 * Only processes started here are ever signalled, by pidfd, so never another one that got the pid.
 * If the test itself dies, the kernel kills them.
 */
#pragma once

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "support/base/unique_fd.h"

namespace mp_ipc::test {

/* Long enough for a loaded machine under a sanitizer; a passing test never waits this long. */
inline constexpr std::chrono::seconds kPatience{30};

/* Both ends are closed on exec; throws if it cannot be made. */
struct Pipe {
    UniqueFd read;
    UniqueFd write;
};
Pipe make_pipe();

struct ProcessOptions {
    std::vector<std::string> environment{}; /* "NAME=value", added to the test's own */
    uid_t uid = 0;                          /* other than 0: as this user, without groups; runs a
                                               copy that any user may run, since the build folder may
                                               be in a home that is closed to others */
    bool no_pidfd = false;                  /* as in a sandbox that forbids pidfd_open(2) */
    bool close_stdout = false;              /* nobody reads its stdout */
    int stdout_fd = -1;                     /* where its stdout goes, instead of being collected */
    int stderr_fd = -1;                     /* the same for its stderr */
};

/* With this library in LD_PRELOAD. */
inline ProcessOptions preload(const std::string &library) {
    ProcessOptions options;
    options.environment = {"LD_PRELOAD=" + library};
    return options;
}

class Process {
  public:
    explicit Process(const std::vector<std::string> &argv, const ProcessOptions &options = {});
    Process(const Process &) = delete;
    Process &operator=(const Process &) = delete;
    ~Process(); /* kills it if it still runs */

    pid_t pid() const { return pid_; }
    void signal(int number) const;

    /* Waits until stdout (or stderr) has `text` `times` times; false after the deadline, or if the
     * process ends before. */
    bool wait_for_out(const std::string &text, int times = 1,
                      std::chrono::milliseconds deadline = kPatience);
    bool wait_for_err(const std::string &text, int times = 1,
                      std::chrono::milliseconds deadline = kPatience);

    /* Waits for its end; the exit status, or 128 + the signal; nullopt after the deadline. */
    std::optional<int> wait(std::chrono::milliseconds deadline = kPatience);
    bool running();

    /* Everything so far; after wait() all of it. */
    std::string out() const;
    std::string err() const;

    std::string describe() const; /* argv, status and output, for a failure's message */

  private:
    struct Stream {
        UniqueFd fd;
        std::string text;
        bool ended = false;
    };
    void collect();
    bool wait_for(const Stream &stream, const std::string &text, int times,
                  std::chrono::milliseconds deadline);

    std::vector<std::string> argv_;
    pid_t pid_ = -1;
    UniqueFd pidfd_;
    mutable std::mutex lock_;
    std::condition_variable changed_;
    Stream out_;
    Stream err_;
    std::optional<int> status_;
    std::thread collector_;
};

/* Runs to the end; kills it after the deadline. */
struct Finished {
    int status; /* -1: it had to be killed */
    std::string out;
    std::string err;
};
Finished run(const std::vector<std::string> &argv, const ProcessOptions &options = {},
             std::chrono::milliseconds deadline = kPatience);

int count_of(const std::string &text, const std::string &part);

}  // namespace mp_ipc::test
