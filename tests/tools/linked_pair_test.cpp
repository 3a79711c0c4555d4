/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The project in linked_pair/, which links mp_ipc::support as another's would: built outside of
 * this tree, its pair survives what mp_server and mp_client survive.
 */
#include <fcntl.h>
#include <gtest/gtest.h>

#include <csignal>
#include <deque>
#include <filesystem>
#include <regex>

#include "tests/harness/datagram.h"
#include "tests/harness/temp_dir.h"
#include "tests/tools/build.h"

namespace mp_ipc::test {
namespace {

class LinkedPair : public Hugepages {
  protected:
    Words thermo_server(const std::string &reading_ms) const {
        return with_program(build_ + "/thermo_server", server(prefix_, {reading_ms}));
    }
    Words thermo_client(const std::string &timeout_ms, const std::string &pause_ms) const {
        return with_program(build_ + "/thermo_client", client(prefix_, {timeout_ms, pause_ms}));
    }
    /* Each value that a client shows is that of the sensor it asked for. */
    static void expect_own_values(const Process &process) {
        static const std::regex line(R"(Sensor (\d+): (\d+) mK)");
        const std::string out = process.out();
        for (std::sregex_iterator it(out.begin(), out.end(), line), end; it != end; ++it)
            EXPECT_EQ((*it)[1].str() + "000", (*it)[2]) << process.describe();
    }
    static void expect_goes_on(Process &process) {
        expect_out(process, " mK", count_of(process.out(), " mK") + 5);
    }

    void late_replies_answer_nothing() const {
        Process server_process(thermo_server("300"));
        expect_out(server_process, "Ready");
        Process asks(thermo_client("200", "1"));
        expect_out(asks, ": late reply seq=", 3);
        expect_out(asks, ": no reply in time");
        expect_own_values(asks);
        std::printf("%s", asks.out().c_str());
        expect_end(asks);
        expect_end(server_process);
    }

    void a_flood_at_a_slow_server_wedges_nobody() const {
        Process server_process(thermo_server("50"));
        expect_out(server_process, "Ready");
        std::deque<Process> floods;
        for (int i = 0; i < 6; i++)
            floods.emplace_back(thermo_client("1", "0"));
        for (Process &flood : floods)
            expect_out(flood, "no reply in time", 20);
        Process newcomer(thermo_client("15000", "1"));
        expect_out(newcomer, " mK", 3);
        for (Process &flood : floods) {
            expect_own_values(flood);
            expect_end(flood);
        }
        expect_goes_on(newcomer);
        expect_own_values(newcomer);
        expect_end(newcomer);
        expect_end(server_process);
    }

    /* A timeout of about the round trip: the sender holds the library's lock almost all the time.
     */
    void a_flood_at_a_fast_server_wedges_nobody() const {
        Process server_process(thermo_server("0"));
        expect_out(server_process, "Ready");
        const UniqueFd null(open("/dev/null", O_WRONLY | O_CLOEXEC));
        Process one(thermo_client("0.06", "0"), {.stdout_fd = null.get()});
        Process two(thermo_client("0.06", "0"), {.stdout_fd = null.get()});
        Process newcomer(thermo_client("2000", "100"));
        expect_out(newcomer, " mK", 80);
        EXPECT_EQ(count_of(newcomer.out(), "no reply in time"), 0) << newcomer.describe();
        for (Process *process : {&one, &two, &newcomer, &server_process})
            expect_end(*process);
    }

    void malformed_datagrams_are_dropped() const {
        Process server_process(thermo_server("0"));
        expect_out(server_process, "Ready");
        Process asks(thermo_client("5000", "10"));
        expect_out(asks, " mK");
        for (const std::string &to : {prefix_.dir() + "/mp_socket", client_socket(prefix_)}) {
            for (const Malformed &what : kMalformed)
                EXPECT_EQ(send_malformed(to, what), 0) << what.name;
        }
        expect_goes_on(asks);
        expect_end(asks);
        EXPECT_EQ(count_of(asks.out(), "no reply"), 0) << asks.describe();
        expect_end(server_process);
    }

    void a_killed_server_is_noticed_at_once() const {
        Process server_process(thermo_server("0"));
        expect_out(server_process, "Ready");
        Process sleeps(thermo_client("600000", "600000"));
        Process waits(thermo_client("600000", "1"));
        for (Process *process : {&sleeps, &waits})
            expect_out(*process, " mK");
        server_process.signal(SIGSTOP); /* the one is inside its request now */
        server_process.signal(SIGKILL);
        for (Process *process : {&sleeps, &waits}) {
            EXPECT_EQ(process->wait(), 3) << process->describe();
            EXPECT_EQ(count_of(process->err(),
                               "thermo_client: error: the server went away; start "
                               "it again, then thermo_client\n"),
                      1)
                << process->describe();
        }
        EXPECT_EQ(server_process.wait(), 128 + SIGKILL);
        EXPECT_EQ(run(thermo_client("1", "1")).status, 3);
    }

    void its_command_line_is_looked_at() const {
        const Finished primary = run(with_eal(thermo_client("1", "1"), {"--proc-type=primary"}));
        EXPECT_EQ(primary.status, 2) << primary.err;
        EXPECT_EQ(count_of(primary.err, "thermo_client is always a secondary process"), 1)
            << primary.err;
    }

    const TempDir dir_;
    const std::string build_ = dir_ / "build";
};

TEST_F(LinkedPair, SurvivesWhatOursSurvives) {
    const std::filesystem::path source = MP_IPC_SOURCE_DIR;
    std::filesystem::copy(source / "tests/tools/linked_pair", dir_ / "pair");
    ASSERT_NO_FATAL_FAILURE(build_project(
        dir_ / "pair", build_, {"-DMP_IPC_DIR=" + source.string(), "-DMP_IPC_WERROR=ON"}));
    for (const char *ours : {"mp_ipc/mp_server", "mp_ipc/mp_client", "mp_ipc/tests"})
        EXPECT_FALSE(std::filesystem::exists(build_ + "/" + ours)) << ours;
    ASSERT_NO_FATAL_FAILURE(late_replies_answer_nothing());
    ASSERT_NO_FATAL_FAILURE(a_flood_at_a_slow_server_wedges_nobody());
    ASSERT_NO_FATAL_FAILURE(a_flood_at_a_fast_server_wedges_nobody());
    ASSERT_NO_FATAL_FAILURE(malformed_datagrams_are_dropped());
    ASSERT_NO_FATAL_FAILURE(a_killed_server_is_noticed_at_once());
    ASSERT_NO_FATAL_FAILURE(its_command_line_is_looked_at());
}

}  // namespace
}  // namespace mp_ipc::test
