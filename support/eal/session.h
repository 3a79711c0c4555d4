/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A program's session with the EAL, from start to end: the watching thread, rte_eal_init() with the
 * checks it does not make, the filter of the IPC socket, and an end even if the main thread is
 * stuck in a call.
 */
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>

#include "support/base/exit_status.h"
#include "support/eal/eal_session.h"
#include "support/eal/ipc_filter.h"
#include "support/eal/ipc_socket.h"
#include "support/eal/resume.h"
#include "support/eal/watch.h"
#include "support/options/eal_args.h"

namespace mp_ipc {

/* Main thread, except where a comment says otherwise. */
class PrimarySession {
  public:
    struct Setup {
        Clock::duration leftover_wait{0}; /* for processes that hold an earlier primary's files */
        bool filtered = true;             /* false: malformed datagrams are let in */
        bool limited = true;              /* false: a send waits for ever for a full queue */
        std::optional<int> ipc_core{};    /* of the EAL's IPC thread; none: where EAL puts it */
    };
    /* `tell_end` is called once, with the exit status, when the program ends: from tell_end(), or
     * from the watching thread if the main thread is blocked.
     */
    PrimarySession(EalArgs args, const Setup &setup, std::function<void(int)> tell_end = {});
    /* Calls rte_eal_cleanup(), for at most two seconds: a killed process may have held a lock in
     * shared memory, on which the clean-up would spin for ever.
     */
    ~PrimarySession();
    PrimarySession(const PrimarySession &) = delete;
    PrimarySession &operator=(const PrimarySession &) = delete;

    bool started() const { return started_; }
    /* The exit status if it has not started; the reason has been reported. */
    int status() const { return status_; }
    Watch &watch() { return watch_; }

    /* Whether there is no reason to end yet. */
    bool going_on() const;
    /* Call after the main loop: reports why it ended if that is a failure; returns the exit status.
     */
    int conclude();
    /* Calls `tell_end`, if it has not been called. */
    void tell_end();

  private:
    [[noreturn]] void exit_blocked(Watch::Reason reason);
    int conclude(Watch::Reason reason) const;

    std::function<void(int)> tell_end_;
    std::atomic<bool> told_{false};
    std::atomic<bool> concluded_{false}; /* the loop has ended */
    std::atomic<int> status_;
    bool started_ = false;
    Watch watch_;
};

/* Main thread, except where a comment says otherwise. */
class SecondarySession {
  public:
    struct Setup {
        /* How long to wait for a primary, at the start and after one has ended or shut down; zero:
         * for ever; none: do not wait. */
        std::optional<Clock::duration> wait;
        DescriptorsIn descriptors = DescriptorsIn::none;
        bool filtered = true;          /* false: malformed datagrams are let in */
        std::optional<int> ipc_core{}; /* of the EAL's IPC thread; none: where EAL puts it */
    };
    /* Callbacks into the program's run, for its end. Called on any thread, one at a time. Each has
     * a default.
     */
    struct Run {
        /* The exit status at this moment. */
        std::function<int(bool by_signal)> status = [](bool) { return kExitOk; };
        std::function<bool()> shut_down{}; /* whether the primary has announced its end */
        /* Whether there is nothing left to do with another primary. */
        std::function<bool()> done = [] { return false; };
        /* Closes the requests that are open. */
        std::function<void(const std::string &why)> abandon = [](const std::string &) {};
        std::function<void()> last_words = [] {}; /* prints the last lines of the console */
        /* The state to pass to the next run of this program. */
        std::function<std::string()> to_resume = [] { return std::string(); };
        /* Takes the state of the previous run, before the wait for a primary. */
        std::function<void(const std::string &)> resume = [](const std::string &) {};
    };
    /* `argv`: to run the program again when it goes on with another primary. If it cannot attach,
     * it reports the reason and ends the process.
     */
    SecondarySession(char **argv, EalArgs args, const Setup &setup, Run run);
    SecondarySession(const SecondarySession &) = delete;
    SecondarySession &operator=(const SecondarySession &) = delete;

    Watch &watch() { return watch_; }
    /* Whether an earlier run of this process had another primary. */
    bool has_new_primary() const { return resumed_ && resumed_->failed_starts == 0; }

    /* Whether there is no reason to end yet. */
    bool going_on() const;
    /* Ends the process, without rte_eal_cleanup() (for the reason see eal_session.h). `status`: the
     * exit status, unless there is another reason to end; none: Run::status().
     */
    [[noreturn]] void end(std::optional<int> status = std::nullopt);

  private:
    [[noreturn]] void exit_blocked(Watch::Reason reason);
    bool shut_down() const { return run_.shut_down && run_.shut_down(); }
    int finish(Watch::Reason reason, std::optional<int> given);
    Watch::Reason run_again_if_waiting(Watch::Reason reason, std::optional<int> *status);
    void await_end_of_primary();
    void say_shut_down();
    void start_again();
    void run_again(unsigned failed_starts);

    char **argv_;
    Setup setup_;
    Run run_;
    std::optional<Resumed> resumed_;
    bool shut_down_said_ = false; /* used by the thread that ends the process */
    Watch watch_;
};

}  // namespace mp_ipc
