/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the pair adds to the library, in instructions per request, counted by callgrind in the real
 * programs: unlike times, this count does not vary on a loaded machine. The library's own calls are
 * left out (a second --toggle-collect stops the count inside them), so that it does not depend on
 * the DPDK version. The bounds are about a quarter above the larger count of g++ 12 and clang 14
 * (below); the quiet ones are a fraction of a microsecond, of a round trip of tens.
 */
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <string>

#include "tests/harness/pair.h"

namespace mp_ipc::test {
namespace {

/* The file that callgrind writes, and the words to put before a command to count. */
class Callgrind {
  public:
    ~Callgrind() { unlink(path_.c_str()); }

    /* Counts inside `where` and what it calls, but not inside any of `leave_out`. */
    Words words(const std::string &where, const Words &leave_out) const {
        Words words = {VALGRIND, "--tool=callgrind", "--callgrind-out-file=" + path_,
                       "--collect-atstart=no", "--toggle-collect=" + where};
        for (const std::string &function : leave_out)
            words.push_back("--toggle-collect=" + function);
        return words;
    }

    /* Instructions counted, once the program has ended. */
    std::uint64_t instructions() const {
        std::ifstream file(path_);
        for (std::string line; std::getline(file, line);) {
            if (line.starts_with("totals: ") || line.starts_with("summary: "))
                return std::stoull(line.substr(line.find(' ') + 1));
        }
        ADD_FAILURE() << path_ << " holds no total";
        return 0;
    }

  private:
    static std::string new_path() {
        static int next = 0;
        return testing::TempDir() + "mp_ipc_callgrind." + std::to_string(getpid()) + "." +
               std::to_string(next++);
    }
    std::string path_ = new_path();
};

class Cost : public Hugepages {
  protected:
    static void expect_less(const std::string &what, double instructions, double bound) {
        RecordProperty(what, std::to_string(instructions));
        std::printf("%s: %.0f instructions a request\n", what.c_str(), instructions);
        EXPECT_GT(instructions, 100) << what << ": callgrind has not counted";
        EXPECT_LT(instructions, bound) << what;
    }

    /* Instructions of the client's main thread, from the first of main() to the last, without EAL's
     * start and end and the requests themselves.
     */
    std::uint64_t client_main(int count) const {
        /* Valgrind uses the addresses that EAL would take, so the server takes others. */
        RunningServer srv(with_eal(server(prefix_, {"--quiet"}), {"--base-virtaddr=0x2000000000"}));
        const Callgrind callgrind;
        const Finished cli = run(joined(
            callgrind.words("main", {"rte_eal_init", "rte_eal_cleanup", "rte_mp_request_sync"}),
            client(prefix_, {"ping", "--flood", "--quiet", "--count", std::to_string(count)})));
        EXPECT_EQ(cli.status, 0) << cli.out << cli.err;
        expect_end(srv);
        return callgrind.instructions();
    }
};

constexpr int kRequests = 400;

/* A handler of the server, and what guards it. */
TEST_F(Cost, Handler) {
    const Words hello = {"hello", "--sync-interval", "0.001", "--async-interval", "0"};
    const struct {
        const char *name;
        Words server_options;
        Words client_options;
        double bound;
    } kHandlers[] = {{"on_hello_sync quiet", {"--quiet"}, hello, 1400}, /* 983 with g++ 12 */
                     {"on_hello_sync talking", {}, hello, 3600},        /* 2,652 */
                     {"on_ping quiet", {"--quiet"}, {"ping", "--flood"}, 900}}; /* 666 */
    for (const auto &row : kHandlers) {
        const Callgrind callgrind;
        RunningServer srv(joined(callgrind.words("*run_guarded*", {"rte_mp_reply"}),
                                 server(prefix_, row.server_options)));
        const Finished cli =
            run(client(prefix_, joined(row.client_options,
                                       {"--quiet", "--count", std::to_string(kRequests)})));
        EXPECT_EQ(cli.status, 0) << cli.out << cli.err;
        expect_end(srv);
        expect_less(row.name, static_cast<double>(callgrind.instructions()) / kRequests, row.bound);
    }
}

/* Two runs that differ only in their number of requests. */
TEST_F(Cost, ClientRequest) {
    constexpr int kMore = 2000;
    const std::uint64_t few = client_main(kRequests);
    const std::uint64_t many = client_main(kRequests + kMore);
    ASSERT_GT(many, few);
    expect_less("client request", static_cast<double>(many - few) / kMore, 1350); /* 1,046 */
}

}  // namespace
}  // namespace mp_ipc::test
