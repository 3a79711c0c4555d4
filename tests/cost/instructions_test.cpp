/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the pair adds to the library, in instructions per request, counted by callgrind in the real
 * programs: unlike times, this count does not vary on a loaded machine. The library's own calls are
 * left out (a second --toggle-collect stops the count inside them), so that it does not depend on
 * the DPDK version. The bounds are about a quarter above the larger count of g++ 12 and clang 14
 * (below); the quiet ones are a fraction of a microsecond, of a round trip of tens.
 */
#include <unistd.h>

#include <algorithm>
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
    /* Instructions of a handler of the server, and what guards it, for each of `count` requests of
     * `client_options`. */
    static double handler(const std::string &function, const Words &server_options,
                          const Words &client_options, int count) {
        const Prefix prefix;
        const Callgrind callgrind;
        RunningServer srv(joined(callgrind.words("*run_guarded*", {"rte_mp_reply"}),
                                 server(prefix, server_options)));
        const Finished cli = run(
            client(prefix, joined(client_options, {"--quiet", "--count", std::to_string(count)})));
        EXPECT_EQ(cli.status, 0) << cli.out << cli.err;
        expect_end(srv);
        return report(function, static_cast<double>(callgrind.instructions()) / count);
    }

    /* Instructions of the client's main thread, from the first of main() to the last, without EAL's
     * start and end and the requests themselves.
     */
    static std::uint64_t client_main(const Words &options, int count) {
        const Prefix prefix;
        Words server_words = server(prefix, {"--quiet"});
        /* Valgrind uses the addresses that EAL would take, so the server takes others. */
        server_words.insert(std::find(server_words.begin(), server_words.end(), "--"),
                            "--base-virtaddr=0x2000000000");
        RunningServer srv(server_words);
        const Callgrind callgrind;
        const Finished cli = run(joined(
            callgrind.words("main", {"rte_eal_init", "rte_eal_cleanup", "rte_mp_request_sync"}),
            client(prefix, joined(options, {"--quiet", "--count", std::to_string(count)}))));
        EXPECT_EQ(cli.status, 0) << cli.out << cli.err;
        expect_end(srv);
        return callgrind.instructions();
    }

    static double report(const std::string &what, double instructions) {
        RecordProperty(what, std::to_string(instructions));
        std::printf("%s: %.0f instructions a request\n", what.c_str(), instructions);
        return instructions;
    }
};

constexpr int kRequests = 400;

/* Instructions a request, without the library's. */
constexpr double kHelloBound = 1400;        /* 983 with g++ 12 */
constexpr double kHelloTalkingBound = 3600; /* 2,652 */
constexpr double kPingBound = 900;          /* 666 */
constexpr double kClientBound = 1350;       /* 1,046 */

TEST_F(Cost, HandlerOfHelloQuiet) {
    const double cost =
        handler("on_hello_sync", {"--quiet"},
                {"hello", "--sync-interval", "0.001", "--async-interval", "0"}, kRequests);
    EXPECT_GT(cost, 100); /* callgrind has counted */
    EXPECT_LT(cost, kHelloBound);
}

TEST_F(Cost, HandlerOfHelloTalking) {
    const double cost =
        handler("on_hello_sync", {}, {"hello", "--sync-interval", "0.001", "--async-interval", "0"},
                kRequests);
    EXPECT_GT(cost, 100);
    EXPECT_LT(cost, kHelloTalkingBound);
}

TEST_F(Cost, HandlerOfPing) {
    const double cost = handler("on_ping", {"--quiet"}, {"ping", "--flood"}, kRequests);
    EXPECT_GT(cost, 100);
    EXPECT_LT(cost, kPingBound);
}

/* Two runs that differ only in their number of requests. */
TEST_F(Cost, ClientRequest) {
    constexpr int kMore = 2000;
    const std::uint64_t few = client_main({"ping", "--flood"}, kRequests);
    const std::uint64_t many = client_main({"ping", "--flood"}, kRequests + kMore);
    ASSERT_GT(many, few);
    const double cost = report("client request", static_cast<double>(many - few) / kMore);
    EXPECT_GT(cost, 100);
    EXPECT_LT(cost, kClientBound);
}

}  // namespace
}  // namespace mp_ipc::test
