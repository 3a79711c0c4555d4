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
    PrimarySession(const EalArgs &args, const Setup &setup, std::function<void(int)> tell_end);
    ~PrimarySession(); /* rte_eal_cleanup(), given two seconds */
    PrimarySession(const PrimarySession &) = delete;
    PrimarySession &operator=(const PrimarySession &) = delete;

    bool started() const { return eal_ != nullptr; }
    /* Why it has not started, as an exit status: the reason has been said. */
    int status() const { return status_; }
    Watch &watch() { return watch_; }

    /* From now on the end of the EAL's IPC thread is a reason to end. Call when the handlers are
     * registered. false: there is none, which has been said.
     */
    bool follow_ipc_thread();
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
        std::optional<Clock::duration> wait; /* for a primary; zero: for ever; none: not at all */
        DescriptorsIn descriptors = DescriptorsIn::none;
        bool filtered = true;          /* false: malformed datagrams are let in */
        std::optional<int> ipc_core{}; /* of the EAL's IPC thread; none: where EAL puts it */
    };
    /* What the session asks of the program's run as it ends; any thread, one at a time. */
    struct Run {
        std::function<int(bool by_signal)> status; /* the exit status, as things stand */
        std::function<bool()> shut_down;           /* whether the primary has said that it ends */
        std::function<void(const char *why)> abandon; /* requests that are still open */
        std::function<void()> last_words;             /* the last lines of the console */
        std::function<std::string()> to_resume;       /* what the next run goes on from */
    };
    /* With `argv` the program is run again where it goes on with another primary. Ends the process
     * where it cannot attach: the reason has been said.
     */
    SecondarySession(char **argv, const EalArgs &args, const Setup &setup, Run run);
    SecondarySession(const SecondarySession &) = delete;
    SecondarySession &operator=(const SecondarySession &) = delete;

    Watch &watch() { return watch_; }
    /* What an earlier run of this program left to go on from; none in a first run. */
    const std::optional<std::string> &resumed() const { return resumed_; }
    /* Whether that run had another primary. */
    bool has_new_primary() const { return resumed_ && layouts_tried_ == 0; }

    /* As PrimarySession's. */
    bool follow_ipc_thread();
    /* Ends the process, without rte_eal_cleanup() (eal_session.h says why). `status`: of a run that
     * was not cut short; none: as the run says.
     */
    [[noreturn]] void end(std::optional<int> status = std::nullopt);

  private:
    [[noreturn]] void leave(Watch::Reason reason);
    int finish(Watch::Reason reason, int status);
    Watch::Reason run_again_if_waiting(Watch::Reason reason);
    void run_again_elsewhere();
    void run_again();

    char **argv_;
    Setup setup_;
    Run run_;
    std::optional<std::string> resumed_;
    unsigned layouts_tried_;
    std::atomic<bool> attached_{false};
    Watch watch_;
};

}  // namespace mp_ipc
