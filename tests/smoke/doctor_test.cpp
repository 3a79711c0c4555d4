/* SPDX-License-Identifier: BSD-3-Clause
 *
 * mp_client -- doctor: each line that can go wrong goes wrong once, in the real program wherever a
 * test can bring it about, otherwise in the check with made-up facts.
 */
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <cstring>

#include "doctor/checks.h"
#include "support/base/unique_fd.h"
#include "tests/harness/pair.h"
#include "tests/harness/temp_dir.h"

namespace mp_ipc::test {
namespace {

using Verdict = Finding::Verdict;

Words doctor(const std::string &prefix, const Words &more = {}) {
    Words argv = client(Prefix(), {"doctor"});
    for (std::string &word : argv) {
        if (word.starts_with("--file-prefix="))
            word = "--file-prefix=" + prefix;
    }
    argv.insert(argv.end(), more.begin(), more.end());
    return argv;
}

/* The line of the doctor's output that has `what`, or all of it where none has. */
std::string line_of(const Finished &visit, const std::string &what) {
    const std::size_t at = visit.out.find(what);
    if (at == std::string::npos)
        return "no line '" + what + "' in:\n" + visit.out + visit.err;
    const std::size_t begin = visit.out.rfind('\n', at) + 1;
    return visit.out.substr(begin, visit.out.find('\n', at) - begin);
}

bool begins(const std::string &text, const std::string &start) {
    return text.starts_with(start);
}

/* A doctor that looks at a runtime directory made up by the test; needs no hugepages. */
class DoctorFinds : public ::testing::Test {
  protected:
    std::string dir() { return root_.make("dpdk/p"); }
    Finished visit(const Words &more = {}, uid_t uid = 0) {
        return run(doctor("p", more),
                   {.environment = {"RUNTIME_DIRECTORY=" + root_.path()}, .uid = uid});
    }
    TempDir root_;
};

/* ---- the whole, with and without a server ------------------------------------------------- */

class Doctor : public Hugepages {};

TEST_F(Doctor, FindsNothingWrongWithARunningPair) {
    const Prefix prefix;
    RunningServer server_process(prefix);
    const Finished visit = run(doctor(prefix.name()));
    EXPECT_EQ(visit.status, 0) << visit.out << visit.err;
    EXPECT_NE(visit.out.find("Doctor: 18 good, 0 wrong, 0 not checked\n"), std::string::npos)
        << visit.out;
    EXPECT_TRUE(begins(line_of(visit, "Ping"), "✓ Ping: answered in ")) << visit.out;
    EXPECT_TRUE(begins(line_of(visit, "Heap"), "✓ Heap of the server: node 0: 0.")) << visit.out;
    EXPECT_TRUE(begins(line_of(visit, "Prefix"), "✓ Prefix '" + prefix.name() +
                                                     "': a live primary, pid " +
                                                     std::to_string(server_process.pid())))
        << visit.out;
    EXPECT_TRUE(server_process.running());
    EXPECT_EQ(client_sockets(prefix.dir()).size(), 0U); /* it has left nothing behind */
}

TEST_F(Doctor, WorksWithoutAServerAndSaysWhatItCouldNotCheck) {
    const Prefix prefix;
    const Finished visit = run(doctor(prefix.name()));
    EXPECT_EQ(visit.status, 0) << visit.out << visit.err;
    EXPECT_TRUE(begins(line_of(visit, "Prefix"), "– Prefix '")) << visit.out;
    for (const char *what : {"IPC thread", "Heap", "Attaching", "Memzone shared_info", "Ping"})
        EXPECT_EQ(line_of(visit, what), std::string("– ") + what + ": not checked: no live server");
    EXPECT_TRUE(begins(line_of(visit, "Doctor:"), "Doctor: 8 good, 0 wrong, 7 not")) << visit.out;
    EXPECT_EQ(visit.err, ""); /* no EAL has started */
}

TEST_F(Doctor, SpeaksChinese) {
    const Prefix prefix;
    RunningServer server_process(prefix);
    const Finished visit = run(doctor(prefix.name(), {"--lang", "zh"}));
    EXPECT_EQ(visit.status, 0) << visit.out << visit.err;
    EXPECT_TRUE(begins(line_of(visit, "大页:"), "✓ 大页: 已预留 ")) << visit.out;
    EXPECT_NE(visit.out.find("检查结果: 18 正常, 0 异常, 0 未检查\n"), std::string::npos)
        << visit.out;
}

/* ---- DPDK, hugepages ---------------------------------------------------------------------- */

TEST_F(Doctor, HugeDirIsNoHugetlbfs) {
    const Prefix prefix;
    Words argv = doctor(prefix.name());
    argv.insert(argv.begin() + 1, "--huge-dir=/tmp");
    const Finished visit = run(argv);
    EXPECT_EQ(visit.status, 1) << visit.out;
    EXPECT_TRUE(begins(line_of(visit, "Hugepage mount"),
                       "✗ Hugepage mount: --huge-dir /tmp is no hugetlbfs; there is "))
        << visit.out;
}

TEST_F(Doctor, WorksForAUserWithoutRights) {
    MP_IPC_NEEDS_NOBODY();
    const Prefix prefix;
    RunningServer server_process(prefix);
    /* The same runtime directory as root's. */
    const Finished visit =
        run(doctor(prefix.name()), {.environment = {"RUNTIME_DIRECTORY=/var/run"}, .uid = kNobody});
    EXPECT_EQ(visit.status, 1) << visit.out << visit.err;
    EXPECT_TRUE(begins(line_of(visit, "Runtime directory"), "✗ Runtime directory: ")) << visit.out;
    EXPECT_TRUE(begins(line_of(visit, "Prefix"),
                       "– Prefix '" + prefix.name() + "': not checked: no permission for "))
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

/* What the length check keeps people from: the secondary's socket path is cut (22.11) or EAL does
 * not start (26.07), and nothing works.
 */
TEST_F(Doctor, APathTooLongIsReallyNoGood) {
    const TempDir root;
    const std::string name(static_cast<std::size_t>(107 - 11 - 5) - root.path().size(), 'p');
    const ProcessOptions options = {.environment = {"RUNTIME_DIRECTORY=" + root.path()}};
    Words argv = server(Prefix());
    for (std::string &word : argv) {
        if (word.starts_with("--file-prefix="))
            word = "--file-prefix=" + name;
    }
    argv.emplace_back("--huge-unlink");
    Process server_process(argv, options);
    if (server_process.wait_for_out(kServerReady)) {
        Words client_argv = doctor(name);
        client_argv.back() = "hello";
        client_argv.insert(client_argv.end(), {"--count", "1", "--timeout", "0.5"});
        const Finished answer = run(client_argv, options);
        EXPECT_NE(answer.status, 0) << answer.out << answer.err;
    }
    const Finished seen = run(doctor(name), options);
    EXPECT_EQ(seen.status, 1);
    EXPECT_TRUE(begins(line_of(seen, "Path length"), "✗ ")) << seen.out;
}

/* ---- prefixes, leftovers ------------------------------------------------------------------ */

/* Holds the lock of a primary on `config`, as EAL does. */
UniqueFd hold_primary_lock(const std::string &config) {
    UniqueFd fd(open(config.c_str(), O_RDWR | O_CLOEXEC));
    struct flock lock = {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    EXPECT_EQ(fcntl(fd.get(), F_SETLK, &lock), 0);
    return fd;
}

/* A unix datagram socket bound to path. */
UniqueFd bind_socket(const std::string &path) {
    UniqueFd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    EXPECT_EQ(bind(fd.get(), reinterpret_cast<sockaddr *>(&address), sizeof(address)), 0) << path;
    return fd;
}

TEST_F(DoctorFinds, APrimaryHasNotCompletedItsStart) {
    dir();
    const UniqueFd lock = hold_primary_lock(root_.write("dpdk/p/config"));
    const Finished seen = visit();
    EXPECT_EQ(seen.status, 1);
    EXPECT_TRUE(begins(line_of(seen, "Prefix 'p'"),
                       "✗ Prefix 'p': a primary (pid " + std::to_string(getpid())))
        << seen.out;
    EXPECT_NE(line_of(seen, "Prefix 'p'").find("holds it but takes no messages"),
              std::string::npos);
}

TEST_F(DoctorFinds, ThePrimaryWasKilled) {
    root_.write("dpdk/p/config");
    bind_socket(dir() + "/mp_socket"); /* closed at once: the file stays */
    const Finished seen = visit();
    EXPECT_EQ(seen.status, 1);
    EXPECT_TRUE(begins(line_of(seen, "Prefix 'p'"), "✗ Prefix 'p': its primary was killed and "))
        << seen.out;
}

TEST_F(DoctorFinds, ThePrimaryHasEndedInOrder) {
    root_.write("dpdk/p/config");
    const Finished seen = visit();
    EXPECT_TRUE(begins(line_of(seen, "Prefix 'p'"), "– Prefix 'p': no primary runs")) << seen.out;
}

TEST_F(DoctorFinds, ProcessesHoldTheFilesOfADeadPrimary) {
    root_.write("dpdk/p/config");
    const UniqueFd held(open(root_.write("dpdk/p/fbarray_memzone").c_str(), O_RDWR | O_CLOEXEC));
    ASSERT_EQ(flock(held.get(), LOCK_SH), 0);
    const Finished seen = visit();
    EXPECT_EQ(seen.status, 1);
    const std::string line = line_of(seen, "Prefix 'p'");
    EXPECT_TRUE(begins(line, "✗ Prefix 'p': its primary is gone, but processes hold its files"))
        << seen.out;
    std::string name = read_file("/proc/self/comm");
    name.pop_back(); /* its newline */
    EXPECT_NE(line.find("pid " + std::to_string(getpid()) + ", " + name + ": end them"),
              std::string::npos)
        << line;
}

TEST_F(DoctorFinds, OtherPrefixesAreNamedWithTheirState) {
    const UniqueFd lock = hold_primary_lock(root_.write("dpdk/a_live/config"));
    const UniqueFd live = bind_socket(root_ / "dpdk/a_live/mp_socket");
    root_.write("dpdk/b_killed/config");
    bind_socket(root_ / "dpdk/b_killed/mp_socket");
    root_.write("dpdk/c_ended/config");
    root_.make("dpdk/d_nothing");
    root_.make("dpdk/e\x1b[2J");
    root_.write("dpdk/e\x1b[2J/config");
    const Finished seen = visit();
    EXPECT_TRUE(line_of(seen, "Prefix 'p'")
                    .ends_with("; other prefixes: a_live (live), b_killed (killed), "
                               "c_ended (ended), e\\x1b[2J (ended)"))
        << seen.out;
}

TEST_F(DoctorFinds, SocketsOfKilledClientsAreLeft) {
    dir();
    root_.write("dpdk/p/config");
    const UniqueFd live = bind_socket(dir() + "/mp_socket_11_aa");
    bind_socket(dir() + "/mp_socket_12_bb");
    const Finished seen = visit();
    EXPECT_EQ(seen.status, 1);
    EXPECT_EQ(line_of(seen, "Client sockets"),
              "✗ Client sockets: 1 of 2 are of clients that were killed: rm " + dir() +
                  "/mp_socket_12_bb");
}

TEST_F(Doctor, AServerThatWasReallyKilled) {
    const Prefix prefix;
    RunningServer server_process(prefix, {"--stats-interval", "0"});
    Process client_process(client(prefix));
    ASSERT_TRUE(client_process.wait_for_out("[SYNC] Reply"));
    client_process.signal(SIGKILL);
    client_process.wait();
    Finished visit = run(doctor(prefix.name()));
    EXPECT_EQ(visit.status, 1);
    EXPECT_TRUE(begins(line_of(visit, "Client sockets"), "✗ Client sockets: 1 of 1 ")) << visit.out;
    server_process.signal(SIGKILL);
    server_process.wait();
    visit = run(doctor(prefix.name()));
    EXPECT_EQ(visit.status, 1);
    EXPECT_TRUE(begins(line_of(visit, "Prefix"),
                       "✗ Prefix '" + prefix.name() + "': its primary was killed"))
        << visit.out;
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
    const Prefix prefix;
    RunningServer server_process(prefix);
    Words argv = doctor(prefix.name());
    argv[2] = "0";
    Finished visit = run(argv);
    EXPECT_EQ(visit.status, 1);
    EXPECT_EQ(line_of(visit, "Cores"),
              "✗ Cores: the server has 0 too: start mp_client with -l " + last_core());
    EXPECT_TRUE(begins(line_of(visit, "Attaching"),
                       "– Attaching: not checked: the cores are to be put right first"));
    argv.erase(argv.begin() + 1, argv.begin() + 3); /* no -l: all cores */
    visit = run(argv);
    EXPECT_EQ(visit.status, 1);
    EXPECT_TRUE(begins(line_of(visit, "Cores"), "✗ Cores: the server has 0 too")) << visit.out;
}

/* ---- the server --------------------------------------------------------------------------- */

TEST_F(Doctor, AServerThatIsStopped) {
    const Prefix prefix;
    RunningServer server_process(prefix);
    server_process.signal(SIGSTOP);
    ASSERT_TRUE(eventually([&] { return look_at_process(server_process.pid()).state == 'T'; }));
    const Finished visit = run(doctor(prefix.name()));
    EXPECT_EQ(visit.status, 1);
    const std::string pid = std::to_string(server_process.pid());
    EXPECT_EQ(line_of(visit, "IPC thread"), "✗ IPC thread: the server (pid " + pid +
                                                ") is stopped, by a signal or a debugger: "
                                                "kill -CONT " +
                                                pid);
    server_process.signal(SIGCONT);
    EXPECT_EQ(run(doctor(prefix.name())).status, 0);
}

TEST_F(Doctor, APrimaryWithoutItsIpcThread) {
    const Prefix prefix;
    Process primary(helper("bare-primary", prefix));
    ASSERT_TRUE(primary.wait_for_out("ready"));
    ASSERT_TRUE(look_at_process(primary.pid()).ipc_thread);
    /* One empty datagram ends it. */
    const UniqueFd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    (prefix.dir() + "/mp_socket").copy(address.sun_path, sizeof(address.sun_path) - 1);
    ASSERT_EQ(sendto(fd.get(), "", 0, 0, reinterpret_cast<sockaddr *>(&address), sizeof(address)),
              0);
    ASSERT_TRUE(eventually([&] { return !look_at_process(primary.pid()).ipc_thread; }));
    const Finished visit = run(doctor(prefix.name()));
    EXPECT_EQ(visit.status, 1);
    EXPECT_TRUE(begins(
        line_of(visit, "IPC thread"),
        "✗ IPC thread: that of the server (pid " + std::to_string(primary.pid()) + ") is gone"))
        << visit.out;
    EXPECT_TRUE(begins(line_of(visit, "Ping"), "– Ping: not checked")) << visit.out;
}

TEST_F(Doctor, AServerThatTakesNoSecondaries) {
    const Prefix prefix;
    Process server_process(server(prefix, {"--no-secondaries=0"}));
    ASSERT_TRUE(server_process.wait_for_out("rte_mp_disable()"));
    const Finished visit = run(doctor(prefix.name()));
    EXPECT_EQ(visit.status, 1);
    EXPECT_EQ(line_of(visit, "Server:"),
              "✗ Server: it takes no secondaries: it has called rte_mp_disable()");
    EXPECT_EQ(line_of(visit, "Attaching"), "– Attaching: not checked: see above");
    EXPECT_EQ(own_lines(visit.err), "") << "before EAL's init";
}

TEST_F(Doctor, APrimaryWithoutTheMemzone) {
    const Prefix prefix;
    Process primary(helper("bare-primary", prefix));
    ASSERT_TRUE(primary.wait_for_out("ready"));
    const Finished visit = run(doctor(prefix.name()));
    EXPECT_EQ(visit.status, 1);
    EXPECT_TRUE(begins(line_of(visit, "Memzone"),
                       "✗ Memzone shared_info: not there: this primary is no mp_server"))
        << visit.out;
    EXPECT_EQ(line_of(visit, "Ping"), "– Ping: not checked: no mp_server to ask");
}

TEST_F(Doctor, ALongerMemzoneIsAsGood) {
    const Prefix prefix;
    Process primary(helper("long-zone", prefix, {"4096"}));
    ASSERT_TRUE(primary.wait_for_out("ready"));
    const Finished visit = run(doctor(prefix.name(), {"--timeout", "0.2"}));
    EXPECT_EQ(line_of(visit, "Memzone"),
              "✓ Memzone shared_info: 4096 bytes, no boot id: a server of another make")
        << visit.out;
}

TEST_F(Doctor, AServerThatDoesNotAnswer) {
    const Prefix prefix;
    RunningServer server_process(prefix, {"--fault", "silent"});
    const Finished visit = run(doctor(prefix.name(), {"--timeout", "0.2"}));
    EXPECT_EQ(visit.status, 1);
    EXPECT_TRUE(begins(line_of(visit, "Ping"), "✗ Ping: no reply within 0.200 s: ")) << visit.out;
}

TEST_F(Doctor, AServerThatAnswersAnotherRequest) {
    const Prefix prefix;
    Process primary(helper("odd-replies", prefix)); /* without the time of the request */
    ASSERT_TRUE(primary.wait_for_out("ready")) << primary.describe();
    const Finished visit = run(doctor(prefix.name()));
    EXPECT_EQ(visit.status, 1);
    EXPECT_TRUE(begins(line_of(visit, "Ping"), "✗ Ping: no good reply: it answers another request"))
        << visit.out;
}

TEST_F(DoctorFinds, OptionsThatLeaveNothingToShare) {
    Words argv = doctor("p");
    argv.insert(argv.begin() + 1, "--in-memory");
    const Finished seen = run(argv, {.environment = {"RUNTIME_DIRECTORY=" + root_.path()}});
    EXPECT_EQ(seen.status, 1);
    EXPECT_TRUE(begins(line_of(seen, "--in-memory"),
                       "✗ --in-memory leaves nothing that a secondary could attach to: leave it"))
        << seen.out;
    EXPECT_EQ(line_of(seen, "Attaching"), "– Attaching: not checked: --in-memory");
}

}  // namespace
}  // namespace mp_ipc::test
