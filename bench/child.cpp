/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/child.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "support/base/files.h"
#include "tests/harness/process.h"

namespace mp_ipc::bench {
namespace {

namespace fs = std::filesystem;

std::string g_log_directory = ".";

std::vector<std::string> tasks_of(pid_t pid) {
    std::vector<std::string> tasks;
    std::error_code error;
    for (fs::directory_iterator it("/proc/" + std::to_string(pid) + "/task", error), end;
         !error && it != end; it.increment(error))
        tasks.push_back(it->path());
    std::sort(tasks.begin(), tasks.end());
    return tasks;
}

}  // namespace

void set_log_directory(const std::string &directory) {
    g_log_directory = directory;
}

/* ---- Child ---------------------------------------------------------------------------------- */

Child::Child(const Words &argv, const Place &place, Console console, int inherited_fd)
    : name_(fs::path(argv[0]).filename()), inherited_fd_(inherited_fd) {
    test::Pipe in = test::make_pipe();
    test::Pipe out = test::make_pipe();
    if (console == Console::file) {
        static int next = 0;
        const std::string path = g_log_directory + "/console" + std::to_string(next++) + ".txt";
        out.write =
            UniqueFd(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644));
        out.read = UniqueFd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
        if (!out.write || !out.read)
            throw Failure(path + ": " + std::strerror(errno));
    }
    const pid_t parent = getpid();
    started_ = Clock::now();
    pid_ = fork();
    if (pid_ < 0)
        throw Failure(std::string("fork: ") + std::strerror(errno));
    if (pid_ == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() == parent)
            exec(argv, place, in.read.get(), out.write.get());
        _exit(127);
    }
    pidfd_ = UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
    in_ = std::move(in.write);
    out_ = std::move(out.read);
    if (console == Console::read_pipe) {
        /* Keeps the start for read_until(), which must not be used later. */
        const int copy = fcntl(out_.get(), F_DUPFD_CLOEXEC, 0);
        read_until("Ready");
        drain_ = std::thread([copy] {
            char buffer[65536];
            while (read(copy, buffer, sizeof(buffer)) > 0) {
            }
            close(copy);
        });
    }
}

Child::~Child() {
    end();
    if (drain_.joinable())
        drain_.join();
}

