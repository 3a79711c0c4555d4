/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A program's session with the EAL, from start to end: the watching thread, rte_eal_init() with the
 * checks it does not make, what is let in at the IPC socket, and an end that comes whatever the
 * main thread is stuck in.
 */
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "support/base/exit_status.h"
#include "support/eal/eal_session.h"
#include "support/eal/ipc_filter.h"
#include "support/eal/ipc_socket.h"
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
     * from the watching thread where the main thread does not come to it.
     */
    PrimarySession(EalArgs args, const Setup &setup, std::function<void(int)> tell_end = {});
    ~PrimarySession(); /* rte_eal_cleanup(), given two seconds */
    PrimarySession(const PrimarySession &) = delete;
    PrimarySession &operator=(const PrimarySession &) = delete;

    bool started() const { return eal_ != nullptr; }
    /* Why it has not started, as an exit status: the reason has been said. */
    int status() const { return status_; }
    Watch &watch() { return watch_; }

    /* Whether there is no reason to end yet. */
    bool going_on() const;
    /* The loop has ended: says why where that is a failure, and returns the exit status. */
    int conclude();
    /* Tells the others of the end (`tell_end`), if that has not been done. */
    void tell_end();

  private:
    [[noreturn]] void leave(Watch::Reason reason);
    int conclude(Watch::Reason reason) const;

    std::function<void(int)> tell_end_;
    std::atomic<bool> told_{false};
    std::atomic<bool> concluded_{false}; /* the loop has ended */
    std::atomic<int> status_;
    Watch watch_;
    std::unique_ptr<EalSession> eal_;
};

/* Main thread, except where a comment says otherwise. */
class SecondarySession {
  public:
    struct Setup {
        /* For a primary, at the start and after one has ended or shut down: zero: for ever; none:
         * not at all. */
        std::optional<Clock::duration> wait;
        DescriptorsIn descriptors = DescriptorsIn::none;
        bool filtered = true;          /* false: malformed datagrams are let in */
        std::optional<int> ipc_core{}; /* of the EAL's IPC thread; none: where EAL puts it */
    };
    /* What the session asks of the program's run as it ends; any thread, one at a time. What is
     * left out has nothing to say.
     */
    struct Run {
        std::function<int(bool by_signal)> status = [](bool) { return kExitOk; }; /* by now */
        std::function<bool()> shut_down{}; /* whether the primary has said that it ends */
        /* Whether nothing is left for another primary. */
        std::function<bool()> done = [] { return false; };
        /* Closes the requests that are open. */
        std::function<void(const std::string &why)> abandon = [](const std::string &) {};
        std::function<void()> last_words = [] {}; /* the last lines of the console */
        std::function<std::string()> to_resume = [] { return std::string(); }; /* for the next */
        /* Goes on from that, before the wait. */
        std::function<void(const std::string &)> resume = [](const std::string &) {};
    };
    /* With `argv` the program is run again where it goes on with another primary. Ends the process
     * where it cannot attach: the reason has been said.
     */
    SecondarySession(char **argv, EalArgs args, const Setup &setup, Run run);
    SecondarySession(const SecondarySession &) = delete;
    SecondarySession &operator=(const SecondarySession &) = delete;

    Watch &watch() { return watch_; }
    /* Whether that run had another primary. */
    bool has_new_primary() const { return resumed_ && failed_starts_ == 0; }

    /* Whether there is no reason to end yet. */
    bool going_on() const;
    /* Ends the process, without rte_eal_cleanup() (eal_session.h says why). `status`: of a run that
     * was not cut short; none: as the run says.
     */
    [[noreturn]] void end(std::optional<int> status = std::nullopt);

  private:
    [[noreturn]] void leave(Watch::Reason reason);
    bool shut_down() const { return run_.shut_down && run_.shut_down(); }
    int finish(Watch::Reason reason, std::optional<int> given);
    Watch::Reason run_again_if_waiting(Watch::Reason reason, std::optional<int> *status);
    void await_end_of_primary();
    void await_primary_that_ends(const std::string &dir);
    void say_shut_down();
    void start_again();
    void run_again();

    char **argv_;
    Setup setup_;
    Run run_;
    std::optional<std::string> resumed_;
    unsigned failed_starts_;
    bool shut_down_said_ = false; /* by the thread that ends the process */
    Watch watch_;
};

}  // namespace mp_ipc
