/* SPDX-License-Identifier: BSD-3-Clause
 *
 * mp_client -- doctor: what it finds about the primary, its clients, and what they left.
 */
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>

#include "doctor/checks.h"
#include "support/base/unique_fd.h"
#include "tests/smoke/doctor.h"

namespace mp_ipc::test {
namespace {

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
    EXPECT_NE(line_of(seen, "Prefix 'p'").find("holds it but receives no messages"),
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
    EXPECT_EQ(
        line_of(seen, "Client sockets"),
        "✗ Client sockets: 1 of 2 belong to killed clients: rm " + dir() + "/mp_socket_12_bb");
}

/* ---- the server --------------------------------------------------------------------------- */

TEST_F(Doctor, APrimaryWithoutItsIpcThread) {
    Process primary(helper("bare-primary", prefix_));
    expect_out(primary, "ready");
    ASSERT_TRUE(look_at_process(primary.pid()).ipc_thread);
    /* One empty datagram ends it. */
    const UniqueFd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    (prefix_.dir() + "/mp_socket").copy(address.sun_path, sizeof(address.sun_path) - 1);
    ASSERT_EQ(sendto(fd.get(), "", 0, 0, reinterpret_cast<sockaddr *>(&address), sizeof(address)),
              0);
    ASSERT_TRUE(eventually([&] { return !look_at_process(primary.pid()).ipc_thread; }));
    const Finished visit = run(doctor(prefix_.name()));
    EXPECT_EQ(visit.status, 1);
    EXPECT_TRUE(begins(
        line_of(visit, "IPC thread"),
        "✗ IPC thread: that of the server (pid " + std::to_string(primary.pid()) + ") is gone"))
        << visit.out;
    EXPECT_TRUE(begins(line_of(visit, "Ping"), "– Ping: not checked")) << visit.out;
}

TEST_F(Doctor, AServerThatTakesNoSecondaries) {
    Process server_process(server(prefix_, {"--no-secondaries=0"}));
    expect_out(server_process, "rte_mp_disable()");
    const Finished visit = run(doctor(prefix_.name()));
    EXPECT_EQ(visit.status, 1);
    EXPECT_EQ(line_of(visit, "Server:"),
              "✗ Server: it accepts no secondaries: it has called rte_mp_disable()");
    EXPECT_EQ(line_of(visit, "Attaching"), "– Attaching: not checked: see above");
    EXPECT_EQ(own_lines(visit.err), "") << "before EAL's init";
}

TEST_F(Doctor, APrimaryWithoutTheMemzone) {
    Process primary(helper("bare-primary", prefix_));
    expect_out(primary, "ready");
    const Finished visit = run(doctor(prefix_.name()));
    EXPECT_EQ(visit.status, 1);
    EXPECT_TRUE(begins(line_of(visit, "Memzone"),
                       "✗ Memzone shared_info: not there: this primary is no mp_server"))
        << visit.out;
    EXPECT_EQ(line_of(visit, "Ping"), "– Ping: not checked: no mp_server to ask");
}

TEST_F(Doctor, AServerThatDoesNotAnswer) {
    RunningServer server_process(prefix_, {"--fault", "silent"});
    const Finished visit = run(doctor(prefix_.name(), {"--timeout", "0.2"}));
    EXPECT_EQ(visit.status, 1);
    EXPECT_TRUE(begins(line_of(visit, "Ping"), "✗ Ping: no reply within 0.200 s: ")) << visit.out;
}

TEST_F(Doctor, AServerThatAnswersAnotherRequest) {
    Process primary(helper("odd-replies", prefix_)); /* without the time of the request */
    expect_out(primary, "ready");
    const Finished visit = run(doctor(prefix_.name()));
    EXPECT_EQ(visit.status, 1);
    EXPECT_TRUE(begins(line_of(visit, "Ping"), "✗ Ping: no good reply: it answers another request"))
        << visit.out;
}

}  // namespace
}  // namespace mp_ipc::test
