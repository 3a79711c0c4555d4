/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Bytes of any kind that the library passes on, sent to a live socket while normal clients are
 * served: all are served, nothing crashes, nothing leaks.
 */
#include <gtest/gtest.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <thread>

#include "common.h"
#include "exercises/notify.h"
#include "exercises/ping.h"
#include "exercises/report.h"
#include "exercises/status.h"
#include "support/base/message.h"
#include "support/eal/runtime_dir.h"
#include "tests/harness/datagram.h"
#include "tests/harness/pair.h"

namespace mp_ipc::test {
namespace {

/* Always reads the replies: a sender that stops reading is another test. */
class Drain {
  public:
    explicit Drain(const RawSocket &socket)
        : thread_([this, &socket] {
              while (!done_) {
                  pollfd wait = {socket.fd(), POLLIN, 0};
                  poll(&wait, 1, 20);
                  count_ += socket.drain();
              }
          }) {}
    ~Drain() {
        done_ = true;
        thread_.join();
    }
    int count() const { return count_; }

  private:
    std::atomic<bool> done_{false};
    std::atomic<int> count_{0};
    std::thread thread_;
};

/* Random datagrams that the library's own checks let through. */
class Hostile {
  public:
    Hostile(unsigned seed, std::vector<std::string> names)
        : random_(seed), names_(std::move(names)) {}

    struct Datagram {
        WireMessage message;
        std::vector<int> fds;
    };
    Datagram next(int file) {
        Datagram datagram;
        WireMessage &message = datagram.message;
        auto *bytes = reinterpret_cast<unsigned char *>(&message);
        for (std::size_t i = 0; i < sizeof(message); i++)
            bytes[i] = static_cast<unsigned char>(random_());
        message.type = below(8) != 0 ? static_cast<std::int32_t>(below(4)) : message.type;
        switch (below(4)) {
            case 0: /* unknown, with any bytes and no NUL */
                break;
            case 1: /* a known one, and more after its NUL */
            case 2: {
                const std::string &name = names_[below(names_.size())];
                std::memcpy(message.name, name.c_str(), name.size() + 1);
                break;
            }
            default: /* nearly a known one */
                const std::string &name = names_[below(names_.size())];
                std::memcpy(message.name, name.c_str(), name.size());
                break;
        }
        message.len_param = static_cast<std::int32_t>(below(257));
        if (below(3) == 0) { /* a struct of the right length, version and all */
            static constexpr std::size_t kSizes[] = {sizeof(PingRequest), sizeof(ReportRequest),
                                                     sizeof(NotifyEvent), sizeof(StatusRequest),
                                                     sizeof(ServerEvent), sizeof(StatusReply)};
            message.len_param = static_cast<std::int32_t>(kSizes[below(std::size(kSizes))]);
            const auto version = static_cast<std::uint32_t>(1 + below(2));
            std::memcpy(message.param, &version, sizeof(version));
        }
        datagram.fds.assign(below(4) == 0 ? below(9) : 0, file);
        const bool is_honest = below(2) == 0; /* or claims what it does not send */
        message.num_fds = static_cast<std::int32_t>(is_honest ? datagram.fds.size() : below(9));
        return datagram;
    }

