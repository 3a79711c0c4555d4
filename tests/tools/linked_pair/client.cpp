/* SPDX-License-Identifier: BSD-3-Clause
 *
 * thermo_client [EAL options] -- [TIMEOUT_MS [PAUSE_MS]]: asks for one sensor after another.
 */
#include <cstdlib>

#include "support/base/request_counts.h"
#include "support/console/console.h"
#include "support/eal/session.h"
#include "support/ipc/requests.h"
#include "thermo.h"

using namespace mp_ipc;

static RequestCounts g_counts;

static void read_sensor(const SecondarySession &session, Requests &requests) {
    Turn turn(requests); /* waits while too many messages are under way */
    if (!session.going_on())
        return;
    ReadRequest asked{g_counts.next(), 0};
    asked.sensor = asked.header.sequence;
    rte_mp_msg request = make_message(kMsgRead);
    fill(request, asked);

    struct rte_mp_reply reply = {};
    const int result = turn ? rte_mp_request_sync(&request, &reply, turn.timeout()) : -1;
    const ReplyMessages messages(reply);
    ReadReply answer;
    const Ended ended = turn.ended(result, messages, asked.header, &answer);
    g_counts.close(ended.outcome);
    if (ended.outcome == Outcome::answered)
        say({"[Thermo] Sensor {}: {} mK", "[Thermo] 传感器 {}: {} mK"}, asked.sensor,
            answer.millikelvin);
    else if (ended.outcome == Outcome::late)
        say({"[Thermo] Sensor {}: late reply {}", "[Thermo] 传感器 {}: 迟到的回复 {}"},
            asked.sensor, ended.detail);
    else
        say({"[Thermo] Sensor {}: {}", "[Thermo] 传感器 {}: {}"}, asked.sensor, ended.detail);
}

static void sum_up() {
    say({"[Thermo] {} answered of {}", "[Thermo] 已回复 {}, 共 {}"},
        g_counts.count(Outcome::answered), g_counts.sent.load());
}

int main(int argc, char **argv) {
    set_program({"thermo_client", "Thermo", "thermo_server"});
    const EalArgs args = scan_eal_args(argc, argv, {});
    const auto milliseconds = [&](std::size_t word, double otherwise) {
        return seconds((word < args.app.size() ? std::atof(args.app[word].c_str()) : otherwise) /
                       1000);
    };

    SecondarySession session(argv, args, {}, {.last_words = sum_up});
    Requests requests(session.watch(), milliseconds(0, 5000));
    while (session.going_on()) {
        read_sensor(session, requests);
        session.watch().sleep_until(Clock::now() + milliseconds(1, 1000));
    }
    session.end();
}
