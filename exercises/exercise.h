/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The record of a conversation. All that the two programs know of one comes from it: which handlers
 * are registered, mp_client's command and options, their help, the exit status.
 */
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/eal/ipc_filter.h"
#include "support/ipc/handler.h"
#include "support/options/option_parser.h"

namespace mp_ipc {

/* A command of mp_client. */
struct Command {
    std::string_view name;       /* empty: none */
    std::string_view argument{}; /* what it takes besides options: "TEXT" */
    Line<0> help{"", ""};        /* one line */
    /* Takes the argument; returns what is wrong with it, or "". Set where `argument` is. */
    std::string (*take)(const std::string &argument) = nullptr;
    void (*add_options)(std::vector<Option> *options) = nullptr; /* its own */
    /* Sends the requests, from the main thread, until run.going_on() is false or it is done. */
    void (*run)() = nullptr;
    void (*sum_up)() = nullptr; /* the last lines of the console */
    /* How many answers a run without --count needs for exit status 0; none: that run may end with
     * requests unanswered.
     */
    std::optional<unsigned long> needs{};
    DescriptorsIn descriptors = DescriptorsIn::none; /* whether its replies bring any */
};

struct Exercise {
    Command command{};
    Action at_server{};
    Action at_client{};
};

}  // namespace mp_ipc
