/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What an exercise adds to the two programs: the handlers to register, mp_client's command and
 * options, their help, and when the exit status is 0.
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
    /* Takes the argument; returns what is wrong with it, or "". Set if `argument` is. */
    std::string (*take)(const std::string &argument) = nullptr;
    void (*add_options)(std::vector<Option> *options) = nullptr; /* its own */
    /* Main thread: sends the requests, until all are sent or g_run.going_on() is false. */
    void (*run)() = nullptr;
    void (*sum_up)() = nullptr; /* the last lines of the console */
    /* How many answers a run without --count needs for exit status 0; none: its exit status does
     * not depend on answers.
     */
    std::optional<unsigned long> needs{};
    DescriptorsIn descriptors = DescriptorsIn::none; /* whether its replies carry any */
};

struct Exercise {
    Command command{};
    Action at_server{};
    Action at_client{};
};

}  // namespace mp_ipc
