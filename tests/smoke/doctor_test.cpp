/* SPDX-License-Identifier: BSD-3-Clause
 *
 * mp_client -- doctor: each line that can report a fault does so once, in the real program if a
 * test can cause the fault, otherwise in the check, with facts of the test's own.
 */
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <filesystem>

#include "doctor/checks.h"
#include "support/base/unique_fd.h"
#include "tests/harness/datagram.h"
#include "tests/harness/held.h"
#include "tests/harness/pair.h"
#include "tests/harness/temp_dir.h"

namespace mp_ipc::test {
namespace {

/* Whether the doctor has a line that begins so; prints all of its lines if a test expected
 * otherwise.
 */
::testing::AssertionResult has_line(const Finished &visit, const std::string &start) {
    return has("\n" + visit.out, "\n" + start);
}

/* What is there of a socket whose process was killed. */
void leave_socket(const std::string &path) {
    const RawSocket socket(path, RawSocket::File::stays);
}

/* A doctor that looks at a runtime directory that the test makes; needs no hugepages. */
class DoctorFinds : public ::testing::Test {
  protected:
    std::string dir() { return root_.make("dpdk/p"); }
    Finished visit(const Words &argv = client("p", {"doctor"})) {
        return run(argv, {.environment = {"RUNTIME_DIRECTORY=" + root_.path()}});
    }
    TempDir root_;
};

/* One that visits a real server. */
class Doctor : public Hugepages {
  protected:
    Finished visit(const Words &more = {}) {
        return run(client(prefix_, joined({"doctor"}, more)));
    }
};

/* ---- the whole, with and without a server ------------------------------------------------- */

TEST_F(Doctor, FindsNothingWrongWithARunningPair) {
    RunningServer server_process(prefix_);
    const Finished seen = visit();
    EXPECT_EQ(seen.status, 0) << seen.out << seen.err;
    const std::string pid = std::to_string(server_process.pid());
    for (const std::string &line :
         {std::string("Doctor: 18 good, 0 wrong, 0 not checked\n"),
          std::string("✓ Ping: answered in "), std::string("✓ Heap of the server: node 0: 0."),
          "✓ Prefix '" + prefix_.name() + "': a live primary, pid " + pid})
        EXPECT_TRUE(has_line(seen, line));
    EXPECT_TRUE(server_process.running());
    EXPECT_EQ(client_sockets(prefix_.dir()).size(), 0U); /* it leaves no socket */
}

TEST_F(Doctor, WorksWithoutAServerAndSaysWhatItCouldNotCheck) {
    const Finished seen = visit();
    EXPECT_EQ(seen.status, 0) << seen.out << seen.err;
    EXPECT_TRUE(has_line(seen, "– Prefix '"));
    for (const std::string what :
         {"IPC thread", "Heap", "Attaching", "Memzone shared_info", "Ping"})
        EXPECT_TRUE(has_line(seen, "– " + what + ": not checked: no live server\n"));
    EXPECT_TRUE(has_line(seen, "Doctor: 8 good, 0 wrong, 7 not"));
    EXPECT_EQ(seen.err, ""); /* no EAL has started */
}

TEST_F(Doctor, SpeaksChinese) {
    RunningServer server_process(prefix_);
    const Finished seen = visit({"--lang", "zh"});
    EXPECT_EQ(seen.status, 0) << seen.out << seen.err;
    EXPECT_TRUE(has_line(seen, "✓ 大页：已预留 "));
    EXPECT_TRUE(has_line(seen, "检查结果：18 正常，0 异常，0 未检查\n"));
}

TEST_F(Doctor, WorksForAUserWithoutRights) {
    MP_IPC_NEEDS_NOBODY();
    RunningServer server_process(prefix_);
    /* The same runtime directory as root's. */
    const Finished seen = run(client(prefix_, {"doctor"}),
                              {.environment = {"RUNTIME_DIRECTORY=/var/run"}, .uid = kNobody});
    EXPECT_EQ(seen.status, 1) << seen.out << seen.err;
    for (const std::string &line :
         {std::string("✗ Runtime directory: "),
          "– Prefix '" + prefix_.name() + "': not checked: no permission for ",
          std::string("– Client sockets: not checked: no perm"), std::string("✗ Hugepage mount: ")})
        EXPECT_TRUE(has_line(seen, line));
}

/* ---- the runtime directory ---------------------------------------------------------------- */

TEST_F(DoctorFinds, NothingIsThereYet) {
    const Finished seen = visit();
    EXPECT_TRUE(has_line(seen, "✓ Runtime directory: "));
    EXPECT_TRUE(has(seen.out, "not there yet, can be made"));
    EXPECT_FALSE(std::filesystem::exists(root_ / "dpdk")); /* it only looks */
}

TEST_F(DoctorFinds, TheRuntimeDirectoryCannotBeMade) {
    const Finished seen =
        run(client("p", {"doctor"}), {.environment = {"RUNTIME_DIRECTORY=/nonexistent/x"}});
    EXPECT_EQ(seen.status, 1);
    EXPECT_TRUE(has_line(seen,
                         "✗ Runtime directory: /nonexistent/x/dpdk/p cannot be made: there is no "
                         "/nonexistent/x: "));
}

TEST_F(DoctorFinds, TheRuntimeDirectoryIsOpenToOthers) {
    ASSERT_EQ(chmod(dir().c_str(), 0750), 0);
    const Finished seen = visit();
    EXPECT_EQ(seen.status, 1);
    EXPECT_TRUE(
        has_line(seen, "✗ Runtime directory: " + dir() + " has mode 0750, open to other users"));
}

TEST_F(DoctorFinds, ThePathIsTooLong) {
    const Finished seen = visit(client(std::string(70, 'p'), {"doctor"}));
    EXPECT_EQ(seen.status, 1);
    EXPECT_TRUE(has_line(seen, "✗ Path length: socket paths in "));
    /* 107 bytes and a NUL are what a sockaddr_un has. */
    const std::size_t rest = std::string("/mp_socket_4194304_0123456789abcdef").size();
    using Verdict = Finding::Verdict;
    EXPECT_EQ(check_path_length(std::string(107 - rest, 'd'), 4194304).verdict, Verdict::good);
    EXPECT_EQ(check_path_length(std::string(108 - rest, 'd'), 4194304).verdict, Verdict::bad);
}

/* ---- cores -------------------------------------------------------------------------------- */

TEST_F(DoctorFinds, CoresThatAreNotThere) {
    Words argv = client("p", {"doctor"});
    argv[2] = "0,4000";
    const Finished seen = visit(argv);
    EXPECT_EQ(seen.status, 1);
    EXPECT_TRUE(has_line(seen,
                         "✗ Cores: -l 0,4000 names cores that are not available here: 4000 "
                         "(available: "));
}

TEST_F(Doctor, TheServersCoreIsNamedTwice) {
    RunningServer server_process(prefix_);
    Words argv = client(prefix_, {"doctor"});
    argv[2] = "0";
    Finished seen = run(argv);
    EXPECT_EQ(seen.status, 1);
    EXPECT_TRUE(has_line(
        seen, "✗ Cores: the server has 0 too: start mp_client with -l " + last_core() + "\n"));
    EXPECT_TRUE(has_line(seen, "– Attaching: not checked: correct the cores first"));
    argv.erase(argv.begin() + 1, argv.begin() + 3); /* no -l: all cores */
    seen = run(argv);
    EXPECT_EQ(seen.status, 1);
    EXPECT_TRUE(has_line(seen, "✗ Cores: the server has 0 too"));
}

TEST_F(DoctorFinds, OptionsThatLeaveNothingToShare) {
    const Finished seen = visit(with_eal(client("p", {"doctor"}), {"--in-memory"}));
    EXPECT_EQ(seen.status, 1);
    EXPECT_TRUE(
        has_line(seen, "✗ --in-memory makes no files that a secondary could attach to: omit it"));
    EXPECT_TRUE(has_line(seen, "– Attaching: not checked: --in-memory\n"));
}

/* ---- prefixes, leftovers ------------------------------------------------------------------ */

TEST_F(DoctorFinds, APrimaryHasNotCompletedItsStart) {
    dir();
    const UniqueFd lock = hold_write_lock(root_.write("dpdk/p/config"));
    const Finished seen = visit();
    EXPECT_EQ(seen.status, 1);
    EXPECT_TRUE(has_line(seen, "✗ Prefix 'p': a primary (pid " + std::to_string(getpid())));
    EXPECT_TRUE(has(seen.out, "holds it but receives no messages"));
}

TEST_F(DoctorFinds, ThePrimaryWasKilled) {
    root_.write("dpdk/p/config");
    leave_socket(dir() + "/mp_socket");
    const Finished seen = visit();
    EXPECT_EQ(seen.status, 1);
    EXPECT_TRUE(has_line(seen, "✗ Prefix 'p': its primary was killed and "));
}

TEST_F(DoctorFinds, ThePrimaryHasEndedInOrder) {
    root_.write("dpdk/p/config");
    EXPECT_TRUE(has_line(visit(), "– Prefix 'p': no primary runs"));
}

TEST_F(DoctorFinds, ProcessesHoldTheFilesOfADeadPrimary) {
    root_.write("dpdk/p/config");
    const UniqueFd held(open(root_.write("dpdk/p/fbarray_memzone").c_str(), O_RDWR | O_CLOEXEC));
    ASSERT_EQ(flock(held.get(), LOCK_SH), 0);
    const Finished seen = visit();
    EXPECT_EQ(seen.status, 1);
    EXPECT_TRUE(has_line(seen, "✗ Prefix 'p': its primary is gone, but processes hold its files"));
    std::string name = read_file("/proc/self/comm");
    name.pop_back(); /* its newline */
    EXPECT_TRUE(has(seen.out, "pid " + std::to_string(getpid()) + ", " + name + ": end them"));
}

TEST_F(DoctorFinds, OtherPrefixesAreNamedWithTheirState) {
    const UniqueFd lock = hold_write_lock(root_.write("dpdk/a_live/config"));
    const RawSocket live(root_ / "dpdk/a_live/mp_socket");
    root_.write("dpdk/b_killed/config");
    leave_socket(root_ / "dpdk/b_killed/mp_socket");
    root_.write("dpdk/c_ended/config");
    root_.make("dpdk/d_nothing");
    root_.write("dpdk/e\x1b[2J/config");
    const Finished seen = visit();
    EXPECT_TRUE(has_line(seen, "– Prefix 'p': "));
    EXPECT_TRUE(has(seen.out,
                    "; other prefixes: a_live (live), b_killed (killed), c_ended (ended), "
                    "e\\x1b[2J (ended)\n"));
}

TEST_F(DoctorFinds, SocketsOfKilledClientsAreLeft) {
    root_.write("dpdk/p/config");
    const RawSocket live(dir() + "/mp_socket_11_aa");
    leave_socket(dir() + "/mp_socket_12_bb");
    const Finished seen = visit();
    EXPECT_EQ(seen.status, 1);
    EXPECT_TRUE(has_line(seen, "✗ Client sockets: 1 of 2 belong to killed clients: rm " + dir() +
                                   "/mp_socket_12_bb\n"));
}

/* ---- the server --------------------------------------------------------------------------- */

TEST_F(Doctor, APrimaryWithoutItsIpcThread) {
    Process primary(helper("bare-primary", prefix_));
    expect_out(primary, "ready");
    ASSERT_TRUE(look_at_process(primary.pid()).ipc_thread);
    RawSocket().send(prefix_.dir() + "/mp_socket", "", 0); /* one empty datagram ends it */
    ASSERT_TRUE(eventually([&] { return !look_at_process(primary.pid()).ipc_thread; }));
    const Finished seen = visit();
    EXPECT_EQ(seen.status, 1);
    EXPECT_TRUE(has_line(seen, "✗ IPC thread: that of the server (pid " +
                                   std::to_string(primary.pid()) + ") is gone"));
    EXPECT_TRUE(has_line(seen, "– Ping: not checked"));
}

TEST_F(Doctor, NamesWhatIsWrongWithAPrimary) {
    const struct {
        Words primary;
        std::string ready;
        Words lines;
    } kRows[] = {{server(prefix_, {"--no-secondaries=0"}),
                  "rte_mp_disable()",
                  {"✗ Server: it accepts no secondaries: it has called rte_mp_disable()\n",
                   "– Attaching: not checked: see above\n"}},
                 {helper("bare-primary", prefix_),
                  "ready",
                  {"✗ Memzone shared_info: not there: this primary is no mp_server",
                   "– Ping: not checked: no mp_server to ask\n"}},
                 {server(prefix_, {"--fault", "silent"}),
                  kServerReady,
                  {"✗ Ping: no reply within 1.000 s: "}},
                 {helper("odd-replies", prefix_), /* without the time of the request */
                  "ready",
                  {"✗ Ping: no good reply: it answers another request"}}};
    for (const auto &row : kRows) {
        Process primary(row.primary);
        expect_out(primary, row.ready);
        const Finished seen = visit({"--timeout", "1"});
        EXPECT_EQ(seen.status, 1);
        for (const std::string &line : row.lines)
            EXPECT_TRUE(has_line(seen, line));
        EXPECT_EQ(own_lines(seen.err), "");
    }
}

}  // namespace
}  // namespace mp_ipc::test
