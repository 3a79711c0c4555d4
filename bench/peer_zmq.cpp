/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The usual alternative to rte_mp: a ZeroMQ REP socket, and its client. Built only if libzmq is
 * installed.
 */
#include <zmq.h>

#include <iostream>
#include <map>
#include <string>

#include "bench/peer.h"

namespace mp_ipc::bench {
namespace {

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

}  // namespace

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

}  // namespace mp_ipc::bench
