/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The primary's heap does not grow for a secondary, whatever the others do; and a client that does
 * not fit is refused before it touches anything.
 */
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <deque>

#include "support/base/unique_fd.h"
#include "support/eal/attach_gate.h"
#include "support/eal/hugepages.h"
#include "tests/harness/datagram.h"
#include "tests/harness/held.h"
#include "tests/harness/pair.h"

namespace mp_ipc::test {
namespace {

class HeapFault : public Hugepages {};

void expect_served(const Prefix &prefix) {
    const Finished newcomer = run(client(prefix, {"ping", "--count", "2", "--interval", "0.01"}));
    EXPECT_EQ(newcomer.status, 0) << newcomer.out << newcomer.err;
}

/* If the heap could grow, this would kill the server: two secondaries that do not answer, and one
 * that asks for more than there is, a block after another.
 */
TEST_F(HeapFault, ASecondaryThatWantsMoreIsRefusedAtOnceAndHarmsNobody) {
    RunningServer server_process(prefix_, {"--quiet"});
    const std::size_t pages = prefix_.hugepage_files();
    const RawSocket deaf(prefix_.dir() + "/mp_socket_1_f00d"); /* as a secondary that never reads */
    RunningClient stopped(prefix_, {"--quiet"});
    stopped.signal(SIGSTOP);
    {
        Process greedy(helper("take-heap", prefix_));
        expect_out(greedy, "taken ");
        expect_err(server_process, "asked for more heap");
        EXPECT_EQ(prefix_.hugepage_files(), pages);

        const Finished refused = run(client(prefix_, {"ping", "--count", "1"}));
        EXPECT_EQ(refused.status, 1) << refused.err;
        EXPECT_EQ(own_lines(refused.err)
                      .find("mp_client: error: the server's heap has no room for "
                            "another client (node 0: "),
                  0U)
            << refused.err;
        EXPECT_TRUE(has(refused.err, "such as --socket-mem "));
        EXPECT_FALSE(has(refused.err, "EAL:")) << "it had not started its EAL";
        const Finished doctor = run(client(prefix_, {"doctor"}));
        EXPECT_EQ(doctor.status, 1) << doctor.out;
        EXPECT_TRUE(has(doctor.out, "✗ Heap of the server: node 0: "));
        greedy.signal(SIGKILL);
        EXPECT_TRUE(greedy.wait());
    }
    EXPECT_TRUE(server_process.running()) << server_process.describe();
    stopped.signal(SIGCONT);
    expect_end(server_process);
}

/* For those who attach: it does not grow for them. */
TEST_F(HeapFault, TheServerTakesItsMemoryAtTheStart) {
    const auto free = look_at_hugepages();
    const std::vector<std::uint64_t> plan = plan_node_memory(free);
    std::size_t pages = 0;
    for (const NodePages &node : free.nodes)
        pages += node.page > 0 && node.node < plan.size() ? plan[node.node] / node.page : 0;
    MP_IPC_NEEDS(pages > 1, "more free hugepages");
    RunningServer server_process(prefix_, {"--quiet"});
    EXPECT_EQ(prefix_.hugepage_files(), pages);
    EXPECT_EQ(count_of(server_process.err(), "mp_server: memory: node 0: 0."), 1)
        << server_process.err();
    EXPECT_TRUE(has(run(client(prefix_, {"report"})).out, "[REPORT] heap: node 0: 0."));
    expect_end(server_process);
}

TEST_F(HeapFault, TheUsersOwnMemoryIsLeftAsItIs) {
    for (const Words &own : {Words{"-m", "4"}, Words{"--socket-mem=4"}}) {
        const Prefix prefix;
        RunningServer server_process(with_eal(server(prefix, {"--quiet"}), own));
        EXPECT_EQ(prefix.hugepage_files(), 2U);
        expect_served(prefix);
        EXPECT_EQ(prefix.hugepage_files(), 2U);
        expect_end(server_process);
    }
    RunningServer server_process(
        with_eal(server(prefix_, {"--quiet"}), {"--legacy-mem", "-m", "4"}));
    EXPECT_EQ(own_lines(server_process.err()), "");
    expect_end(server_process);
}

/* The locks of this process are those of clients that attach, and take their time. */
TEST_F(HeapFault, AClientWaitsWhereAsManyAttachAsThereArePlacesFor) {
    RunningServer server_process(prefix_, {"--quiet"});
    UniqueFd places(open((prefix_.dir() + "/mp_ipc_attach").c_str(), O_RDWR | O_CLOEXEC));
    struct flock all = {};
    all.l_type = F_WRLCK;
    all.l_whence = SEEK_SET;
    all.l_len = AttachGate::kPlaces;
    ASSERT_EQ(fcntl(places.get(), F_SETLK, &all), 0) << std::strerror(errno);
    Process waiting(client(prefix_, {"ping", "--count", "1"}));
    EXPECT_FALSE(waiting.wait_for_err("EAL: ", 1, std::chrono::seconds(2))) << waiting.describe();
    EXPECT_TRUE(waiting.running()) << waiting.describe();
    places = UniqueFd();
    EXPECT_EQ(waiting.wait(), 0) << waiting.describe();
    expect_end(server_process);
}

/* As many as there are places are stopped in their start. They have no EAL: a client that is
 * stopped within rte_eal_init() may have a lock of the primary's heap, which no other gets then.
 */
TEST_F(HeapFault, ClientsThatAreStoppedInTheirStartKeepNobodyOut) {
    RunningServer server_process(prefix_, {"--quiet"});
    {
        std::deque<Held> stopped;
        for (unsigned i = 0; i < AttachGate::kPlaces; i++) {
            stopped.emplace_back([this] {
                static AttachGate gate(prefix_.dir());
                return gate.enter([](std::chrono::milliseconds) { return false; }) ==
                       AttachGate::Outcome::entered;
            });
            ASSERT_TRUE(stopped.back().held());
            kill(stopped.back().pid(), SIGSTOP);
        }
        const Finished newcomer = run(client(prefix_, {"ping", "--count", "1"}));
        EXPECT_EQ(newcomer.status, 0) << newcomer.out << newcomer.err;
        EXPECT_TRUE(has(newcomer.err, "make no progress, stopped perhaps: pid "));
    }
    const Finished next = run(client(prefix_, {"ping", "--count", "1"}));
    EXPECT_EQ(next.status, 0) << next.out << next.err;
    EXPECT_FALSE(has(next.err, "make no progress"));
    expect_end(server_process);
}

/* Held as by a client that is stopped while it makes its socket. */
TEST_F(HeapFault, WhoHoldsTheLockOfTheDirectoryIsNamed) {
    RunningServer server_process(prefix_, {"--quiet"});
    const UniqueFd dir(open(prefix_.dir().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    ASSERT_EQ(flock(dir.get(), LOCK_EX), 0) << std::strerror(errno);
    const Finished kept_out = run(client(prefix_, {"ping", "--count", "1"}));
    EXPECT_EQ(kept_out.status, 1) << kept_out.err;
    EXPECT_TRUE(has(kept_out.err, "holds the lock of " + prefix_.dir() + " (pid " +
                                      std::to_string(getpid()) + ", "));
    ASSERT_EQ(flock(dir.get(), LOCK_UN), 0);
    expect_served(prefix_);
    expect_end(server_process);
}

}  // namespace
}  // namespace mp_ipc::test
