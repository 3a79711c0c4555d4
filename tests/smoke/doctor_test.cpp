/* SPDX-License-Identifier: BSD-3-Clause
 *
 * mp_client -- doctor: each line that can report a fault does so once, in the real program if a
 * test can cause the fault, otherwise in the check, with facts of the test's own.
 */
#include <gtest/gtest.h>

#include "doctor/checks.h"
#include "tests/smoke/doctor.h"

namespace mp_ipc::test {
namespace {

using Verdict = Finding::Verdict;

/* ---- the whole, with and without a server ------------------------------------------------- */

TEST_F(Doctor, FindsNothingWrongWithARunningPair) {
    RunningServer server_process(prefix_);
    const Finished visit = run(doctor(prefix_.name()));
    EXPECT_EQ(visit.status, 0) << visit.out << visit.err;
    EXPECT_NE(visit.out.find("Doctor: 18 good, 0 wrong, 0 not checked\n"), std::string::npos)
        << visit.out;
    EXPECT_TRUE(begins(line_of(visit, "Ping"), "✓ Ping: answered in ")) << visit.out;
    EXPECT_TRUE(begins(line_of(visit, "Heap"), "✓ Heap of the server: node 0: 0.")) << visit.out;
    EXPECT_TRUE(begins(line_of(visit, "Prefix"), "✓ Prefix '" + prefix_.name() +
                                                     "': a live primary, pid " +
                                                     std::to_string(server_process.pid())))
        << visit.out;
    EXPECT_TRUE(server_process.running());
    EXPECT_EQ(client_sockets(prefix_.dir()).size(), 0U); /* it leaves no socket */
}

TEST_F(Doctor, WorksWithoutAServerAndSaysWhatItCouldNotCheck) {
    const Finished visit = run(doctor(prefix_.name()));
    EXPECT_EQ(visit.status, 0) << visit.out << visit.err;
    EXPECT_TRUE(begins(line_of(visit, "Prefix"), "– Prefix '")) << visit.out;
    for (const char *what : {"IPC thread", "Heap", "Attaching", "Memzone shared_info", "Ping"})
        EXPECT_EQ(line_of(visit, what), std::string("– ") + what + ": not checked: no live server");
    EXPECT_TRUE(begins(line_of(visit, "Doctor:"), "Doctor: 8 good, 0 wrong, 7 not")) << visit.out;
    EXPECT_EQ(visit.err, ""); /* no EAL has started */
}

TEST_F(Doctor, SpeaksChinese) {
    RunningServer server_process(prefix_);
    const Finished visit = run(doctor(prefix_.name(), {"--lang", "zh"}));
    EXPECT_EQ(visit.status, 0) << visit.out << visit.err;
    EXPECT_TRUE(begins(line_of(visit, "大页："), "✓ 大页：已预留 ")) << visit.out;
    EXPECT_NE(visit.out.find("检查结果：18 正常，0 异常，0 未检查\n"), std::string::npos)
        << visit.out;
}

/* ---- DPDK, hugepages ---------------------------------------------------------------------- */

TEST_F(Doctor, WorksForAUserWithoutRights) {
    MP_IPC_NEEDS_NOBODY();
    RunningServer server_process(prefix_);
    /* The same runtime directory as root's. */
    const Finished visit = run(doctor(prefix_.name()),
                               {.environment = {"RUNTIME_DIRECTORY=/var/run"}, .uid = kNobody});
    EXPECT_EQ(visit.status, 1) << visit.out << visit.err;
    EXPECT_TRUE(begins(line_of(visit, "Runtime directory"), "✗ Runtime directory: ")) << visit.out;
    EXPECT_TRUE(begins(line_of(visit, "Prefix"),
                       "– Prefix '" + prefix_.name() + "': not checked: no permission for "))
        << visit.out;
    EXPECT_TRUE(begins(line_of(visit, "Client sockets"), "– Client sockets: not checked: no perm"))
        << visit.out;
    EXPECT_TRUE(begins(line_of(visit, "Hugepage mount"), "✗ Hugepage mount: ")) << visit.out;
}

/* ---- the runtime directory ---------------------------------------------------------------- */

TEST_F(DoctorFinds, NothingIsThereYet) {
    const Finished seen = visit();
    EXPECT_TRUE(begins(line_of(seen, "Runtime directory"), "✓ Runtime directory: ")) << seen.out;
    EXPECT_NE(line_of(seen, "Runtime directory").find("not there yet, can be made"),
              std::string::npos);
    EXPECT_FALSE(std::filesystem::exists(root_ / "dpdk")); /* it only looks */
}

TEST_F(DoctorFinds, TheRuntimeDirectoryCannotBeMade) {
    const Finished seen = run(doctor("p"), {.environment = {"RUNTIME_DIRECTORY=/nonexistent/x"}});
    EXPECT_EQ(seen.status, 1);
    EXPECT_TRUE(begins(line_of(seen, "Runtime directory"),
                       "✗ Runtime directory: /nonexistent/x/dpdk/p cannot be made: there is no "
                       "/nonexistent/x: "))
        << seen.out;
}

TEST_F(DoctorFinds, TheRuntimeDirectoryIsOpenToOthers) {
    ASSERT_EQ(chmod(dir().c_str(), 0750), 0);
    const Finished seen = visit();
    EXPECT_EQ(seen.status, 1);
    EXPECT_NE(line_of(seen, "Runtime directory").find("has mode 0750, open to other users"),
              std::string::npos)
        << seen.out;
    EXPECT_TRUE(begins(line_of(seen, "Runtime directory"), "✗ ")) << seen.out;
}

TEST_F(DoctorFinds, ThePathIsTooLong) {
    const Finished seen =
        run(doctor(std::string(70, 'p')), {.environment = {"RUNTIME_DIRECTORY=" + root_.path()}});
    EXPECT_EQ(seen.status, 1);
    EXPECT_TRUE(begins(line_of(seen, "Path length"), "✗ Path length: socket paths in "))
        << seen.out;
    /* 107 bytes and a NUL are what a sockaddr_un has. */
    const std::size_t rest = std::string("/mp_socket_4194304_0123456789abcdef").size();
    EXPECT_EQ(check_path_length(std::string(107 - rest, 'd'), 4194304).verdict, Verdict::good);
    EXPECT_EQ(check_path_length(std::string(108 - rest, 'd'), 4194304).verdict, Verdict::bad);
}

/* ---- cores -------------------------------------------------------------------------------- */

TEST_F(DoctorFinds, CoresThatAreNotThere) {
    Words argv = doctor("p");
    argv[2] = "0,4000";
    const Finished seen = run(argv, {.environment = {"RUNTIME_DIRECTORY=" + root_.path()}});
    EXPECT_EQ(seen.status, 1);
    EXPECT_TRUE(begins(line_of(seen, "Cores"),
                       "✗ Cores: -l 0,4000 names cores that are not "
                       "available here: 4000 (available: "))
        << seen.out;
}

TEST_F(Doctor, TheServersCoreIsNamedTwice) {
    RunningServer server_process(prefix_);
    Words argv = doctor(prefix_.name());
    argv[2] = "0";
    Finished visit = run(argv);
    EXPECT_EQ(visit.status, 1);
    EXPECT_EQ(line_of(visit, "Cores"),
              "✗ Cores: the server has 0 too: start mp_client with -l " + last_core());
    EXPECT_TRUE(
        begins(line_of(visit, "Attaching"), "– Attaching: not checked: correct the cores first"));
    argv.erase(argv.begin() + 1, argv.begin() + 3); /* no -l: all cores */
    visit = run(argv);
    EXPECT_EQ(visit.status, 1);
    EXPECT_TRUE(begins(line_of(visit, "Cores"), "✗ Cores: the server has 0 too")) << visit.out;
}

TEST_F(DoctorFinds, OptionsThatLeaveNothingToShare) {
    const Finished seen = run(with_eal(doctor("p"), {"--in-memory"}),
                              {.environment = {"RUNTIME_DIRECTORY=" + root_.path()}});
    EXPECT_EQ(seen.status, 1);
    EXPECT_TRUE(begins(line_of(seen, "--in-memory"),
                       "✗ --in-memory makes no files that a secondary could attach to: omit it"))
        << seen.out;
    EXPECT_EQ(line_of(seen, "Attaching"), "– Attaching: not checked: --in-memory");
}

}  // namespace
}  // namespace mp_ipc::test
