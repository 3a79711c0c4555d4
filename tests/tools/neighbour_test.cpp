/* SPDX-License-Identifier: BSD-3-Clause
 *
 * DPDK's own dpdk-proc-info as a third secondary beside mp_server and mp_client: it does its work,
 * and the pair is not affected when it comes and goes.
 */
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <csignal>
#include <optional>
#include <regex>
#include <sstream>

#include "doctor/checks.h"
#include "support/eal/runtime_dir.h"
#include "tests/tools/neighbour.h"

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
    void start(const Words &server_options, const Words &client_options = {}) {
        server_.emplace(
            joined(joined(server(prefix_), {"--vdev=net_null0", "--", "--quiet"}), server_options));
        expect_out(*server_, kServerReady);
        const Words options =
            joined({"--sync-interval", "0.02", "--async-interval", "0.03"}, client_options);
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

    bool has_socket(const std::string &start) const {
        for (const ClientSocket &socket : client_sockets(prefix_.dir())) {
            if (socket.path.starts_with(start))
                return true;
        }
        return false;
    }

    /* Whether this process has the lock (flock) of the prefix's directory. */
    bool holds_directory(pid_t pid) const {
        struct stat status = {};
        if (stat(prefix_.dir().c_str(), &status) != 0)
            return false;
        std::istringstream locks(read_file("/proc/locks"));
        const std::string owner = " " + std::to_string(pid) + " ";
        const std::string inode = ":" + std::to_string(status.st_ino) + " ";
        for (std::string line; std::getline(locks, line);) {
            if (line.find(" FLOCK ") != std::string::npos && line.find("->") == std::string::npos &&
                line.find(owner) != std::string::npos && line.find(inode) != std::string::npos)
                return true;
        }
        return false;
    }

    static void expect_goes_on(Process &process, const std::string &line) {
        const int before = count_of(process.out(), line);
        expect_out(process, line, before + 10);
    }

    /* Everything goes on, with nothing lost; returns the exit statuses of the three. */
    std::vector<int> go_on_and_end() {
        std::vector<int> statuses;
        for (auto *process : {&*first_, &*second_}) {
            expect_goes_on(*process, "[SYNC] Reply");
            expect_goes_on(*process, "[ASYNC] Reply");
            process->signal(SIGINT);
            statuses.push_back(process->wait().value_or(-1));
            const std::string out = process->out();
            for (const char *trouble : {"No reply", "Late reply", "Not answered", "Not sent: '"})
                EXPECT_FALSE(has(out, trouble));
        }
        EXPECT_TRUE(server_->running());
        server_->signal(SIGINT);
        statuses.push_back(server_->wait().value_or(-1));
        return statuses;
    }

    void end_clean() {
        EXPECT_EQ(go_on_and_end(), (std::vector<int>{0, 0, 0}))
            << first_->describe() << second_->describe() << server_->describe();
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

/* One after another: the call fails as a whole, and the next one succeeds. */
TEST_F(Neighbour, MakesASynchronousBroadcastFailOnceAndNoMore) {
    ASSERT_NO_FATAL_FAILURE(start({"--broadcast=sync", "--stats-interval", "0.01"}));
    expect_out(*server_, "[STATUS] Asked 2 clients, 2 answered", 3);
    use_it();
    const auto end = std::chrono::steady_clock::now() + kPatience;
    const std::string met = "one did not answer: no answers";
    while (count_of(server_->out(), met) < 2 && std::chrono::steady_clock::now() < end)
        EXPECT_EQ(run(proc_info(prefix_, "-m")).status, 0);
    EXPECT_GE(count_of(server_->out(), met), 2) << server_->describe();
    expect_goes_on(*server_, "[STATUS] Asked 2 clients, 2 answered");
    end_clean();
}

/* A neighbour that is stopped while it is attached blocks nobody, and is not asked any more. */
TEST_F(Neighbour, StoppedInTheMiddleHoldsNobodyUp) {
    ASSERT_NO_FATAL_FAILURE(start({"--broadcast", "--stats-interval", "0.05"}));
    /* Stopped once its socket is there, but not while it holds the lock on the directory, under
     * which sockets come and go: then the server could not broadcast at all.
     */
    std::optional<Process> neighbour;
    ASSERT_TRUE(eventually([&] {
        neighbour.emplace(proc_info(prefix_, "-m"));
        const std::string start =
            prefix_.dir() + "/mp_socket_" + std::to_string(neighbour->pid()) + "_";
        if (!eventually([&] { return has_socket(start) || !neighbour->running(); }))
            return false;
        neighbour->signal(SIGSTOP);
        return eventually([&] {
                   return !neighbour->running() || look_at_process(neighbour->pid()).state == 'T';
               }) &&
               neighbour->running() && !holds_directory(neighbour->pid());
    }));
    expect_out(*server_, "[STATUS] Asked 3 clients, 2 answered");
    expect_out(*server_, "[STATUS] Not asked: a client does not read its messages");
    expect_goes_on(*first_, "[SYNC] Reply");
    expect_goes_on(*second_, "[ASYNC] Reply");
    neighbour->signal(SIGCONT);
    EXPECT_EQ(neighbour->wait(), 0) << neighbour->describe();
    expect_goes_on(*server_, "[STATUS] Asked 2 clients, 2 answered");
    end_clean();
}

/* It is killed at any point of its start. DPDK's locks in shared memory that it held stay held for
 * ever, and rte_eal_cleanup() of the others may spin on them: the pair still works, and ends in
 * time.
 */
TEST_F(Neighbour, KilledIsForgotten) {
    ASSERT_NO_FATAL_FAILURE(start({"--broadcast", "--stats-interval", "0.05"}));
    for (int i = 0; i < 3; i++) {
        Process neighbour(proc_info(prefix_, "-m"));
        ASSERT_TRUE(eventually(
            [&] { return client_sockets(prefix_.dir()).size() > 2 || !neighbour.running(); }));
        neighbour.signal(SIGKILL);
        neighbour.wait();
    }
    EXPECT_TRUE(eventually([&] { return client_sockets(prefix_.dir()).size() == 2; }));
    expect_goes_on(*server_, "[STATUS] Asked 2 clients, 2 answered");
    for (const int status : go_on_and_end())
        EXPECT_TRUE(status == 0 || status == 1) << status;
}

}  // namespace
}  // namespace mp_ipc::test
