/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A plan of its own: how everything grows with the number of clients, up to 1,000 or as many as the
 * machine has room for. Real mp_clients send at their usual intervals, while one more measures
 * times by ping. Where all ask at once, the drivers of crowd.cpp do it, since mp_client prints no
 * time of its greetings. Where a bare primary asks all, they are real mp_clients again
 * (broadcast.cpp).
 */
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "bench/options.h"
#include "bench/plan.h"
#include "bench/servers.h"
#include "bench/tables.h"
#include "support/eal/heap_question.h"
#include "support/eal/runtime_dir.h"

namespace mp_ipc::bench {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr double kMiB = 1024 * 1024;

double ms_since(Clock::time_point from) {
    return std::chrono::duration<double, std::milli>(Clock::now() - from).count();
}

double available_mib() {
    std::ifstream file("/proc/meminfo");
    for (std::string word; file >> word;) {
        double kib = 0;
        if (word == "MemAvailable:" && file >> kib)
            return kib / 1024;
    }
    return 0;
}

double runtime_free_mib() {
    struct statvfs space = {};
    const std::string above = fs::path(runtime_root()).parent_path();
    if (statvfs(above.c_str(), &space) != 0)
        return 0;
    return static_cast<double>(space.f_bavail) * static_cast<double>(space.f_frsize) / kMiB;
}

/* MiB that the files of a directory take of its file system; EAL's are sparse. */
double size_of_mib(const std::string &dir) {
    double bytes = 0;
    std::error_code error;
    for (fs::directory_iterator it(dir, error), end; !error && it != end; it.increment(error)) {
        struct stat status = {};
        if (stat(it->path().c_str(), &status) == 0)
            bytes += 512.0 * static_cast<double>(status.st_blocks);
    }
    return bytes / kMiB;
}

/* Memory of the machine per client, MiB: as measured at the previous size, or a safe guess. */
double g_client_mib = 10;
double g_client_runtime_mib = 1.7;

/* Why this machine has no room for so many clients; empty: it has. */
std::string no_room_for(int size) {
    constexpr double kReservedMiB = 1024; /* for other processes */
    rlimit files = {};
    getrlimit(RLIMIT_NOFILE, &files);
    if (static_cast<double>(files.rlim_cur) < 64 + 5.0 * size)
        return "this process may open " + std::to_string(files.rlim_cur) + " files (ulimit -n)";
    const double memory = available_mib();
    if (memory - kReservedMiB < size * g_client_mib)
        return "each takes " + number(g_client_mib, 1) + " MiB, and " + grouped(memory) +
               " MiB are available";
    const double runtime = runtime_free_mib();
    if (runtime * 0.9 < size * g_client_runtime_mib)
        return "each takes " + number(g_client_runtime_mib, 1) +
               " MiB of the runtime file system, which has " + grouped(runtime) + " MiB";
    return {};
}

/* Of a line "[Client] Sync: sent 2, answered 2, late 0, timed out 0, refused 0": the requests
 * without a reply of their own. Refused ones were under way when the server ended, and do not
 * count.
 */
unsigned unanswered_in(const std::string &line) {
    unsigned late = 0;
    unsigned timed_out = 0;
    const std::size_t at = line.find("late ");
    if (at == std::string::npos ||
        std::sscanf(line.c_str() + at, "late %u, timed out %u", &late, &timed_out) != 2)
        throw Failure("mp_client printed: " + line);
    return late + timed_out;
}

/* One run of a server with so many clients, at the tutorial's intervals. */
Slice measure_population(int size, unsigned pings) {
    RealServer server({"--quiet"}, Console::lines, both_cores());
    const double memory_before = available_mib();
    const double files_before = size_of_mib(server.prefix().dir());
    std::vector<std::unique_ptr<Child>> clients;
    Slice slice;

    const Clock::time_point begin = Clock::now();
    attach_clients(&clients, static_cast<std::size_t>(size), server.prefix(), {"--quiet"});
    slice["attach rate"] = size / (ms_since(begin) / 1000);

    std::this_thread::sleep_for(std::chrono::seconds(1));
    std::vector<double> resident;
    for (const auto &client : clients)
        resident.push_back(static_cast<double>(usage_of(client->pid()).rss_kib) / 1024);
    slice["client MiB"] = median(resident);
    slice["server MiB"] = static_cast<double>(usage_of(server.process().pid()).rss_kib) / 1024;
    if (size >= 32) /* for fewer, other processes change the machine's memory by more */
        slice["machine MiB"] = g_client_mib = (memory_before - available_mib()) / size;
    slice["runtime MiB"] = g_client_runtime_mib =
        (size_of_mib(server.prefix().dir()) - files_before) / size;
    Child probe(client_words(server.prefix(), {"ping", "--quiet", "--interval", "0.02", "--count",
                                               std::to_string(pings)}),
                both_cores());
    const std::string totals = probe.read_until("sent");
    if (totals.find(std::to_string(pings) + " answered") == std::string::npos)
        throw Failure("mp_client printed: " + totals);
    read_ping_times(probe.read_line(), &slice);
    probe.wait();

    if (const auto heap = ask_for_heap(server.prefix().dir(), std::chrono::seconds(5)))
        g_facts.heaps[size] = heap->heap;

    const Clock::time_point asked = Clock::now();
    server.process().signal(SIGINT);
    slice["end ms"] =
        std::chrono::duration<double, std::milli>(server.process().wait() - asked).count();
    unsigned unanswered = 0;
    for (const auto &client : clients) {
        unanswered += unanswered_in(client->read_until("Sync: sent"));
        unanswered += unanswered_in(client->read_until("Async: sent"));
        client->wait();
    }
    slice["all ended ms"] = ms_since(asked);
    slice["unanswered"] = unanswered;
    return slice;
}

void plan(const std::string &row, int size, const std::function<Slice()> &measure) {
    g_plan.push_back({sized(row.c_str(), size), 0, 1,
                      [=] {
                          const std::string why = no_room_for(size);
                          if (why.empty())
                              return measure();
                          g_facts.left_out.emplace_back(sized(row.c_str(), size), why);
                          return Slice{};
                      },
                      true});
}

}  // namespace

void plan_scale() {
    rlimit files = {};
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max; /* each process that is started takes four */
    setrlimit(RLIMIT_NOFILE, &files);
    g_facts.clients = {1, 8, 32, 100, 300, 1000};
    if (g_config.quick)
        g_facts.clients = {1, 8};
    const unsigned pings = g_config.quick ? 20 : 500;
    for (const int size : g_facts.clients)
        plan("population", size, [=] { return measure_population(size, pings); });
    for (const int size : g_facts.clients)
        plan("at once", size,
             [=] { return measure_crowd(true, size, milliseconds(g_config.quick ? 50 : 2000)); });
    for (const int size : g_facts.clients) {
        const unsigned rounds = g_config.quick ? 2 : static_cast<unsigned>(std::max(5, 60 / size));
        for (const char *kind : {"sync", "async"})
            plan(std::string("scale broadcast ") + kind, size, [=] {
                end_crowd();
                return measure_broadcast(kind, size, rounds);
            });
    }
}

}  // namespace mp_ipc::bench