/* In the child; returns only on failure. */
void Child::exec(const Words &argv, const Place &place, int in, int out) const {
    cpu_set_t set;
    CPU_ZERO(&set);
    for (const int core : place.cores)
        CPU_SET(static_cast<std::size_t>(core), &set);
    const std::string log = g_log_directory + "/stderr.txt";
    const int err = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    const sched_param no_priority = {};
    if (place.batch && sched_setscheduler(0, SCHED_BATCH, &no_priority) != 0)
        return;
    if (sched_setaffinity(0, sizeof(set), &set) != 0 || dup2(in, STDIN_FILENO) < 0 ||
        dup2(out, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0)
        return;
    if (inherited_fd_ >= 0)
        fcntl(inherited_fd_, F_SETFD, 0);
    setenv("LC_ALL", "C", 1);
    if (!place.environment.empty())
        putenv(const_cast<char *>(place.environment.c_str()));
    std::vector<char *> words;
    words.reserve(argv.size() + 1);
    for (const std::string &word : argv)
        words.push_back(const_cast<char *>(word.c_str()));
    words.push_back(nullptr);
    execv(words[0], words.data());
    std::perror(words[0]);
}

std::string Child::read_line(Clock::duration patience) {
    const Clock::time_point give_up = Clock::now() + patience;
    for (;;) {
        const std::size_t end = unread_.find('\n');
        if (end != std::string::npos) {
            std::string line = unread_.substr(0, end);
            unread_.erase(0, end + 1);
            return line;
        }
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(give_up - Clock::now()).count();
        if (left <= 0)
            throw Failure(name_ + " said nothing more in time; see stderr.txt");
        pollfd wait = {out_.get(), POLLIN, 0};
        if (poll(&wait, 1, static_cast<int>(left)) < 0)
            throw Failure(std::string("interrupted: ") + std::strerror(errno));
        char buffer[4096];
        const ssize_t got = read(out_.get(), buffer, sizeof(buffer));
        if (got > 0) {
            unread_.append(buffer, static_cast<std::size_t>(got));
        } else if (wait_ms(1)) { /* the file has ended, but not the process */
            throw Failure(name_ + " has ended unexpectedly; see stderr.txt");
        }
    }
}

std::string Child::read_until(const std::string &text) {
    for (;;) {
        std::string line = read_line();
        if (line.find(text) != std::string::npos)
            return line;
    }
}

void Child::write_line(const std::string &line) {
    const std::string text = line + "\n";
    if (write(in_.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
        throw Failure(name_ + " takes no orders: " + std::strerror(errno));
}

void Child::signal(int number) const {
    syscall(SYS_pidfd_send_signal, pidfd_.get(), number, nullptr, 0);
}

bool Child::wait_ms(int ms) {
    pollfd wait = {pidfd_.get(), POLLIN, 0};
    if (!ended_ && poll(&wait, 1, ms) > 0) {
        waitpid(pid_, nullptr, 0);
        ended_ = true;
    }
    return ended_;
}

Clock::time_point Child::wait() {
    if (!wait_ms(10'000))
        throw Failure(name_ + " does not end");
    return Clock::now();
}

void Child::end() {
    in_ = UniqueFd();
    if (wait_ms(0))
        return;
    signal(SIGINT);
    if (!wait_ms(5000)) {
        signal(SIGKILL);
        wait_ms(-1);
    }
}

/* ---- /proc ---------------------------------------------------------------------------------- */

Usage usage_of(pid_t pid) {
    Usage usage;
    for (const std::string &task : tasks_of(pid)) {
        const auto count = [&](const char *name) {
            return std::strtoull(field_of(task + "/status", name).c_str(), nullptr, 10);
        };
        const std::uint64_t voluntary = count("voluntary_ctxt_switches:");
        usage.wake_ups += voluntary;
        usage.switches += voluntary + count("nonvoluntary_ctxt_switches:");
        std::uint64_t ran = 0;
        std::ifstream(task + "/schedstat") >> ran;
        usage.cpu_ns += ran;
    }
    usage.rss_kib = std::strtoull(
        field_of("/proc/" + std::to_string(pid) + "/status", "VmRSS:").c_str(), nullptr, 10);
    return usage;
}

std::string placement_of(pid_t pid) {
    std::string text;
    for (const std::string &task : tasks_of(pid)) {
        const std::string name = field_of(task + "/status", "Name:");
        const std::string cores = field_of(task + "/status", "Cpus_allowed_list:");
        if (task.ends_with("/" + std::to_string(pid)))
            text = "main on " + cores + text;
        else if (name == "rte_mp_handle" || name == "dpdk-mp-msg")
            text += ", IPC thread on " + cores;
    }
    return text;
}

/* ---- Peer ----------------------------------------------------------------------------------- */

Peer::Peer(const std::string &program, const std::string &role, const Words &more,
           const Place &place)
    : memory_(memfd_create("mp_bench samples", MFD_CLOEXEC)) {
    constexpr std::size_t kSize = kMostSamples * sizeof(std::uint32_t);
    if (!memory_ || ftruncate(memory_.get(), kSize) != 0)
        throw Failure(std::string("memfd: ") + std::strerror(errno));
    void *mapped = mmap(nullptr, kSize, PROT_READ, MAP_SHARED, memory_.get(), 0);
    if (mapped == MAP_FAILED)
        throw Failure(std::string("mmap: ") + std::strerror(errno));
    samples_.reset(static_cast<const std::uint32_t *>(mapped));
    Words argv = {program, role, std::to_string(memory_.get())};
    argv.insert(argv.end(), more.begin(), more.end());
    child_ = std::make_unique<Child>(argv, place, Console::lines, memory_.get());
}

void Peer::wait_ready() {
    if (!ready_)
        child_->read_until("ready");
    ready_ = true;
}

void Peer::begin(const std::string &line) {
    wait_ready();
    child_->write_line(line);
}

void Peer::Unmap::operator()(const std::uint32_t *samples) const {
    munmap(const_cast<std::uint32_t *>(samples), kMostSamples * sizeof(std::uint32_t));
}

Peer::Result Peer::order(const std::string &line) {
    begin(line);
    return finish();
}

Peer::Result Peer::finish() {
    const std::string answer = child_->read_line();
    std::istringstream words(answer);
    std::string status;
    Result result;
    if (!(words >> status >> result.count >> result.elapsed_ns) || status != "ok")
        throw Failure(answer);
    result.samples = {samples_.get(), std::min<std::size_t>(result.count, kMostSamples)};
    return result;
}

}  // namespace mp_ipc::bench
