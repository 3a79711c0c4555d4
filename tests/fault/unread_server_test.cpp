/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A server that does not read its messages: stopped, frozen, its console unread, its socket
 * replaced by another. Every request of its clients ends in time, the cause is reported once, and
 * they go on when the server does; the doctor ends in time, whatever the server does.
 */
#include <gtest/gtest.h>

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <optional>
#include <string>

#include "support/eal/ipc_socket.h"
#include "support/ipc/send_window.h"
#include "tests/harness/datagram.h"
#include "tests/harness/pair.h"

namespace mp_ipc::test {
namespace {

using std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;

const std::string kUnread =
    "[Client] Nothing is sent for now: the server does not read its messages";
const std::string kReadsAgain = "[Client] The server reads its messages again";

/* A cgroup of version 1 that freezes what is in it, as a container runtime's pause does. */
class Freezer {
  public:
    Freezer() : path_(kRoot + "/mp_ipc_test_" + std::to_string(getpid())) {
        made_ = mkdir(path_.c_str(), 0755) == 0;
    }
    ~Freezer() {
        freeze(false);
        for (int i = 0; made_ && i < 500 && rmdir(path_.c_str()) != 0; i++)
            usleep(10000); /* until its processes have ended */
    }
    Freezer(const Freezer &) = delete;
    Freezer &operator=(const Freezer &) = delete;
    bool made() const { return made_; }
    void add(pid_t pid) const { write("cgroup.procs", std::to_string(pid)); }
    void freeze(bool on) const { write("freezer.state", on ? "FROZEN" : "THAWED"); }

  private:
    static inline const std::string kRoot = "/sys/fs/cgroup/freezer";
    void write(const std::string &file, const std::string &text) const {
        std::ofstream(path_ + "/" + file) << text;
    }
    std::string path_;
    bool made_ = false;
};

class UnreadServer : public Hugepages {
  protected:
    void start(const Words &options = {"--quiet"}) { server_.emplace(prefix_, options); }
    /* Renames the server's socket, and puts one in its place that nobody reads. */
    void put_a_deaf_socket_in_place() {
        ASSERT_EQ(std::rename(socket().c_str(), aside().c_str()), 0);
        deaf_.emplace(socket());
    }
    void put_the_socket_back() {
        deaf_.reset();
        ASSERT_EQ(std::rename(aside().c_str(), socket().c_str()), 0);
    }
    void fill(const std::string &path) {
        const RawSocket sender;
        const std::string bytes(kWireSize, '\0');
        while (has_room(path, milliseconds(0)))
            ASSERT_EQ(sender.send(path, bytes.data(), bytes.size()), 0);
    }
    std::string socket() const { return prefix_.dir() + "/mp_socket"; }
    std::string aside() const { return prefix_.dir() + "/aside"; }

    /* Ping and hello with a server that `stop` keeps from reading and `go_on` lets read again. */
    template <typename Stop, typename GoOn>
    void go_through(const Stop &stop, const GoOn &go_on) {
        Process ping(
            client(prefix_, {"ping", "--count", "20", "--interval", "0.2", "--timeout", "0.2"}));
        Process hello(client(
            prefix_, {"--timeout", "0.2", "--sync-interval", "0.2", "--async-interval", "0.3"}));
        Process zh(client(prefix_, {"ping", "--interval", "0.1", "--timeout", "0.1", "--lang", "zh",
                                    "--name", "zh"}));
        expect_out(ping, "[PING] Reply", 2);
        expect_out(hello, "[ASYNC] Reply", 2);
        expect_out(zh, "[PING] 回复", 2);
        stop();
        EXPECT_EQ(ping.wait(), 4) << ping.describe();
        EXPECT_TRUE(has(ping.out(), "[PING] 20 sent, ")) << ping.describe();
        EXPECT_EQ(count_of(ping.out(), "[PING] Reply: ") +
                      count_of(ping.out(), "[PING] No reply to ") +
                      count_of(ping.out(), "[PING] Not sent: "),
                  20)
            << ping.describe();
        EXPECT_LE(count_of(ping.out(), kUnread), 1) << ping.describe();

        expect_out(hello, kUnread);
        expect_out(hello, "[SYNC] Not sent: 'SYNC Hello ", 3);
        expect_out(hello, "[ASYNC] Not sent: 'ASYNC Hello ", 3);
        expect_out(zh, "[Client] 暂停发送: Server 没有读取消息");
        expect_out(zh, "[PING] 未发送: seq=", 2);
        go_on();
        expect_out(hello, kReadsAgain);
        expect_out(zh, "[Client] Server 恢复读取消息");
        expect_out(hello, "[SYNC] Reply", count_of(hello.out(), "[SYNC] Reply") + 3);
        expect_out(hello, "[ASYNC] Reply", count_of(hello.out(), "[ASYNC] Reply") + 1);
        zh.signal(SIGINT);
        expect_end(hello);
        EXPECT_EQ(zh.wait(), 4) << zh.describe();
        EXPECT_EQ(count_of(hello.out(), kUnread), 1) << hello.describe();
        EXPECT_EQ(count_of(hello.out(), kReadsAgain), 1) << hello.describe();
        EXPECT_TRUE(sums_of(hello.out(), "Sync").balance()) << hello.describe();
        EXPECT_TRUE(sums_of(hello.out(), "Async").balance()) << hello.describe();
    }

