/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What keeps the heap from growing, without an EAL: the memory of each node, the gate, the
 * messages.
 */
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <deque>
#include <filesystem>
#include <fstream>

#include "support/eal/attach_gate.h"
#include "support/eal/heap.h"
#include "support/eal/heap_question.h"
#include "support/eal/hugepages.h"
#include "tests/harness/held.h"
#include "tests/harness/temp_dir.h"

namespace mp_ipc {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
constexpr std::uint64_t kMiB = 1UL << 20;
constexpr std::uint64_t kPage = 2 * kMiB;

/* ---- the memory of each node -------------------------------------------------------------- */

class NodeMemory : public ::testing::Test {
  protected:
    void write(const std::string &path, const std::string &text) const {
        root_.write(path, text + '\n');
    }
    /* Cores of a node, and its free pages of 2 MiB. */
    void node(unsigned number, const std::vector<unsigned> &cores, unsigned long free) {
        const std::string name = "node" + std::to_string(number);
        for (const unsigned core : cores)
            write("/sys/devices/system/cpu/cpu" + std::to_string(core) + "/" + name + "/x", "");
        write("/sys/devices/system/node/" + name + "/hugepages/hugepages-2048kB/free_hugepages",
              std::to_string(free));
        all_ += free;
        write("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", std::to_string(all_));
        write("/proc/self/mounts", "none /dev/hugepages hugetlbfs rw,pagesize=2M 0 0");
    }
    Hugepages look() {
        return look_at_hugepages({}, root_.path(), [&](const std::string &dir) {
            return dir == "/dev/hugepages" ? std::optional(mount_) : std::nullopt;
        });
    }
    std::string planned() { return socket_mem(plan_node_memory(look())); }

    test::TempDir root_;
    HugetlbMount mount_{kPage, std::nullopt};
    unsigned long all_ = 0;
};

TEST_F(NodeMemory, IsTakenOnEveryNodeWithCores) {
    node(0, {0, 2}, 512);
    node(1, {1, 3}, 512);
    EXPECT_EQ(planned(), "16,16");
}

TEST_F(NodeMemory, IsAQuarterOfWhatIsFreeWhereThatIsLess) {
    node(0, {0}, 20);
    node(1, {1}, 3); /* at least one page */
    EXPECT_EQ(planned(), "10,2");
}

TEST_F(NodeMemory, IsLeftToEalWhereThereIsNone) {
    node(0, {0}, 0);
    EXPECT_TRUE(plan_node_memory(look()).empty());
    EXPECT_TRUE(plan_node_memory(look_at_hugepages({}, root_.path() + "/nowhere")).empty());
}

TEST_F(NodeMemory, IsNotTakenOfANodeWithoutCoresOrWithoutPages) {
    node(0, {0}, 512);
    node(1, {}, 512); /* memory alone: EAL does not know it */
    node(2, {1}, 0);
    node(3, {2}, 512);
    EXPECT_EQ(planned(), "16,0,0,16");
}

TEST_F(NodeMemory, IsNotTakenWhereTheCpusetForbidsIt) {
    node(0, {0}, 512);
    node(1, {1}, 512);
    write("/proc/self/status", "Mems_allowed_list:\t1-3");
    EXPECT_EQ(planned(), "0,16");
    write("/proc/self/status", "Mems_allowed_list:\t0,2");
    EXPECT_EQ(planned(), "16");
}

TEST_F(NodeMemory, IsAPartOfWhatTheMountTheCgroupAndOthersLeave) {
    node(0, {0}, 512);
    node(1, {1}, 512);
    mount_.free = 16 * kPage;
    EXPECT_EQ(planned(), "4,4") << "of 32 MiB, a half each, a quarter of that";
    mount_.free.reset();
    write("/proc/self/cgroup", "0::/pod/box");
    write("/sys/fs/cgroup/pod/box/hugetlb.2MB.max", "max");
    write("/sys/fs/cgroup/pod/box/hugetlb.2MB.current", "0");
    EXPECT_EQ(planned(), "16,16");
    write("/sys/fs/cgroup/pod/hugetlb.2MB.max", std::to_string(10 * kPage));
    write("/sys/fs/cgroup/pod/hugetlb.2MB.current", std::to_string(2 * kPage));
    EXPECT_EQ(planned(), "2,2");
    write("/sys/fs/cgroup/pod/hugetlb.2MB.current", std::to_string(10 * kPage));
    EXPECT_EQ(planned(), "");
    write("/proc/self/cgroup", "0::/");
    write("/sys/kernel/mm/hugepages/hugepages-2048kB/resv_hugepages", "1022");
    EXPECT_EQ(planned(), "2,2") << "a page each is the least";
}

TEST_F(NodeMemory, TakesNoPageOfAGigabyteForAFewKilobytes) {
    node(0, {0}, 0);
    write("/sys/devices/system/node/node0/hugepages/hugepages-1048576kB/free_hugepages", "2");
    write("/sys/kernel/mm/hugepages/hugepages-1048576kB/free_hugepages", "2");
    mount_.page = 1024 * kMiB;
    EXPECT_EQ(planned(), "");
}

/* ---- words -------------------------------------------------------------------------------- */

TEST(HeapFacts, SayHowManyFitAndWhatToReserve) {
    HeapFacts facts;
    facts.attach_bytes = 156000;
    facts.nodes = {{0, 16 * kMiB, kMiB / 2, 15 * kMiB}, {2, 2 * kMiB, 2 * kMiB, 100000}};
    EXPECT_EQ(facts.clients_fit(), 15 * kMiB / 156000);
    EXPECT_EQ(heap_text(facts),
              "node 0: 0.5 of 16.0 MiB in use, room for 100 clients; node 2: 2.0 of 2.0 MiB in "
              "use, room for 0 clients");
    EXPECT_EQ(heap_sizes(facts), "node 0: 0.5/16.0 MiB, node 2: 2.0/2.0 MiB");
    EXPECT_EQ(heap_advice(facts), "--socket-mem 16,0,18");
    facts.attach_bytes = 0;
    EXPECT_EQ(facts.clients_fit(), 0U);
}

TEST(HeapAnswer, IsReadFromTelemetry) {
    const auto answer = read_heap_answer(
        R"({"/mp_ipc/heap":{"clients_fit":7,"heap":"node 0: 1/2","advice":"--socket-mem 16"}})");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->clients_fit, 7U);
    EXPECT_EQ(answer->heap, "node 0: 1/2");
    EXPECT_EQ(answer->advice, "--socket-mem 16");
    for (const char *none : {"", "null", R"({"/mp_ipc/heap":null})", R"({"/mp_ipc/heap":{}})",
                             R"({"clients_fit":)", R"({"clients_fit":"x"})"})
        EXPECT_FALSE(read_heap_answer(none)) << none;
    EXPECT_FALSE(ask_for_heap("/nowhere"));
}

