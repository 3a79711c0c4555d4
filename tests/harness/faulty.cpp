/* SPDX-License-Identifier: BSD-3-Clause
 *
 * For LD_PRELOAD: a DPDK library, a kernel or a sandbox with the fault FAULT:
 *
 *   lost-callback   every asynchronous request is lost, and that is reported on stderr. Without the
 *                   async fixes of docs/faults.md there are races after which the callback never
 *                   comes; no test can cause them.
 *   lost-lock       requests and events block as they do while another thread keeps the library's
 *                   lock, or the server's queue is full; except EAL's own requests, which a program
 *                   needs to start and which need room in that queue too.
 *   full-queue      the queue of the socket FAULT_VALUE, which nobody reads, is full whenever the
 *                   library is to send an event or a ping; each such call is reported on stderr.
 *   taken-memory    an address of the primary's memory is taken (in the 64 GiB that EAL reserves
 *                   from its --base-virtaddr on, 4 GiB on x86), as address space randomization may
 *                   do; taken-config: one of its configuration.
 *   taken-lock      another process has the lock of a file that EAL has just made for this
 *                   secondary, as one that removes left-over files has for a moment: of the lock
 *                   number FAULT_VALUE, from 1, of those that are asked for.
 *   no-socket       the socket of a secondary cannot be made, as on a full file system.
 *   no-close-range  there is no close_range(2), and the limit of open files is so high that a loop
 *                   over all numbers takes minutes, as in a container.
 *   few-threads     after FAULT_VALUE threads no other can be started, as with a cgroup's pids.max.
 *
 * What is taken is so only in the first run of a program, unless TAKEN_ALWAYS is set.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

#include <rte_eal.h>

namespace {

/* Set before the program runs: it may take variables away. */
const char *g_fault = "";
const char *g_value = "";
bool g_takes = false;

bool fault_is(std::string_view fault) {
    return fault == g_fault;
}

/* The function of this name that is called where this library is not loaded. */
template <typename Function>
Function *real(const char *name) {
    return reinterpret_cast<Function *>(dlsym(RTLD_NEXT, name));
}

void report(std::string_view line) {
    [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, line.data(), line.size());
}

__attribute__((constructor)) void begin() {
    if (const char *fault = std::getenv("FAULT"))
        g_fault = fault;
    if (const char *value = std::getenv("FAULT_VALUE"))
        g_value = value;
    g_takes = std::getenv("MP_IPC_RESUME") == nullptr || std::getenv("TAKEN_ALWAYS") != nullptr;
    if (!g_takes || (!fault_is("taken-memory") && !fault_is("taken-config")))
        return;
    const unsigned long base = fault_is("taken-config") ? 0x100000000 : 0x200000000;
    constexpr unsigned long kSize = 4096;
    if (syscall(SYS_mmap, base, kSize, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
                -1, 0) < 0)
        std::abort();
}

/* The pair's own requests and events stay here with lost-lock. */
void wait_for_lock(const rte_mp_msg *message) {
    for (const std::string_view ours :
         {"hello_request", "hello_async_req", "ping_request", "client_status", "notify_event"}) {
        while (fault_is("lost-lock") && message->name == ours)
            pause();
    }
}

void fill_queue() {
    report("faulty: a send\n");
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, g_value, sizeof(address.sun_path) - 1);
    const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    while (sendto(fd, "x", 1, 0, reinterpret_cast<const sockaddr *>(&address), sizeof(address)) ==
           1) {
    }
    close(fd); /* what it has sent stays */
}

/* One that EAL makes, for reading and writing; a check of our own opens it for reading. */
bool is_made_by_eal(int fd) {
    std::error_code error;
    const std::string path =
        std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd), error);
    return (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR &&
           path.find("/fbarray_") != std::string::npos &&
           path.find("_" + std::to_string(getpid())) != std::string::npos;
}

bool is_a_secondarys(const sockaddr *address) {
    return address->sa_family == AF_UNIX &&
           std::strstr(reinterpret_cast<const sockaddr_un *>(address)->sun_path, "/mp_socket_") !=
               nullptr;
}

}  // namespace

extern "C" int rte_mp_sendmsg(rte_mp_msg *msg) {
    wait_for_lock(msg);
    if (fault_is("full-queue"))
        fill_queue();
    return real<decltype(rte_mp_sendmsg)>("rte_mp_sendmsg")(msg);
}

extern "C" int rte_mp_request_sync(rte_mp_msg *request, struct rte_mp_reply *reply,
                                   const timespec *timeout) {
    wait_for_lock(request);
    if (fault_is("full-queue") && request->name == std::string_view("ping_request"))
        fill_queue();
    return real<decltype(rte_mp_request_sync)>("rte_mp_request_sync")(request, reply, timeout);
}

extern "C" int rte_mp_request_async(rte_mp_msg *request, const timespec *timeout,
                                    rte_mp_async_reply_t callback) {
    wait_for_lock(request);
    if (fault_is("lost-callback")) {
        report("faulty: a request was lost\n");
        return 0;
    }
    return real<decltype(rte_mp_request_async)>("rte_mp_request_async")(request, timeout, callback);
}

extern "C" int flock(int fd, int operation) {
    static int asked = 0;
    if (fault_is("taken-lock") && g_takes && is_made_by_eal(fd) && ++asked == std::atoi(g_value)) {
        errno = EWOULDBLOCK;
        return -1;
    }
    return real<decltype(flock)>("flock")(fd, operation);
}

extern "C" int bind(int fd, const sockaddr *address, socklen_t size) {
    if (fault_is("no-socket") && is_a_secondarys(address)) {
        errno = ENOSPC;
        return -1;
    }
    return real<decltype(bind)>("bind")(fd, address, size);
}

extern "C" int pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                              void *(*run)(void *), void *argument) {
    static std::atomic<int> started{0};
    if (fault_is("few-threads") && ++started > std::atoi(g_value))
        return EAGAIN;
    return real<decltype(pthread_create)>("pthread_create")(thread, attributes, run, argument);
}

extern "C" long syscall(long number, ...) noexcept {
    if (fault_is("no-close-range") && number == SYS_close_range) {
        errno = ENOSYS;
        return -1;
    }
    long values[6];
    va_list list;
    va_start(list, number);
    for (long &value : values)
        value = va_arg(list, long);
    va_end(list);
    return real<decltype(syscall)>("syscall")(number, values[0], values[1], values[2], values[3],
                                              values[4], values[5]);
}

extern "C" long sysconf(int name) noexcept {
    if (fault_is("no-close-range") && name == _SC_OPEN_MAX)
        return 1'073'741'816;
    return real<decltype(sysconf)>("sysconf")(name);
}
