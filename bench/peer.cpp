/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What mp_bench measures beside the pair itself, each role a process of its own: the plain datagram
 * echo that is the floor, the echo primary whose handlers hold nothing, and the secondary that
 * drives either a bare primary or the real mp_server. mp_bench gives orders on stdin, a line each;
 * each is answered by one line on stdout, "ok COUNT ELAPSED_NS" or "error WHY", and the times of
 * single requests stand in the shared memory that was inherited.
 *
 *   mp_bench_peer echo SAMPLES_FD SOCKET         datagram echo
 *   mp_bench_peer zmq-echo SAMPLES_FD ENDPOINT   ZeroMQ REP
 *   mp_bench_peer plain SAMPLES_FD               drives both, and the telemetry socket; no EAL
 *   mp_bench_peer primary SAMPLES_FD EAL...      bare rte_mp echo, ring echo, broadcaster
 *   mp_bench_peer driver SAMPLES_FD EAL...       secondary: sends requests, drives the ring
 */
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <iostream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_memzone.h>
#include <rte_pause.h>
#include <rte_ring.h>
#include <rte_telemetry.h>
#ifdef MP_IPC_ZMQ
#include <zmq.h>
#endif

#include "bench/wire.h"
#include "common.h"
#include "support/reply_messages.h"

namespace {

using namespace mp_ipc;
using bench::kFrame;

class Failure : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

[[noreturn]] void fail(const std::string &what, int error) {
    throw Failure(what + ": " + std::strerror(error));
}

std::int64_t now_ns() {
    timespec now = {};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

/* ---- what was measured ---------------------------------------------------------------------- */

/* Times of single requests, read by mp_bench when the order has been answered. */
std::uint32_t *g_samples = nullptr;
std::atomic<std::size_t> g_sample_count{0};

void note_sample(std::int64_t ns) {
    const std::size_t at = g_sample_count++;
    if (at < bench::kMostSamples)
        g_samples[at] = static_cast<std::uint32_t>(std::min<std::int64_t>(ns, UINT32_MAX));
}

void map_samples(int fd) {
    void *memory = mmap(nullptr, bench::kMostSamples * sizeof(std::uint32_t),
                        PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED)
        fail("cannot map the samples", errno);
    g_samples = static_cast<std::uint32_t *>(memory);
}

/* Calls `once` count times; each call is a sample, all of them together the elapsed time. */
template <typename Once>
std::int64_t time_each(unsigned long count, const Once &once) {
    const std::int64_t begin = now_ns();
    std::int64_t last = begin;
    for (unsigned long i = 0; i < count; i++) {
        once();
        const std::int64_t now = now_ns();
        note_sample(now - last);
        last = now;
    }
    return last - begin;
}

/* ---- orders --------------------------------------------------------------------------------- */

/* An order takes its words and returns the elapsed nanoseconds. */
using Order = std::function<std::int64_t(std::istringstream &words)>;
using Orders = std::map<std::string, Order>;

template <typename T>
T next(std::istringstream &words) {
    T value{};
    if (!(words >> value))
        throw Failure("an order lacks a word");
    return value;
}

/* Until stdin ends. */
void serve(const Orders &orders) {
    std::cout << "ready" << std::endl;
    for (std::string line; std::getline(std::cin, line);) {
        std::istringstream words(line);
        const auto name = next<std::string>(words);
        g_sample_count = 0;
        try {
            const auto order = orders.find(name);
            if (order == orders.end())
                throw Failure("no such order: " + name);
            const std::int64_t elapsed = order->second(words);
            std::cout << "ok " << g_sample_count << ' ' << elapsed << std::endl;
        } catch (const std::exception &error) {
            std::cout << "error " << error.what() << std::endl;
        }
    }
}

/* ---- the floor: datagrams, no EAL ----------------------------------------------------------- */

sockaddr_un address_of(const std::string &path) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof(address.sun_path))
        throw Failure("the path is too long for a socket: " + path);
    path.copy(address.sun_path, path.size());
    return address;
}

UniqueFd bound_socket(const std::string &path) {
    UniqueFd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const sockaddr_un address = address_of(path);
    unlink(path.c_str());
    if (!fd || bind(fd.get(), reinterpret_cast<const sockaddr *>(&address), sizeof(address)) != 0)
        fail("cannot bind " + path, errno);
    return fd;
}

