/* SPDX-License-Identifier: BSD-3-Clause
 *
 * For LD_PRELOAD: a DPDK library whose requests block as they do while another thread keeps its
 * lock; except EAL's own, which a program needs to start.
 */
#include <dlfcn.h>
#include <unistd.h>

#include <string_view>

#include <rte_eal.h>

namespace {

template <typename Function, typename... Args>
int call(const char *function, Function *, rte_mp_msg *request, Args... args) {
    for (const std::string_view ours :
         {"hello_request", "hello_async_req", "ping_request", "client_status"}) {
        while (request->name == ours)
            pause();
    }
    return reinterpret_cast<Function *>(dlsym(RTLD_NEXT, function))(request, args...);
}

}  // namespace

extern "C" int rte_mp_request_sync(rte_mp_msg *request, struct rte_mp_reply *reply,
                                   const timespec *timeout) {
    return call("rte_mp_request_sync", rte_mp_request_sync, request, reply, timeout);
}

extern "C" int rte_mp_request_async(rte_mp_msg *request, const timespec *timeout,
                                    rte_mp_async_reply_t callback) {
    return call("rte_mp_request_async", rte_mp_request_async, request, timeout, callback);
}
