/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/harness/process.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <stdexcept>

#include "tests/harness/temp_dir.h"

namespace mp_ipc::test {
namespace {

/* From here on pidfd_open(2) fails with EINVAL. */
bool forbid_pidfd() {
    sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pidfd_open, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog program = {std::size(code), code};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

[[noreturn]] void exec_child(const std::vector<std::string> &argv, const ProcessOptions &options,
                             pid_t parent, int out, int err) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
#if defined(__SANITIZE_THREAD__)
    /* The sanitizer's shadow memory is where EAL would map its memory by default. At the other
     * address a secondary finds the primary's addresses free only without randomization. */
    personality(ADDR_NO_RANDOMIZE);
#endif
    if (getppid() != parent)
        _exit(126);
    dup2(options.stdout_fd >= 0 ? options.stdout_fd : out, STDOUT_FILENO);
    dup2(options.stderr_fd >= 0 ? options.stderr_fd : err, STDERR_FILENO);
    const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    dup2(null, STDIN_FILENO);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    for (const std::string &variable : options.environment)
        putenv(const_cast<char *>(variable.c_str()));
    if (options.uid != 0 &&
        (setgroups(0, nullptr) != 0 || setgid(options.uid) != 0 || setuid(options.uid) != 0))
        _exit(126);
    if (options.uid != 0)
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a change of user clears it */
    if (options.no_pidfd && !forbid_pidfd())
        _exit(126);
    std::vector<char *> words;
    for (const std::string &word : argv)
        words.push_back(const_cast<char *>(word.c_str()));
    words.push_back(nullptr);
    execvp(words[0], words.data());
    std::perror(words[0]);
    _exit(127);
}

/* A copy of a program in a folder that any user may enter; made once for each program and removed
 * when the test program ends.
 */
std::string copy_for_others(const std::string &program) {
    static const TempDir folder;
    namespace fs = std::filesystem;
    const fs::path copy = fs::path(folder.path()) / fs::path(program).filename();
    if (!fs::exists(copy)) {
        const fs::perms all = fs::perms::owner_all | fs::perms::group_read | fs::perms::group_exec |
                              fs::perms::others_read | fs::perms::others_exec;
        fs::permissions(folder.path(), all);
        fs::copy_file(program, copy);
        fs::permissions(copy, all);
    }
    return copy.string();
}

}  // namespace

Pipe make_pipe() {
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) != 0)
        throw std::runtime_error(std::string("pipe: ") + std::strerror(errno));
    return {UniqueFd(fds[0]), UniqueFd(fds[1])};
}

int count_of(const std::string &text, const std::string &part) {
    int count = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
        count++;
    return count;
}

Process::Process(const std::vector<std::string> &argv, const ProcessOptions &options)
    : argv_(argv) {
    if (options.uid != 0)
        argv_[0] = copy_for_others(argv_[0]);
    Pipe out = make_pipe();
    Pipe err = make_pipe();
    const pid_t parent = getpid();
    pid_ = fork();
    if (pid_ < 0)
        throw std::runtime_error("fork failed");
    if (pid_ == 0)
        exec_child(argv_, options, parent, out.write.get(), err.write.get());
    pidfd_ = UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
    if (!options.close_stdout)
        out_.fd = std::move(out.read);
    err_.fd = std::move(err.read);
    collector_ = std::thread([this] { collect(); });
}

Process::~Process() {
    if (!wait(std::chrono::milliseconds(0)))
        signal(SIGKILL);
    collector_.join();
}

void Process::signal(int number) const {
    syscall(SYS_pidfd_send_signal, pidfd_.get(), number, nullptr, 0);
}

void Process::collect() {
    bool ended = false;
    Stream *streams[] = {&out_, &err_};
    /* A grandchild may print after the end; that is not waited for. */
    while (!ended) {
        pollfd fds[3] = {{pidfd_.get(), POLLIN, 0}, {-1, POLLIN, 0}, {-1, POLLIN, 0}};
        for (int i = 0; i < 2; i++)
            fds[i + 1].fd = streams[i]->ended || !streams[i]->fd ? -1 : streams[i]->fd.get();
        if (poll(fds, 3, -1) < 0 && errno != EINTR)
            break;
        ended = fds[0].revents != 0;
        for (int i = 0; i < 2; i++) {
            if (fds[i + 1].fd < 0)
                continue;
            fcntl(fds[i + 1].fd, F_SETFL, O_NONBLOCK);
            char buffer[65536];
            ssize_t got = 0;
            while ((got = read(fds[i + 1].fd, buffer, sizeof(buffer))) > 0) {
                const std::lock_guard lock(lock_);
                streams[i]->text.append(buffer, static_cast<std::size_t>(got));
            }
            if (got == 0) {
                const std::lock_guard lock(lock_);
                streams[i]->ended = true;
            }
        }
        changed_.notify_all();
    }
    /* Takes the status before it reaps: that may take long while other processes are busy in /proc
     * (seen: 30 s, until they had ended).
     */
    siginfo_t end = {};
    waitid(P_PID, static_cast<id_t>(pid_), &end, WEXITED | WNOWAIT);
    {
        const std::lock_guard lock(lock_);
        status_ = end.si_code == CLD_EXITED ? end.si_status : 128 + end.si_status;
        changed_.notify_all();
    }
    waitpid(pid_, nullptr, 0);
}

bool Process::wait_for(const Stream &stream, const std::string &text, int times,
                       std::chrono::milliseconds deadline) {
    std::unique_lock lock(lock_);
    const auto seen = [&] { return count_of(stream.text, text) >= times; };
    changed_.wait_for(lock, deadline, [&] { return seen() || status_; });
    return seen();
}

bool Process::wait_for_out(const std::string &text, int times, std::chrono::milliseconds deadline) {
    return wait_for(out_, text, times, deadline);
}
bool Process::wait_for_err(const std::string &text, int times, std::chrono::milliseconds deadline) {
    return wait_for(err_, text, times, deadline);
}

std::optional<int> Process::wait(std::chrono::milliseconds deadline) {
    std::unique_lock lock(lock_);
    changed_.wait_for(lock, deadline, [&] { return status_.has_value(); });
    return status_;
}

bool Process::running() {
    return !wait(std::chrono::milliseconds(0));
}

std::string Process::out() const {
    const std::lock_guard lock(lock_);
    return out_.text;
}
std::string Process::err() const {
    const std::lock_guard lock(lock_);
    return err_.text;
}

std::string Process::describe() const {
    std::string text;
    for (const std::string &word : argv_)
        text += word + " ";
    const std::lock_guard lock(lock_);
    return text + "\nstatus: " + (status_ ? std::to_string(*status_) : "running") + "\nstdout:\n" +
           out_.text + "stderr:\n" + err_.text;
}

Finished run(const std::vector<std::string> &argv, const ProcessOptions &options,
             std::chrono::milliseconds deadline) {
    Process process(argv, options);
    const auto status = process.wait(deadline);
    if (!status) {
        process.signal(SIGKILL);
        process.wait();
    }
    return {status.value_or(-1), process.out(), process.err()};
}

}  // namespace mp_ipc::test