/* ---- the gate ----------------------------------------------------------------------------- */

class Gate : public ::testing::Test {
  protected:
    using Outcome = AttachGate::Outcome;
    /* For a process that enters the gate, and stays in it until it is killed. */
    bool enter() const {
        static std::optional<AttachGate> gate;
        gate.emplace(dir_.path());
        return gate->enter([](milliseconds) { return false; }) == Outcome::entered;
    }
    std::deque<test::Held> fill() const {
        std::deque<test::Held> inside;
        for (unsigned i = 0; i < AttachGate::kPlaces; i++)
            EXPECT_TRUE(inside.emplace_back([this] { return enter(); }).held());
        return inside;
    }
    test::TempDir dir_;
};

TEST_F(Gate, LetsAFewInAndTheNextWhenOneIsKilled) {
    auto inside = fill();
    AttachGate gate(dir_.path());
    int pauses = 0;
    EXPECT_EQ(gate.enter([&](milliseconds) {
        if (++pauses == 3)
            inside.pop_back();
        return true;
    }),
              Outcome::entered);
    EXPECT_EQ(pauses, 3);
    EXPECT_FALSE(test::Held([this] { return enter(); }).held()) << "the place is taken";
    gate.leave();
    EXPECT_TRUE(test::Held([this] { return enter(); }).held());
}

TEST_F(Gate, HasAnotherRowWhereAllOfOneAreStopped) {
    auto inside = fill();
    for (const test::Held &process : inside)
        kill(process.pid(), SIGSTOP);
    AttachGate gate(dir_.path());
    EXPECT_EQ(gate.enter([](milliseconds pause) {
        usleep(static_cast<useconds_t>(pause.count() * 1000));
        return true;
    }),
              Outcome::entered);
    EXPECT_EQ(gate.row(), 1U);
    inside.clear();
    AttachGate next(dir_.path());
    EXPECT_EQ(next.enter([](milliseconds) { return true; }), Outcome::entered);
    EXPECT_EQ(next.row(), 0U);
}

TEST_F(Gate, HasAnotherRowWhereNobodyWithinGetsOn) {
    const auto inside = fill();
    kill(inside[0].pid(), SIGSTOP);
    AttachGate gate(dir_.path());
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(gate.enter(
                  [](milliseconds pause) {
                      usleep(static_cast<useconds_t>(pause.count() * 1000));
                      return true;
                  },
                  milliseconds(600)),
              Outcome::entered);
    EXPECT_GE(std::chrono::steady_clock::now() - begin, milliseconds(600));
    EXPECT_EQ(gate.row(), 1U);
    EXPECT_EQ(gate.holders(0).size(), AttachGate::kPlaces);
}

TEST_F(Gate, IsLeftAloneWhereItCannotBeMadeOrTheWaitIsBrokenOff) {
    AttachGate nowhere(dir_.path() + "/nowhere");
    EXPECT_EQ(nowhere.enter([](milliseconds) { return true; }), Outcome::not_possible);
    const auto inside = fill();
    AttachGate gate(dir_.path());
    EXPECT_EQ(gate.enter([](milliseconds) { return false; }), Outcome::interrupted);
}

}  // namespace
}  // namespace mp_ipc
