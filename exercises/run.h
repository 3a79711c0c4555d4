/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The run of mp_client, as its commands see it; one in a process. Written by main before the first
 * request, except where a comment says otherwise.
 */
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common.h"
#include "exercises/command_line.h"
#include "support/base/books.h"
#include "support/eal/session.h"
#include "support/ipc/requests.h"

namespace mp_ipc {

struct ClientRun {
    ClientOptions options;
    Watch *watch = nullptr;
    Requests *requests = nullptr;
    const SharedInfo *shared = nullptr; /* in the memzone */
    std::uint64_t boot_id = 0;          /* of the server; 0: unknown */

    Books sync;  /* the requests of the command; of hello, the synchronous ones. Any thread */
    Books async; /* hello's asynchronous ones */

    /* Whether the run goes on. A server sets force_quit and ends, and its end wakes every sleep;
     * one that sets it and stays is noticed at the next thing that is due.
     */
    bool going_on() const;
    /* Whether a counted run is complete, given how many of its requests have been sent or closed.
     */
    bool counted_out(std::uint64_t done) const { return options.count && done >= *options.count; }

    /* Counts the next request; the header of a struct one. */
    Header next() { return sync.next(boot_id); }

    /* Counts how a synchronous request ended, and says it where it is no good end. `what` was
     * asked. Whether it was answered.
     */
    bool close(std::string_view tag, std::string_view what, const Ended &ended);

    /* Whether all requests that were asked for have been sent and have ended. Any thread. */
    bool done() const;

    /* The exit status as things stand: 4 where requests were not answered, or where a counted run
     * was cut short by anything but Ctrl-C. Any thread.
     */
    int status(bool by_signal) const;
    /* The last lines of the console. Any thread. */
    void sum_up() const;

    /* The numbers of both Books as text, and back, for a run of this program after this one. */
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

/* That the client has found its server, or a new one. */
void say_attached(bool new_server, std::string_view file_prefix);

/* Why the request `what` got no answer of its own. */
void say_unanswered(std::string_view tag, std::string_view what, const Ended &ended);

/* Nanoseconds as milliseconds with three decimals. */
std::string milliseconds_text(std::uint64_t ns);

}  // namespace mp_ipc