  private:
    std::size_t below(std::size_t limit) { return random_() % limit; }
    std::mt19937 random_;
    std::vector<std::string> names_;
};

/* The actions of the pair. Not EAL's own (mp_malloc_request, bus_vdev_mp, …): those trust what they
 * are sent; see docs/hostile.md.
 */
const std::vector<std::string> kServerNames = {kMsgHelloSync, kMsgHelloAsync, kMsgPing, kMsgReport,
                                               kMsgNotify};
const std::vector<std::string> kClientNames = {kMsgClientStatus, kMsgServerEvent, kMsgHelloSync,
                                               kMsgHelloAsync, kMsgPing};

/* Must be the same before and after. */
struct Footprint {
    std::vector<std::string> files;
    long rss_kib = 0;
    long threads = 0;
};
Footprint footprint(pid_t pid) {
    return {open_files(pid), process_status(pid, "VmRSS:"), process_status(pid, "Threads:")};
}

/* The same, while the program handles no message. */
Footprint stable_footprint(pid_t pid) {
    Footprint now = footprint(pid);
    eventually([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        const Footprint before = std::exchange(now, footprint(pid));
        return before.files == now.files;
    });
    return now;
}

/* Handlers and the log touch memory on first use; a leak of one message in a hundred of the 100,000
 * (332 bytes each) would be 330 KiB, so a warm-up goes before the measurement and this much after
 * it.
 */
constexpr long kRssTolerance = 300;

void expect_nothing_left(const Footprint &before, Process &process) {
    Footprint after;
    /* A temporary descriptor (of a listing of the runtime directory) is gone at the next look. */
    eventually([&] { return (after = footprint(process.pid())).files == before.files; },
               std::chrono::seconds(5));
    EXPECT_EQ(after.files, before.files);
    EXPECT_EQ(after.threads, before.threads);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    EXPECT_LE(after.rss_kib, before.rss_kib + kRssTolerance); /* a sanitizer keeps what is freed */
#endif
    ::testing::Test::RecordProperty("rss_before_kib", static_cast<int>(before.rss_kib));
    ::testing::Test::RecordProperty("rss_after_kib", static_cast<int>(after.rss_kib));
}

unsigned seed() {
    const char *given = std::getenv("MP_IPC_SEED");
    const unsigned seed = given != nullptr ? static_cast<unsigned>(std::strtoul(given, nullptr, 10))
                                           : std::random_device{}();
    std::printf("MP_IPC_SEED=%u\n", seed);
    return seed;
}

/* Sends `count` datagrams; 0, or the errno of the first that failed. */
int throw_at(const std::string &to, const RawSocket &from, Hostile &hostile, int count) {
    const UniqueFd file(open("/dev/null", O_RDONLY | O_CLOEXEC));
    int error = 0;
    for (int i = 0; i < count && error == 0; i++) {
        const Hostile::Datagram datagram = hostile.next(file.get());
        error = from.send(to, datagram.message, datagram.fds);
    }
    return error;
}

constexpr int kWarmUp = 20'000;
constexpr int kCount = 100'000;

/* Clients of all kinds, one run after the other while `done` is not set; every run must end with
 * all requests answered by their own replies. */
int serve_clients(const Prefix &prefix, const Words &command, const std::atomic<bool> &done) {
    int runs = 0;
    do {
        const Finished finished = run(client(prefix, command));
        EXPECT_EQ(finished.status, 0) << finished.out << own_lines(finished.err);
        runs++;
    } while (!done && !::testing::Test::HasFailure());
    return runs;
}

class Flood : public Hugepages {};

TEST_F(Flood, OfTheServerLeavesEveryClientServed) {
    RunningServer process(prefix_, {"--quiet", "--stats-interval", "0.5"});
    const std::string to = prefix_.dir() + "/mp_socket";
    /* With a name like a secondary's: the server replies only to those. */
    const RawSocket socket(prefix_.dir() + "/mp_socket_" + std::to_string(getpid()) + "_f00d");
    const Drain drain(socket);
    Hostile hostile(seed(), kServerNames);
    ASSERT_EQ(throw_at(to, socket, hostile, kWarmUp), 0) << process.describe();
    const Footprint before = stable_footprint(process.pid());

    std::atomic<bool> done{false};
    int pings = 0;
    int hellos = 0;
    std::thread ping([&] {
        pings = serve_clients(prefix_, {"--quiet", "--count", "2000", "ping", "--flood"}, done);
    });
    std::thread hello([&] {
        hellos = serve_clients(
            prefix_,
            {"--quiet", "--count", "100", "--sync-interval", "0.002", "--async-interval", "0.002"},
            done);
    });
    const int error = throw_at(to, socket, hostile, kCount);
    done = true;
    ping.join();
    hello.join();
    EXPECT_EQ(error, 0) << std::strerror(error);
    EXPECT_GT(drain.count(), kCount / 40); /* it was answered, so handlers ran on those bytes */
    std::printf(
        "%d datagrams, %d replies; %d runs of 2000 pings and %d of 100 + 100 hellos, all "
        "answered\n",
        kCount, drain.count(), pings, hellos);
    expect_nothing_left(before, process);
    expect_end(process);
}

/* Floods a client that sends `name` all the time. It is served if it never reports a request that
 * was not answered by its own reply in time.
 */
void flood_client(const Prefix &prefix, const Words &options, const char *name) {
    RunningServer server_process(prefix, {"--quiet", "--stats-interval", "0"});
    RunningClient process(prefix, options);
    const auto sockets = client_sockets(prefix.dir());
    ASSERT_EQ(sockets.size(), 1U);
    const RawSocket socket(prefix.dir() + "/hostile");
    const Drain drain(socket);
    Hostile hostile(seed(), kClientNames);
    ASSERT_EQ(throw_at(sockets[0].path, socket, hostile, kWarmUp), 0) << process.describe();
    const Footprint before = stable_footprint(process.pid());
    const int error = throw_at(sockets[0].path, socket, hostile, kCount);
    EXPECT_EQ(error, 0) << std::strerror(error);
    EXPECT_GT(drain.count(), kCount / 40);
    expect_nothing_left(before, process);
    EXPECT_EQ(count_of(process.out(), "\n"), 1) << process.out();
    const long served = received_by_server(prefix, name);
    EXPECT_GT(served, 100);
    std::printf("%d datagrams, %d replies; %ld requests, all answered\n", kCount, drain.count(),
                served);
    expect_end(process);
    expect_end(server_process);
}

TEST_F(Flood, OfAClientLeavesItServed) {
    /* No asynchronous requests: the library leaks 4 KiB with each. */
    flood_client(prefix_, {"--quiet", "--sync-interval", "0.002", "--async-interval", "0"},
                 kMsgHelloSync);
}

/* It lets descriptors in with replies. */
TEST_F(Flood, OfAReportingClientLeavesItServed) {
    flood_client(prefix_, {"--quiet", "report", "--count", "1000000"}, kMsgReport);
}

}  // namespace
}  // namespace mp_ipc::test
