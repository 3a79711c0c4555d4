/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The processes that are measured: started by fork and exec on chosen cores, given orders, watched
 * through /proc, and ended by pid. If mp_bench itself dies, the kernel kills them. Not the Process
 * of the tests: that one has a thread which collects output, and would run beside what is measured.
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
    read_pipe, /* into a pipe that somebody reads and forgets */
};

/* How a process is scheduled. `batch` is SCHED_BATCH (chrt -b 0): a thread that is woken does not
 * take the core from the one that woke it.
 */
struct Place {
    std::vector<int> cores;
    bool batch = false;
    std::string environment; /* one NAME=value more */
};

/* Where stderr of all children goes, and files of Console::file. */
void set_log_directory(const std::string &directory);

class Child {
  public:
    /* Runs argv with its threads confined to the place, as taskset and chrt would. */
    Child(const Words &argv, const Place &place, Console console = Console::lines,
          int inherited_fd = -1);
    ~Child(); /* end() */
    Child(const Child &) = delete;
    Child &operator=(const Child &) = delete;

    pid_t pid() const { return pid_; }
    Clock::time_point started() const { return started_; } /* just before fork */

    /* The next line of stdout, or of the file; throws after the deadline or when there is none. */
    std::string read_line(Clock::duration patience = std::chrono::seconds(30));
    /* Reads lines until one holds `text`, and returns it. */
    std::string read_until(const std::string &text);
    void write_line(const std::string &line);

    void signal(int number) const;
    /* Waits for its end and returns when that was seen. */
    Clock::time_point wait();
    /* stdin's end, or SIGINT; SIGKILL where that does not help. */
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
    std::uint64_t switches = 0; /* these, and those where another thread took the core */
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

    /* What an order measured. */
    struct Result {
        std::uint64_t count = 0;
        std::int64_t elapsed_ns = 0;
        std::span<const std::uint32_t> samples; /* valid until the next order */
    };
    /* It is started and not waited for, so that several can start at once. */
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