/* The same system calls as the library's, one socket for both directions, and nothing else. */
void run_echo(const std::string &path) {
    const UniqueFd fd = bound_socket(path);
    std::cout << "ready" << std::endl;
    char frame[kFrame];
    for (;;) {
        sockaddr_un from = {};
        socklen_t size = sizeof(from);
        const ssize_t got =
            recvfrom(fd.get(), frame, sizeof(frame), 0, reinterpret_cast<sockaddr *>(&from), &size);
        if (got < 0 || sendto(fd.get(), frame, static_cast<std::size_t>(got), 0,
                              reinterpret_cast<const sockaddr *>(&from), size) != got) {
            if (errno != EINTR)
                fail("datagram echo", errno);
        }
    }
}

std::int64_t drive_echo(std::istringstream &words) {
    const auto path = next<std::string>(words);
    const auto count = next<unsigned long>(words);
    const std::string own = path + "." + std::to_string(getpid());
    const UniqueFd fd = bound_socket(own);
    const sockaddr_un to = address_of(path);
    char frame[kFrame] = {};
    const std::int64_t elapsed = time_each(count, [&] {
        if (sendto(fd.get(), frame, sizeof(frame), 0, reinterpret_cast<const sockaddr *>(&to),
                   sizeof(to)) != static_cast<ssize_t>(sizeof(frame)) ||
            recv(fd.get(), frame, sizeof(frame), 0) != static_cast<ssize_t>(sizeof(frame)))
            fail("datagram ping", errno);
    });
    unlink(own.c_str());
    return elapsed;
}

/* ---- what else there is: the telemetry socket, ZeroMQ --------------------------------------- */

std::int64_t drive_telemetry(std::istringstream &words) {
    const auto path = next<std::string>(words);
    const auto count = next<unsigned long>(words);
    const UniqueFd fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    const sockaddr_un to = address_of(path);
    if (!fd || connect(fd.get(), reinterpret_cast<const sockaddr *>(&to), sizeof(to)) != 0)
        fail("cannot connect to " + path, errno);
    std::vector<char> answer(16384);
    if (recv(fd.get(), answer.data(), answer.size(), 0) <= 0) /* what it says of itself first */
        fail("telemetry hello", errno);
    const std::string request = std::string(bench::kTelemetryEcho) + "," + bench::kText;
    return time_each(count, [&] {
        if (send(fd.get(), request.data(), request.size(), 0) < 0)
            fail("telemetry send", errno);
        const ssize_t got = recv(fd.get(), answer.data(), answer.size(), 0);
        if (got <= 0)
            fail("telemetry recv", errno);
        if (std::string_view(answer.data(), static_cast<std::size_t>(got)).find(bench::kText) ==
            std::string_view::npos)
            throw Failure("telemetry gave another answer");
    });
}

#ifdef MP_IPC_ZMQ
struct ZmqSocket {
    explicit ZmqSocket(int type) : socket(zmq_socket(context(), type)) {
        if (socket == nullptr)
            fail("zmq_socket", zmq_errno());
        const int no_linger = 0;
        zmq_setsockopt(socket, ZMQ_LINGER, &no_linger, sizeof(no_linger));
    }
    ~ZmqSocket() { zmq_close(socket); }
    ZmqSocket(const ZmqSocket &) = delete;
    ZmqSocket &operator=(const ZmqSocket &) = delete;

    static void *context() {
        static void *one = zmq_ctx_new();
        return one;
    }
    void *socket;
};

void run_zmq_echo(const std::string &endpoint) {
    const ZmqSocket rep(ZMQ_REP);
    if (zmq_bind(rep.socket, endpoint.c_str()) != 0)
        fail("zmq_bind " + endpoint, zmq_errno());
    std::cout << "ready" << std::endl;
    char frame[kFrame];
    for (;;) {
        const int got = zmq_recv(rep.socket, frame, sizeof(frame), 0);
        if (got < 0 || zmq_send(rep.socket, frame, static_cast<std::size_t>(got), 0) != got)
            fail("ZeroMQ echo", zmq_errno());
    }
}

