/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/eal/session.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "support/base/exit_status.h"
#include "support/base/received_fds.h"
#include "support/base/text.h"
#include "support/console/console.h"
#include "support/eal/ipc_core.h"
#include "support/eal/linkage.h"
#include "support/eal/resume.h"

namespace mp_ipc {
namespace {

/* Even the last lines block on a console that nobody reads. */
constexpr unsigned kLastLinesS = 3;

/* What the kernel lets in, and what is open of our own: before the first handler is registered. */
void guard_socket(const IpcSocket &socket, bool filtered, DescriptorsIn descriptors) {
    if (filtered)
        let_in_well_formed_only(socket, descriptors);
    remember_own_fds();
}

bool follow(Watch &watch) {
    if (watch.follow_ipc_thread())
        return true;
    error(kNoIpcThread);
    return false;
}

}  // namespace

/* ---- a primary ------------------------------------------------------------------------------ */

PrimarySession::PrimarySession(const EalArgs &args, const Setup &setup,
                               std::function<void(int)> tell_end)
    : tell_end_(std::move(tell_end)),
      status_(kExitFailure),
      watch_([this](Watch::Reason reason) { leave(reason); }) {
    int status = kExitFailure;
    eal_ = start_primary(args, setup.leftover_wait, watch_, &status);
    if (!eal_) {
        status_ = status;
        return;
    }
    note_linkage(runtime_dir(args.file_prefix));
    const IpcSocket socket = IpcSocket::find();
    guard_socket(socket, setup.filtered, DescriptorsIn::none); /* no handler here takes any */
    if (setup.limited)
        socket.limit_sends(kSendLimit);
    if (setup.ipc_core && !put_ipc_thread_on(*setup.ipc_core))
        eal_.reset();
}

PrimarySession::~PrimarySession() = default;

bool PrimarySession::follow_ipc_thread() {
    return follow(watch_);
}

bool PrimarySession::going_on() const {
    return !watch_.ending() && !console_failed();
}

int PrimarySession::conclude(Watch::Reason reason) const {
    if (reason == Watch::Reason::ipc_thread_gone) {
        error(kIpcThreadGone);
        return kExitFailure;
    }
    return console_failed() ? kExitFailure : kExitOk;
}

int PrimarySession::conclude() {
    status_ = conclude(watch_.reason());
    concluded_ = true;
    return status_;
}

void PrimarySession::tell_end() {
    if (!told_.exchange(true))
        tell_end_(status_);
}

/* The end when the main thread cannot come to it: from the watching thread. */
void PrimarySession::leave(Watch::Reason reason) {
    limit_the_end(kLastLinesS, kExitFailure);
    if (reason != Watch::Reason::stuck)
        status_ = conclude(reason);
    tell_end();
    if (reason == Watch::Reason::stuck && concluded_)
        diagnose(Severity::warning, "shutdown did not finish in time; exiting without it");
    else if (reason == Watch::Reason::stuck)
        error(
            "a call of the DPDK library does not return: its lock is lost, and no message can be "
            "received any more; exiting with status 1; restart this program");
    _exit(status_);
}

/* ---- a secondary ---------------------------------------------------------------------------- */

SecondarySession::SecondarySession(char **argv, const EalArgs &args, const Setup &setup, Run run)
    : argv_(argv),
      setup_(setup),
      run_(std::move(run)),
      resumed_(take_resume()),
      layouts_tried_(take_layouts_tried()),
      watch_([this](Watch::Reason reason) { leave(reason); }) {
    int status = kExitOk;
    if (!wait_for_primary(args, setup.wait, watch_, &status))
        end_process(status);
    if (const std::string trouble = linkage_trouble(runtime_dir(args.file_prefix));
        !trouble.empty()) {
        error(trouble);
        end_process(kExitFailure);
    }
    bool addresses_taken = false;
    if (!start_secondary(args, watch_, &status, &addresses_taken)) {
        if (addresses_taken)
            run_again_elsewhere();
        end_process(finish(watch_.reason(), status));
    }
    guard_socket(IpcSocket::find(), setup.filtered, setup.descriptors);
    attached_ = true;
    if (setup.ipc_core && !put_ipc_thread_on(*setup.ipc_core))
        end(kExitFailure);
}

bool SecondarySession::follow_ipc_thread() {
    return follow(watch_);
}

/* Returns only where it cannot, and has said so. */
void SecondarySession::run_again() {
    IpcSocket::find().remove_file();
    run_.abandon("the server went away before a reply came");
    /* Before it has attached, the run goes on from nothing else than the one before. */
    mp_ipc::run_again(argv_, attached_ || !resumed_ ? run_.to_resume() : *resumed_);
    error(std::string("cannot run again: ") + std::strerror(errno));
}

/* With `wait`, the loss of the primary is not the end. Returns why to end where it does not: a
 * Ctrl-C that came together with the loss is what counts.
 */
Watch::Reason SecondarySession::run_again_if_waiting(Watch::Reason reason) {
    if (reason != Watch::Reason::primary_gone || !setup_.wait || run_.shut_down())
        return reason;
    if (!watch_.leave_signals_pending())
        return Watch::Reason::signal;
    say({"[{}] The server went away", "[{}] Server 已断开"}, program().tag);
    run_again();
    return reason;
}

/* Addresses that are taken here may not be in another run. Returns where there is to be no other.
 */
void SecondarySession::run_again_elsewhere() {
    if (layouts_tried_ >= kMostLayouts || !watch_.leave_signals_pending())
        return;
    say({"[{}] Trying again, laid out anew", "[{}] 换一个内存布局重试"}, program().tag);
    leave_layouts_tried(layouts_tried_ + 1);
    run_again();
}

/* Says why the program ends; returns its exit status. The actions stay registered: a broadcast of
 * the last moments is answered, and not logged as unknown while the primary waits in vain.
 */
int SecondarySession::finish(Watch::Reason reason, int status) {
    using Reason = Watch::Reason;
    const IpcSocket socket = IpcSocket::find();
    if (run_.shut_down()) /* it may have said so just now */
        holds_within(std::chrono::milliseconds(20), [&] { return socket.idle(); });
    reason = run_again_if_waiting(reason);
    if (run_.shut_down() && (reason == Reason::primary_gone || reason == Reason::none)) {
        say({"[{}] The server has shut down", "[{}] Server 已退出"}, program().tag);
    } else if (reason == Reason::primary_gone) {
        error("the server went away without shutting down; start it again, then " +
              std::string(program().name));
        status = kExitNoPrimary;
    } else if (reason == Reason::ipc_thread_gone) {
        error(kIpcThreadGone);
        status = kExitFailure;
    } else if (reason == Reason::stuck) {
        diagnose(Severity::warning,
                 "a call of the DPDK library did not return in time: the server is stopped, or a "
                 "process was killed while it held a lock in shared memory; then restart the "
                 "server");
        status = kExitFailure;
    } else if (console_failed()) {
        status = kExitFailure;
    }
    run_.abandon("the program ends before a reply came");
    run_.last_words();
    socket.remove_file(); /* the rest the kernel takes back: see eal_session.h */
    return status;
}

void SecondarySession::end(std::optional<int> status) {
    const Watch::Reason reason = watch_.reason();
    end_process(finish(reason, status.value_or(run_.status(reason == Watch::Reason::signal))));
}

/* The end when the main thread cannot come to it: from the watching thread. */
void SecondarySession::leave(Watch::Reason reason) {
    limit_the_end(kLastLinesS, kExitFailure);
    _exit(finish(reason, attached_ ? run_.status(reason == Watch::Reason::signal) : kExitOk));
}

}  // namespace mp_ipc
