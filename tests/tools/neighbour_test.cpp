/* SPDX-License-Identifier: BSD-3-Clause
 *
 * DPDK's own dpdk-proc-info as a third secondary beside mp_server and mp_client: it does its work,
 * and the pair is not affected when it comes and goes.
 */
#include <gtest/gtest.h>

#include <optional>
#include <regex>

#include "tests/harness/pair.h"

namespace mp_ipc::test {
namespace {

/* dpdk-proc-info has its own core mask and role (-c1 --proc-type=secondary): no -l here. It runs on
 * the server's core, and allocates nothing there.
 */
Words proc_info(const Prefix &prefix, const std::string &what) {
    return {"dpdk-proc-info", "--no-pci", "--file-prefix=" + prefix.name(), "--", what};
}

/* The file of librte_eal that a program is started with. */
std::string eal_of(const std::string &program) {
    const std::string libraries = run({"ldd", program}).out;
    std::smatch match;
    if (!std::regex_search(libraries, match, std::regex(R"(librte_eal\S* => (\S+))")))
        return {};
    return match[1];
}

class Neighbour : public Hugepages {
  protected:
    void SetUp() override {
        MP_IPC_NEEDS_PROGRAM("dpdk-proc-info", "dpdk-dev");
        MP_IPC_NEEDS(eal_of(find_program("dpdk-proc-info")) == eal_of(server(prefix_)[0]),
                     "the program dpdk-proc-info of the DPDK that mp_server runs with: EAL "
                     "attaches no other");
        Hugepages::SetUp();
    }

    /* A server with a port to show, and two clients that are asked and ask all the time. */
    void start(const Words &server_options) {
        server_.emplace(
            joined(joined(server(prefix_), {"--vdev=net_null0", "--", "--quiet"}), server_options));
        expect_out(*server_, kServerReady);
        const Words options = {"--sync-interval", "0.02", "--async-interval", "0.03"};
        first_.emplace(client(prefix_, options));
        second_.emplace(client(prefix_, joined(options, {"--name", "second"})));
        expect_out(*first_, "[SYNC] Reply");
        expect_out(*second_, "[SYNC] Reply");
    }

    /* It does its work: shows our memzone, the port, and its statistics. */
    void use_it() const {
        const Finished memory = run(proc_info(prefix_, "-m"));
        EXPECT_EQ(memory.status, 0) << memory.err;
        EXPECT_TRUE(std::regex_search(memory.out,
                                      std::regex("name:<shared_info>, len:0x40, virt:0x[0-9a-f]+")))
            << memory.out << memory.err;
        const Finished port = run(proc_info(prefix_, "--show-port"));
        EXPECT_EQ(port.status, 0) << port.err;
        EXPECT_TRUE(has(port.out, "driver net_null device net_null0"));
        const Finished stats = run(proc_info(prefix_, "--stats"));
        EXPECT_EQ(stats.status, 0) << stats.err;
        EXPECT_TRUE(has(stats.out, "NIC statistics for port 0"));
    }

    static void expect_goes_on(Process &process, const std::string &line) {
        const int before = count_of(process.out(), line);
        expect_out(process, line, before + 10);
    }

    /* Everything goes on, with nothing lost, and ends in order. */
    void end_clean() {
        for (auto *process : {&*first_, &*second_}) {
            expect_goes_on(*process, "[SYNC] Reply");
            expect_goes_on(*process, "[ASYNC] Reply");
            expect_end(*process);
            const std::string out = process->out();
            for (const char *trouble : {"No reply", "Late reply", "Not answered", "Not sent: '"})
                EXPECT_FALSE(has(out, trouble));
        }
        expect_end(*server_);
        EXPECT_EQ(own_lines(server_->err()), "") << server_->err();
    }

    std::optional<Process> server_;
    std::optional<Process> first_;
    std::optional<Process> second_;
};

TEST_F(Neighbour, ComesAndGoesBesideThePair) {
    ASSERT_NO_FATAL_FAILURE(start({"--stats-interval", "0.05"}));
    for (int i = 0; i < 3; i++)
        use_it();
    EXPECT_FALSE(has(server_->out(), "[STATUS]"));
    end_clean();
}

/* It has not registered client_status, so it does not answer: only the round is affected. */
TEST_F(Neighbour, DoesNotAnswerABroadcastAndNobodyElseMinds) {
    ASSERT_NO_FATAL_FAILURE(start({"--broadcast", "--stats-interval", "0.01"}));
    expect_out(*server_, "[STATUS] Asked 2 clients, 2 answered", 3);
    use_it();
    const auto end = std::chrono::steady_clock::now() + kPatience;
    const std::string met = "[STATUS] Asked 3 clients, 2 answered";
    while (count_of(server_->out(), met) < 2 && std::chrono::steady_clock::now() < end)
        EXPECT_EQ(run(proc_info(prefix_, "-m")).status, 0);
    EXPECT_GE(count_of(server_->out(), met), 2) << server_->describe();
    /* Once it has exited, rounds are complete again. */
    expect_goes_on(*server_, "[STATUS] Asked 2 clients, 2 answered");
    end_clean();
}

}  // namespace
}  // namespace mp_ipc::test