std::int64_t drive_zmq(std::istringstream &words) {
    const auto endpoint = next<std::string>(words);
    const auto count = next<unsigned long>(words);
    static std::map<std::string, ZmqSocket> sockets; /* connecting is no part of a round trip */
    void *req = sockets.try_emplace(endpoint, ZMQ_REQ).first->second.socket;
    static std::map<std::string, bool> connected;
    if (!connected[endpoint] && zmq_connect(req, endpoint.c_str()) != 0)
        fail("zmq_connect " + endpoint, zmq_errno());
    char frame[kFrame] = {};
    if (!connected[endpoint] &&
        (zmq_send(req, frame, sizeof(frame), 0) < 0 || zmq_recv(req, frame, sizeof(frame), 0) < 0))
        fail("first ZeroMQ request", zmq_errno());
    connected[endpoint] = true;
    return time_each(count, [&] {
        if (zmq_send(req, frame, sizeof(frame), 0) < 0 ||
            zmq_recv(req, frame, sizeof(frame), 0) != static_cast<int>(sizeof(frame)))
            fail("ZeroMQ request", zmq_errno());
    });
}
#endif

/* ---- rte_mp: the bare primary --------------------------------------------------------------- */

constexpr timespec kTimeout = {5, 0};

/* A handler with nothing in it: the request goes back as it came. */
int on_echo(const rte_mp_msg *msg, const void *peer) {
    rte_mp_msg reply = *msg;
    reply.num_fds = 0;
    return rte_mp_reply(&reply, static_cast<const char *>(peer));
}

int on_telemetry_echo(const char * /*command*/, const char *params, rte_tel_data *data) {
    return rte_tel_data_string(data, params != nullptr ? params : "");
}

/* A frame for each direction. The rings carry only whose turn it is, as they would carry the
 * address of a buffer; each side fills and reads the whole frame.
 */
struct Frames {
    alignas(64) char to_primary[kFrame];
    alignas(64) char to_secondary[kFrame];
};
constexpr const char *kFramesName = "bench_frames";
constexpr const char *kRingToPrimary = "bench_to_primary";
constexpr const char *kRingToSecondary = "bench_to_secondary";

Frames *g_frames = nullptr;
rte_ring *g_to_primary = nullptr;
rte_ring *g_to_secondary = nullptr;

void *dequeue(rte_ring *ring) {
    void *object = nullptr;
    for (std::uint64_t empty = 0; rte_ring_dequeue(ring, &object) != 0; empty++) {
        rte_pause();
        if (empty > 400'000'000) /* some seconds: the other side is gone */
            throw Failure("nothing came through the ring");
    }
    return object;
}

std::int64_t echo_ring(std::istringstream &words) {
    const auto count = next<unsigned long>(words);
    char copy[kFrame];
    const std::int64_t begin = now_ns();
    for (unsigned long i = 0; i < count; i++) {
        std::memcpy(copy, dequeue(g_to_primary), sizeof(copy));
        std::memcpy(g_frames->to_secondary, copy, sizeof(copy));
        rte_ring_enqueue(g_to_secondary, g_frames->to_secondary);
    }
    return now_ns() - begin;
}

/* The broadcast of mp_server, timed: a client_status request to all secondaries. */
rte_mp_msg status_request() {
    static std::uint64_t sequence = 0;
    rte_mp_msg request = make_message(kMsgClientStatus);
    fill(request, StatusRequest{{kVersion, Status::ok, ++sequence, 0}});
    return request;
}

void check_round(const struct rte_mp_reply &reply, int expected) {
    if (reply.nb_sent != expected || reply.nb_received != expected)
        throw Failure("a broadcast to " + std::to_string(expected) + " clients reached " +
                      std::to_string(reply.nb_sent) + " and brought " +
                      std::to_string(reply.nb_received) + " answers");
}

std::int64_t broadcast_sync(std::istringstream &words) {
    const int expected = next<int>(words);
    const auto count = next<unsigned long>(words);
    return time_each(count, [&] {
        rte_mp_msg request = status_request();
        struct rte_mp_reply reply = {};
        const int result = rte_mp_request_sync(&request, &reply, &kTimeout);
        const ReplyMessages owner(reply);
        if (result != 0)
            fail("broadcast", rte_errno);
        check_round(reply, expected);
    });
}

/* Callbacks post it. Not std::counting_semaphore: that of libstdc++ spins before it sleeps, and so
 * keeps the IPC thread that it waits for off the core.
 */
class Answers {
  public:
    Answers() { sem_init(&semaphore_, 0, 0); }
    void release() { sem_post(&semaphore_); }
    void acquire() {
        while (sem_wait(&semaphore_) != 0) { /* a signal */
        }
    }
    bool try_acquire() { return sem_trywait(&semaphore_) == 0; }

