/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The state of a run of mp_client, for its commands; one per process. main writes it before the
 * first request, except where a comment says otherwise.
 */
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common.h"
#include "exercises/command_line.h"
#include "support/base/request_counts.h"
#include "support/eal/session.h"
#include "support/ipc/requests.h"

namespace mp_ipc {

struct ClientRun {
    ClientOptions options;
    SecondarySession *session = nullptr;
    Requests *requests = nullptr;
    const SharedInfo *shared = nullptr; /* in the memzone */
    std::uint64_t boot_id = 0;          /* of the server; 0: unknown */

    RequestCounts sync;  /* the requests of the command; of hello, the synchronous. Any thread */
    RequestCounts async; /* hello's asynchronous requests. Any thread */

    /* Whether the run goes on. A server that sets force_quit also ends, and its end wakes every
     * sleep; if it does not end, force_quit is seen after the sleep.
     */
    bool going_on() const { return session->going_on(); }
    /* Whether a counted run is complete, given how many of its requests have been sent or closed.
     */
    bool counted_out(std::uint64_t done) const { return options.count && done >= *options.count; }

    /* Counts the next request; returns the header for its struct. Main thread. */
    Header next() { return sync.next(boot_id); }

    /* Counts how a synchronous request ended, and prints it unless it was answered. `what` names
     * the request. Returns whether it was answered.
     */
    bool close(std::string_view tag, std::string_view what, const Ended &ended);

    /* Whether all requests that were asked for have been sent and have ended. Any thread. */
    bool done() const;

    /* The exit status at this moment: 4 where requests were not answered, or where a counted run
     * was cut short by anything but Ctrl-C. Any thread.
     */
    int status(bool by_signal) const;
    /* Prints the last lines of the console. Any thread. */
    void sum_up() const;

    /* The counts as text, and back: for the next run of this program, in the same process. */
    std::string numbers() const;
    void go_on_from(const std::string &text);

  private:
    bool has_sync() const { return options.command != nullptr || options.sync_interval_s > 0; }
    bool has_async() const { return options.command == nullptr && options.async_interval_s > 0; }
};
inline ClientRun g_run;

SecondarySession::Setup session_setup(const ClientOptions &options);

/* What the session asks of the run as it ends. `abandon`: closes requests that are still open. */
SecondarySession::Run session_run(void (*abandon)(const std::string &why));

/* Prints that the client has attached to its server, or to a new one. */
void say_attached(bool new_server, std::string_view file_prefix);

/* Prints why the request `what` got no reply of its own. */
void say_unanswered(std::string_view tag, std::string_view what, const Ended &ended);

}  // namespace mp_ipc
