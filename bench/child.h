/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The processes that are measured: started by fork and exec on chosen cores, given orders, watched
 * through /proc, and ended by pid. If mp_bench itself exits, the kernel kills them. Not the Process
 * of the tests: its thread, which collects output, would run beside what is measured.
 */
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "bench/wire.h"
#include "support/base/schedule.h"
#include "support/base/unique_fd.h"

namespace mp_ipc::bench {

using Words = std::vector<std::string>;

enum class Console {
    lines,     /* read line by line by mp_bench */
    file,      /* into a file of the output directory */
    read_pipe, /* into a pipe whose reader drops the lines */
};

/* How a process is scheduled. `batch` is SCHED_BATCH (chrt -b 0): a thread that is woken does not
 * take the core from the one that woke it.
 */
struct Place {
    std::vector<int> cores;
    bool batch = false;
    std::string environment; /* one more NAME=value, or empty */
};

/* The directory for stderr of all children, and for files of Console::file. */
void set_log_directory(const std::string &directory);

class Child {
  public:
    /* Runs argv with its threads restricted to the place, as by taskset and chrt. */
    Child(const Words &argv, const Place &place, Console console = Console::lines,
          int inherited_fd = -1);
    ~Child(); /* end() */
    Child(const Child &) = delete;
    Child &operator=(const Child &) = delete;

    pid_t pid() const { return pid_; }
    Clock::time_point started() const { return started_; } /* just before fork */

    /* The next line of stdout, or of the file; throws after the deadline or when there is none. */
    std::string read_line(Clock::duration patience = std::chrono::seconds(30));
    /* Reads lines until one has `text`, and returns that. */
    std::string read_until(const std::string &text);
    void write_line(const std::string &line);

    void signal(int number) const;
    /* Waits for its end; returns the time at which that was seen. */
    Clock::time_point wait();
    /* Closes its stdin, or sends SIGINT; then SIGKILL if it does not end. */
    void end();

  private:
    void exec(const Words &argv, const Place &place, int in, int out) const;
    bool wait_ms(int ms);

    std::string name_;
    pid_t pid_ = -1;
    bool ended_ = false;
    Clock::time_point started_;
    int inherited_fd_;
    UniqueFd pidfd_;
    UniqueFd in_;
    UniqueFd out_;
    std::string unread_;
    std::thread drain_; /* of Console::read_pipe; ends with the pipe */
};

/* What the threads of a process have done so far. */
struct Usage {
    std::uint64_t wake_ups = 0; /* voluntary context switches: sleeps that ended */
    std::uint64_t switches = 0; /* these and the involuntary ones */
    std::uint64_t cpu_ns = 0;
    std::uint64_t rss_kib = 0;
};
Usage usage_of(pid_t pid);

/* "main 1, rte_mp_handle 0": where the threads of interest may run. */
std::string placement_of(pid_t pid);

/* A program of mp_bench_peer with its samples. */
class Peer {
  public:
    Peer(const std::string &program, const std::string &role, const Words &more,
         const Place &place);

    /* The result of an order. */
    struct Result {
        std::uint64_t count = 0;
        std::int64_t elapsed_ns = 0;
        std::span<const std::uint32_t> samples; /* valid until the next order */
    };
    /* The constructor does not wait for it, so that several can start at once. */
    void wait_ready();
    Result order(const std::string &line);
    void begin(const std::string &line);
    Result finish();
    Child &child() { return *child_; }

  private:
    struct Unmap {
        void operator()(const std::uint32_t *samples) const;
    };
    UniqueFd memory_;
    std::unique_ptr<const std::uint32_t, Unmap> samples_;
    std::unique_ptr<Child> child_;
    bool ready_ = false;
};

}  // namespace mp_ipc::bench