    /* The doctor's console; checks that it ended in time. */
    std::string visit(const Words &more = {}) {
        Words words = more;
        words.insert(words.begin(), "doctor");
        const auto begin = Steady::now();
        const Finished doctor = run(client(prefix_, words));
        EXPECT_EQ(doctor.status, 1) << doctor.out << doctor.err;
        EXPECT_LT(Steady::now() - begin, std::chrono::seconds(12))
            << doctor.out; /* 10, and a start */
        EXPECT_EQ(count_of(doctor.out, "\nDoctor: "), 1) << doctor.out << doctor.err;
        return doctor.out;
    }

    std::optional<RunningServer> server_;
    std::optional<RawSocket> deaf_;
};

TEST_F(UnreadServer, StoppedItCostsEachRequestItsTimeoutAndIsSaidOnce) {
    start();
    go_through([&] { server_->signal(SIGSTOP); }, [&] { server_->signal(SIGCONT); });
}

TEST_F(UnreadServer, FrozenItIsTheSame) {
    const Freezer freezer;
    MP_IPC_NEEDS(freezer.made(), "a freezer cgroup of version 1");
    start();
    freezer.add(server_->pid());
    go_through([&] { freezer.freeze(true); }, [&] { freezer.freeze(false); });
    freezer.freeze(true);
    EXPECT_TRUE(has(visit(), "is frozen by its cgroup /mp_ipc_test_"));
    freezer.freeze(false);
}

TEST_F(UnreadServer, ASocketInItsPlaceThatNobodyReadsIsTheSame) {
    start();
    go_through([&] { put_a_deaf_socket_in_place(); }, [&] { put_the_socket_back(); });
}

/* So that its own queue has room for all their replies. */
TEST_F(UnreadServer, NoMoreRequestsLieThereThanTheWindowHasPlaces) {
    start();
    put_a_deaf_socket_in_place();
    const Finished ping =
        run(client(prefix_, {"ping", "--count", "12", "--interval", "0.01", "--timeout", "0.02"}));
    EXPECT_EQ(ping.status, 4) << ping.out << ping.err;
    unsigned pings = 0;
    WireMessage message;
    pollfd waiting = {deaf_->fd(), POLLIN, 0};
    while (poll(&waiting, 1, 0) == 1 && deaf_->receive(&message))
        pings += message.name == std::string("ping_request") ? 1U : 0U;
    EXPECT_EQ(pings, SendWindow::bound_for(max_dgram_qlen())) << ping.out;
    put_the_socket_back();
}

/* A client that is attached and has sent nothing yet meets a full queue. */
TEST_F(UnreadServer, AnEventThatFindsNoRoomIsSaidNotToBeSent) {
    start();
    Process hello(
        client(prefix_, {"--timeout", "1", "--sync-interval", "3", "--async-interval", "0"}));
    expect_out(hello, "[SYNC] Reply");
    server_->signal(SIGSTOP);
    ASSERT_TRUE(eventually([&] { /* until no thread of it reads any more */
                                 fill(socket());
                                 usleep(50000);
                                 return !has_room(socket(), milliseconds(0));
    }));
    /* It was never sent, so no reply is missing. */
    expect_out(hello, "[SYNC] Not sent: 'SYNC Hello 2 from Client'");
    EXPECT_FALSE(has(hello.out(), "No reply")) << hello.describe();
    EXPECT_EQ(count_of(hello.out(), kUnread), 1) << hello.describe();
    /* A new client does not begin to attach: it would hold locks while it waits for room. */
    const auto begin = Steady::now();
    const Finished notify = run(client(prefix_, {"notify", "text", "--timeout", "0.2"}));
    EXPECT_EQ(notify.status, 1) << notify.out << notify.err;
    EXPECT_LT(Steady::now() - begin, std::chrono::seconds(15));
    EXPECT_TRUE(has(notify.err, "the server does not read its messages, its queue is full"))
        << notify.err;
    server_->signal(SIGCONT);
    expect_out(hello, kReadsAgain);
    expect_end(hello);
}

/* One that is attached, and whose event comes to a full queue that stays full. */
TEST_F(UnreadServer, AnEventIsGivenUpAfterItsTimeout) {
    start();
    put_a_deaf_socket_in_place();
    const Finished notify = run(client(prefix_, {"notify", "text", "--timeout", "0.2"}),
                                faulty("full-queue", socket()));
    EXPECT_EQ(notify.status, 4) << notify.out << notify.err;
    EXPECT_EQ(count_of(notify.out, kUnread), 1) << notify.out;
    EXPECT_TRUE(has(notify.out, "[EVENT] Not sent: text\n"));
    put_the_socket_back();
}

/* A send that waits for room does so with the library's lock: one has found none, and the others
 * are not tried.
 */
TEST_F(UnreadServer, OnceASendHasFoundNoRoomTheNextWaitsForItFirst) {
    start();
    put_a_deaf_socket_in_place();
    const Finished ping =
        run(client(prefix_, {"ping", "--count", "4", "--interval", "0.01", "--timeout", "0.2"}),
            faulty("full-queue", socket()));
    EXPECT_EQ(ping.status, 4) << ping.out << ping.err;
    EXPECT_EQ(count_of(ping.out, "[PING] Not sent: "), 4) << ping.out;
    EXPECT_EQ(count_of(ping.out, kUnread), 1) << ping.out;
    EXPECT_EQ(count_of(ping.err, "faulty: a send"), 1) << ping.err;
    put_the_socket_back();
}

TEST_F(UnreadServer, TheDoctorEndsInTimeWhateverTheServerDoes) {
    start();
    server_->signal(SIGSTOP);
    EXPECT_TRUE(has(visit(), "is stopped, by a signal or a debugger"));
    server_->signal(SIGCONT);

    /* Neither attaching nor the ping is answered, and the ping's timeout is longer than the visit.
     */
    put_a_deaf_socket_in_place();
    const std::string unanswered = visit({"--timeout", "3600"});
    EXPECT_TRUE(has(unanswered, "Ping: no reply within") || has(unanswered, "waited for"))
        << unanswered;
    fill(socket());
    EXPECT_TRUE(has(visit(), "does not read its messages, its queue is full"));
    put_the_socket_back();
}

/* A call of the library that never returns. */
TEST_F(UnreadServer, TheDoctorNamesWhatItWaitedFor) {
    start();
    const auto begin = Steady::now();
    const Finished doctor = run(client(prefix_, {"doctor"}), faulty("lost-lock"));
    EXPECT_EQ(doctor.status, 1) << doctor.out << doctor.err;
    EXPECT_LT(Steady::now() - begin, std::chrono::seconds(12));
    EXPECT_EQ(
        count_of(doctor.out, "Not finished within 9 s: waited for the server's reply to a ping"), 1)
        << doctor.out << doctor.err;
    EXPECT_EQ(count_of(doctor.out, "\nDoctor: "), 1) << doctor.out;
}

}  // namespace
}  // namespace mp_ipc::test
