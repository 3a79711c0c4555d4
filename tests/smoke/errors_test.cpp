/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Whatever keeps a program from starting is reported in one line, which says what is wrong and what
 * to do, and by the exit status; and nothing hangs.
 */
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>

#include "tests/harness/pair.h"
#include "tests/harness/temp_dir.h"

namespace mp_ipc::test {
namespace {

class Errors : public Hugepages {};

/* As expect_refusal(), where EAL may have logged lines besides. */
void expect_one_line(const Finished &finished, int status, const Words &parts) {
    expect_refusal({finished.status, finished.out, own_lines(finished.err)}, status, parts);
}

TEST_F(Errors, NoServer) {
    expect_one_line(run(client(prefix_)), 3,
                    {"no primary runs under file prefix '" + prefix_.name() + "'",
                     "there is no " + prefix_.dir() + "/config",
                     "start mp_server with the same --file-prefix first"});
}

TEST_F(Errors, WrongFilePrefixNamesThoseWithALivePrimary) {
    const Prefix other;
    RunningServer server_process(prefix_);
    expect_one_line(run(client(other)), 3,
                    {other.dir() + "/config", "prefixes with a live primary: ", prefix_.name()});
}

TEST_F(Errors, AStaleConfigOfAPrimaryThatDiedInItsInit) {
    /* A real one: without memory it dies after it has made its config. */
    const Finished died = run(with_eal(server(prefix_), {"--huge-dir=/nonexistent"}));
    EXPECT_EQ(died.status, 1) << died.err;
    ASSERT_TRUE(std::filesystem::exists(prefix_.dir() + "/config")) << died.err;
    expect_one_line(run(client(prefix_)), 3,
                    {prefix_.dir() + "/config is there, but the primary that made it has ended"});
}

TEST_F(Errors, AServerThatWasKilled) {
    RunningServer server_process(prefix_);
    server_process.signal(SIGKILL);
    ASSERT_TRUE(server_process.wait());
    expect_one_line(run(client(prefix_)), 3, {"the primary that made it has ended"});
}

TEST_F(Errors, APrimaryThatIsStuckInItsInit) {
    RunningServer server_process(prefix_);
    /* It has its lock, but no socket: as a primary before it is ready. */
    std::filesystem::remove(prefix_.dir() + "/mp_socket");
    expect_one_line(run(client(prefix_)), 3,
                    {"pid " + std::to_string(server_process.pid()), "has not finished its start"});
}

TEST_F(Errors, APrimaryThatIsNoMpServer) {
    Process primary(helper("bare-primary", prefix_));
    expect_out(primary, "ready");
    expect_one_line(run(client(prefix_)), 1,
                    {"has no memzone shared_info: it is no mp_server", prefix_.name()});
}

/* EAL rounds a memzone up to a cache line, and a server may have more data of its own there. */
TEST_F(Errors, ALongerSharedInfoIsAccepted) {
    Process primary(helper("bare-primary", prefix_, {"4096"}));
    expect_out(primary, "ready");
    /* It attaches and asks; no handler is registered there. */
    const Finished cli = run(client(prefix_, {"--count", "1", "--timeout", "0.2"}));
    EXPECT_EQ(cli.status, 4) << cli.out << cli.err;
    EXPECT_NE(cli.out.find("[Client] Attached to the server"), std::string::npos) << cli.out;
}

TEST_F(Errors, ASecondServer) {
    RunningServer first(prefix_);
    expect_one_line(run(server(prefix_)), 1,
                    {"a primary (pid " + std::to_string(first.pid()) + ", mp_server) already runs",
                     prefix_.name(), "choose another --file-prefix"});
    /* The first is not affected: it still has its lock, and serves. */
    EXPECT_EQ(run(client(prefix_, {"ping", "--count", "1"})).status, 0);
}

TEST_F(Errors, AreChineseWhereTheConsoleIs) {
    const Prefix other;
    expect_one_line(run(client(other, {"--lang", "zh"})), 3,
                    {"mp_client: 错误：file-prefix '" + other.name() + "' 下没有 primary 运行：" +
                         other.dir() + "/config 不存在",
                     "；请先用相同的 --file-prefix 启动 mp_server（"});
    RunningServer first(prefix_);
    expect_one_line(run(client(other, {"--lang", "zh"})), 3,
                    {"有 primary 运行的 file-prefix：", prefix_.name()});
    expect_one_line(run(server(prefix_, {"--lang", "zh"})), 1,
                    {"mp_server: 错误：已有 primary（pid " + std::to_string(first.pid()) +
                     ", mp_server）在 file-prefix '" + prefix_.name() + "' 下运行：请先结束它"});
    Words argv = {MP_SERVER, "-l", "0", "--no-pci", "--no-shconf", "--", "--lang=zh"};
    expect_one_line(run(argv), 2, {"mp_server: 错误：--no-shconf 使 secondary 无法连接"});
    first.signal(SIGKILL);
    ASSERT_TRUE(first.wait());
    expect_one_line(run(client(prefix_, {"--lang", "zh"})), 3, {"但创建它的 primary 已结束"});
}

TEST_F(Errors, ProcTypeAuto) {
    const Words server_argv = with_eal(server(prefix_), {"--proc-type=auto"});
    RunningServer server_process(server_argv);
    const Words ping = client(prefix_, {"ping", "--count", "1"});
    EXPECT_EQ(run(with_eal(ping, {"--proc-type=auto"})).status, 0);
    expect_one_line(run(server_argv), 1, {"already runs under file prefix"});
}

TEST_F(Errors, CoresThatAreNotThere) {
    expect_one_line(
        run({MP_SERVER, "-l", "4000-4001", "--no-pci", "--file-prefix", prefix_.name()}), 2,
        {"-l 4000-4001 names cores that are not available here", "such as -l 0 and"});
    RunningServer server_process(prefix_);
    expect_one_line(run({MP_CLIENT, "-l", "900-901", "--no-pci", "--file-prefix", prefix_.name()}),
                    2, {"-l 900-901 names cores that are not available here: 900, 901"});
}

TEST_F(Errors, HugeDirIsNoHugetlbfs) {
    for (const char *dir : {"/tmp", "/dev/hugepages-nonexistent", "/dev/hugepages/nonexistent"}) {
        expect_one_line(run(with_eal(server(prefix_), {std::string("--huge-dir=") + dir})), 1,
                        {"--huge-dir names no hugetlbfs: give it a directory of one, such as /"});
    }
}

TEST_F(Errors, OptionsThatLeaveNothingToAttachTo) {
    for (const char *option : {"--no-shconf", "--in-memory", "--no-huge", "--huge-unlink"}) {
        for (const Words &argv : {server(prefix_), client(prefix_)}) {
            expect_one_line(run(with_eal(argv, {option})), 2,
                            {std::string(option) + " makes no files that a secondary could attach",
                             "omit it from both programs"});
        }
    }
    EXPECT_FALSE(std::filesystem::exists(prefix_.dir())) << "it was refused before EAL's init";
}

TEST_F(Errors, AnEalOptionWithoutItsValue) {
    /* An option that only EAL knows does not take our options as its value. */
    Words argv = server(prefix_);
    argv.emplace_back("--main-lcore");
    expect_one_line(run(argv), 2, {"EAL does not accept its options"});
    /* One that takes the next option as its value: found by the directory in which EAL runs. */
    const Prefix other;
    argv = server(other);
    argv.insert(argv.end(), {"--mbuf-pool-ops-name", "--file-prefix=" + prefix_.name()});
    expect_one_line(run(argv), 2,
                    {"EAL runs in " + other.dir() + ", not in " + prefix_.dir(),
                     "the option before; give that its value"});
}

/* EAL's log may be off: the reason is read from the primary's files. */
TEST_F(Errors, APrimaryWithoutSecondariesIsTheCauseWithoutALog) {
    Process server_process(server(prefix_, {"--no-secondaries"}));
    expect_out(server_process, "no client can attach");
    const Words argv = with_eal(client(prefix_), {"--log-level=lib.eal:critical"});
    expect_one_line(run(argv), 1, {"it accepts no secondaries: it has called rte_mp_disable()"});
}

TEST_F(Errors, NoPermission) {
    MP_IPC_NEEDS_NOBODY();
    RunningServer server_process(prefix_);
    const ProcessOptions nobody = {.environment = {"RUNTIME_DIRECTORY=/var/run"}, .uid = kNobody};
    const Finished refused_client = run(client(prefix_), nobody);
    expect_one_line(
        refused_client, 1,
        {"no permission to look into " + prefix_.dir(), "as the user who runs mp_server"});
    const Prefix free;
    const Finished refused_server = run(server(free), nobody);
    expect_one_line(refused_server, 1,
                    {"Runtime directory: " + free.dir() + " cannot be used: no permission for"});
    const Prefix own;
    const TempDir runtime; /* /tmp/dpdk may be another user's */
    std::filesystem::permissions(runtime.path(), std::filesystem::perms::all);
    const ProcessOptions with_runtime = {.environment = {"XDG_RUNTIME_DIR=" + runtime.path()},
                                         .uid = kNobody};
    const Finished no_memory = run(server(own), with_runtime);
    expect_one_line(no_memory, 1, {"no permission to write to", "scripts/setup.sh"});
}

/* Without a mount, or without a free page: in a mount namespace of its own, so that the machine's
 * hugepages stay as they are.
 */
TEST_F(Errors, NoHugepagesToUse) {
    MP_IPC_NEEDS_NAMESPACE("--mount");
    const auto in_namespace = [&](const std::string &commands) {
        return run(
            {"unshare", "--mount", "sh", "-c",
             commands + "; exec " + MP_SERVER + " -l 0 --no-pci --file-prefix=" + prefix_.name()});
    };
    expect_one_line(in_namespace("umount -a -t hugetlbfs"), 1,
                    {"no hugetlbfs is mounted", "run scripts/setup.sh"});
    /* EAL reads the counts of each NUMA node as well. */
    const auto with_pages = [](const char *reserved) {
        return std::string(
                   "set -e; for d in /sys/kernel/mm/hugepages "
                   "/sys/devices/system/node/node*/hugepages; do [ -d $d ] || continue; "
                   "mount -t tmpfs none $d; mkdir $d/hugepages-2048kB; "
                   "for f in free_hugepages resv_hugepages surplus_hugepages; do "
                   "echo 0 > $d/hugepages-2048kB/$f; done; echo ") +
               reserved + " > $d/hugepages-2048kB/nr_hugepages; done";
    };
    expect_one_line(in_namespace(with_pages("0")), 1,
                    {"no hugepages are reserved", "run scripts/setup.sh"});
    expect_one_line(in_namespace(with_pages("2")), 1,
                    {"is free for this process: 2 reserved, 0 free"});
}

}  // namespace
}  // namespace mp_ipc::test