  private:
    sem_t semaphore_ = {};
};
Answers g_answered;
std::atomic<int> g_round_sent{0};
std::atomic<int> g_round_received{0};

int on_round(const rte_mp_msg * /*request*/, const struct rte_mp_reply *reply) {
    g_round_sent = reply->nb_sent;
    g_round_received = reply->nb_received;
    g_answered.release();
    return 0;
}

std::int64_t broadcast_async(std::istringstream &words) {
    const int expected = next<int>(words);
    const auto count = next<unsigned long>(words);
    return time_each(count, [&] {
        rte_mp_msg request = status_request();
        if (rte_mp_request_async(&request, &kTimeout, on_round) != 0)
            fail("broadcast", rte_errno);
        g_answered.acquire();
        struct rte_mp_reply reply = {};
        reply.nb_sent = g_round_sent;
        reply.nb_received = g_round_received;
        check_round(reply, expected);
    });
}

void prepare_primary() {
    const rte_memzone *info = rte_memzone_reserve_aligned(kSharedInfoName, sizeof(SharedInfo),
                                                          SOCKET_ID_ANY, 0, alignof(SharedInfo));
    const rte_memzone *frames =
        rte_memzone_reserve_aligned(kFramesName, sizeof(Frames), SOCKET_ID_ANY, 0, alignof(Frames));
    constexpr unsigned kSingle = RING_F_SP_ENQ | RING_F_SC_DEQ;
    g_to_primary = rte_ring_create(kRingToPrimary, 64, SOCKET_ID_ANY, kSingle);
    g_to_secondary = rte_ring_create(kRingToSecondary, 64, SOCKET_ID_ANY, kSingle);
    if (info == nullptr || frames == nullptr || g_to_primary == nullptr ||
        g_to_secondary == nullptr)
        fail("cannot reserve shared memory", rte_errno);
    /* mp_client takes this program for a server: it looks the memzone up and wants a boot id. */
    auto *shared = new (info->addr) SharedInfo{};
    shared->boot_id = 1;
    g_frames = static_cast<Frames *>(frames->addr);
    for (int i = 0; i < bench::kEchoNames; i++) {
        if (rte_mp_action_register(bench::echo_name(i).c_str(), on_echo) != 0)
            fail("cannot register an action", rte_errno);
    }
    if (rte_telemetry_register_cmd(bench::kTelemetryEcho, on_telemetry_echo,
                                   "Returns its parameter.") != 0)
        fail("cannot register a telemetry command", rte_errno);
}

/* ---- rte_mp: the secondary ------------------------------------------------------------------ */

/* The same text to every server, made once: what the client does for a request is no part of what
 * is compared here.
 */
rte_mp_msg text_request(const std::string &name) {
    rte_mp_msg request = make_message(name.c_str());
    fill_text(request, bench::kText);
    return request;
}

void ask(rte_mp_msg &request) {
    struct rte_mp_reply reply = {};
    const int result = rte_mp_request_sync(&request, &reply, &kTimeout);
    const int error = rte_errno;
    if (result != 0)
        fail(std::string("request ") + request.name, error);
    const bool answered = reply.nb_received == 1;
    std::free(reply.msgs);
    if (!answered)
        throw Failure(std::string("no answer to ") + request.name);
}

std::int64_t drive_sync(std::istringstream &words) {
    rte_mp_msg request = text_request(next<std::string>(words));
    const auto count = next<unsigned long>(words);
    return time_each(count, [&] { ask(request); });
}

