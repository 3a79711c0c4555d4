/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Locks that are held while a test looks: by another process, or by the test's own.
 */
#pragma once

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <string>
#include <utility>

#include "support/base/unique_fd.h"
#include "tests/harness/process.h"

namespace mp_ipc::test {

/* A process that does what it is given, and keeps what it then has until it is killed. */
class Held {
  public:
    explicit Held(const std::function<bool()> &take) : pid_(fork()) {
        if (pid_ == 0) {
            if (take() && write(ready_.write.get(), "y", 1) == 1)
                pause();
            _exit(1);
        }
        ready_.write = UniqueFd();
        char answer = 0;
        held_ = read(ready_.read.get(), &answer, 1) == 1;
    }
    ~Held() {
        kill(pid_, SIGKILL);
        waitpid(pid_, nullptr, 0);
    }
    Held(const Held &) = delete;
    Held &operator=(const Held &) = delete;
    pid_t pid() const { return pid_; }
    bool held() const { return held_; } /* what it was given has returned true */

  private:
    Pipe ready_ = make_pipe();
    pid_t pid_;
    bool held_ = false;
};

/* The lock of a primary on its `config`, as EAL takes it, until the descriptor is closed; none: it
 * could not be taken.
 */
inline UniqueFd hold_write_lock(const std::string &path) {
    UniqueFd fd(open(path.c_str(), O_RDWR | O_CLOEXEC));
    struct flock lock = {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    return fcntl(fd.get(), F_SETLK, &lock) == 0 ? std::move(fd) : UniqueFd();
}

}  // namespace mp_ipc::test