/* From one moment of CLOCK_MONOTONIC to another, so that several drivers begin together. */
std::int64_t drive_until(std::istringstream &words) {
    rte_mp_msg request = text_request(next<std::string>(words));
    const auto begin = next<std::int64_t>(words);
    const auto end = next<std::int64_t>(words);
    const timespec start = {static_cast<time_t>(begin / 1'000'000'000),
                            static_cast<long>(begin % 1'000'000'000)};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &start, nullptr);
    std::int64_t last = now_ns();
    const std::int64_t first = last;
    while (last < end) {
        ask(request);
        const std::int64_t now = now_ns();
        note_sample(now - last);
        last = now;
    }
    return last - first;
}

/* One slot for each name: one request of a name may be pending. */
struct Slot {
    rte_mp_msg request;
    std::int64_t sent = 0;
    std::atomic<std::int64_t> answered{0}; /* when; 0: not yet. Written by the IPC thread. */
    std::atomic<bool> lost{false};
};
Slot g_slots[bench::kEchoNames];

int on_async(const rte_mp_msg *request, const struct rte_mp_reply *reply) {
    Slot &slot = g_slots[bench::echo_index(request->name)];
    slot.lost = reply->nb_received != 1;
    slot.answered = now_ns();
    g_answered.release();
    return 0;
}

std::int64_t drive_async(std::istringstream &words) {
    const int names = std::min(next<int>(words), bench::kEchoNames);
    const auto count = next<unsigned long>(words);
    unsigned long sent = 0;
    const auto send = [&](Slot &slot) {
        slot.answered = 0;
        slot.sent = now_ns();
        if (rte_mp_request_async(&slot.request, &kTimeout, on_async) != 0)
            fail("asynchronous request", rte_errno);
        sent++;
    };
    const std::int64_t begin = now_ns();
    for (int i = 0; i < names && sent < count; i++) {
        g_slots[i].request = text_request(bench::echo_name(i));
        send(g_slots[i]);
    }
    for (unsigned long done = 0; done < count;) {
        g_answered.acquire();
        for (int i = 0; i < names; i++) {
            Slot &slot = g_slots[i];
            const std::int64_t answered = slot.answered.exchange(0);
            if (answered == 0)
                continue;
            if (slot.lost)
                throw Failure("an asynchronous request was not answered");
            note_sample(answered - slot.sent);
            done++;
            if (sent < count)
                send(slot);
        }
    }
    const std::int64_t elapsed = now_ns() - begin;
    while (g_answered.try_acquire()) { /* of answers that an earlier look had seen already */
    }
    return elapsed;
}

std::int64_t drive_ring(std::istringstream &words) {
    const auto count = next<unsigned long>(words);
    const rte_memzone *frames = rte_memzone_lookup(kFramesName);
    g_to_primary = rte_ring_lookup(kRingToPrimary);
    g_to_secondary = rte_ring_lookup(kRingToSecondary);
    if (frames == nullptr || g_to_primary == nullptr || g_to_secondary == nullptr)
        throw Failure("the primary has no rings");
    g_frames = static_cast<Frames *>(frames->addr);
    char copy[kFrame] = {};
    return time_each(count, [&] {
        std::memcpy(g_frames->to_primary, copy, sizeof(copy));
        rte_ring_enqueue(g_to_primary, g_frames->to_primary);
        std::memcpy(copy, dequeue(g_to_secondary), sizeof(copy));
    });
}

void start_eal(int argc, char **argv) {
    /* argv[2], the last that is not EAL's, stands where EAL looks for the program's name. */
    if (rte_eal_init(argc - 2, argv + 2) < 0)
        fail("rte_eal_init", rte_errno);
}

int run(int argc, char **argv) {
    if (argc < 3) {
        std::cerr << "mp_bench_peer is started by mp_bench\n";
        return 2;
    }
    const std::string role = argv[1];
    map_samples(std::atoi(argv[2]));
    if (role == "echo" && argc == 4)
        run_echo(argv[3]);
#ifdef MP_IPC_ZMQ
    else if (role == "zmq-echo" && argc == 4)
        run_zmq_echo(argv[3]);
#endif
    else if (role == "plain")
        serve({{"echo", drive_echo},
#ifdef MP_IPC_ZMQ
               {"zmq", drive_zmq},
#endif
               {"telemetry", drive_telemetry}});
    else if (role == "primary") {
        start_eal(argc, argv);
        prepare_primary();
        serve({{"ring", echo_ring},
               {"broadcast-sync", broadcast_sync},
               {"broadcast-async", broadcast_async}});
        rte_eal_cleanup();
    } else if (role == "driver") {
        start_eal(argc, argv);
        serve({{"sync", drive_sync},
               {"until", drive_until},
               {"async", drive_async},
               {"ring", drive_ring}});
        rte_eal_cleanup();
    } else {
        std::cerr << "mp_bench_peer: no such role: " << role << '\n';
        return 2;
    }
    return 0;
}

}  // namespace

int main(int argc, char **argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception &error) {
        std::cerr << "mp_bench_peer: " << error.what() << '\n';
        return 1;
    }
}
