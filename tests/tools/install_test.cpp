/* SPDX-License-Identifier: BSD-3-Clause
 *
 * cmake --install into a prefix of the test's own: which files it installs where, that the
 * installed pair runs, and that systemd accepts its unit.
 */
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <set>
#include <sstream>

#include "tests/harness/pair.h"
#include "tests/harness/temp_dir.h"

namespace mp_ipc::test {
namespace {

namespace fs = std::filesystem;

class Install : public Hugepages {
  protected:
    void SetUp() override {
        const Finished finished =
            run({MP_IPC_CMAKE, "--install", MP_IPC_BUILD_DIR, "--prefix", root_.path()});
        ASSERT_EQ(finished.status, 0) << finished.out << finished.err;
    }
    void need_hugepages() { Hugepages::SetUp(); }
    std::set<std::string> files() const {
        std::set<std::string> found;
        for (const auto &entry : fs::recursive_directory_iterator(root_.path())) {
            if (entry.is_regular_file())
                found.insert(entry.path().lexically_relative(root_.path()).string());
        }
        return found;
    }
    std::string unit(const std::string &name = "mp_server.service") const {
        return root_ / ("lib/systemd/system/" + name);
    }
    /* argv with the installed program of this name. */
    Words installed(const std::string &name, Words argv) const {
        return with_program(root_ / ("bin/" + name), std::move(argv));
    }
    TempDir root_;
};

TEST_F(Install, EverythingIsWhereADistributionHasIt) {
    const std::set<std::string> found = files();
    std::set<std::string> wanted = {"bin/mp_server",
                                    "bin/mp_client",
                                    "share/doc/mp_ipc/LICENSE",
                                    "lib/systemd/system/mp_server.service",
                                    "lib/systemd/system/mp_client@.service",
                                    "share/bash-completion/completions/mp_server",
                                    "share/bash-completion/completions/mp_client"};
#ifdef MP_IPC_HAS_MAN
    wanted.insert({"share/man/man1/mp_server.1", "share/man/man1/mp_client.1"});
#endif
    for (const std::string &file : wanted)
        EXPECT_TRUE(found.contains(file)) << file;
    /* Besides these there are only documents: no test program, no library, no build file. */
    for (const std::string &file : found)
        EXPECT_TRUE(wanted.contains(file) || file.starts_with("share/doc/mp_ipc/")) << file;
}

TEST_F(Install, DestdirStandsBeforeThePrefix) {
    const TempDir stage;
    const Finished finished = run({MP_IPC_CMAKE, "--install", MP_IPC_BUILD_DIR, "--prefix", "/usr"},
                                  {.environment = {"DESTDIR=" + stage.path()}});
    ASSERT_EQ(finished.status, 0) << finished.out << finished.err;
    EXPECT_TRUE(fs::exists(stage / "usr/bin/mp_server"));
    const std::string text = read_file(stage / "usr/lib/systemd/system/mp_server.service");
    EXPECT_TRUE(has(text, "\nExecStart=/usr/bin/mp_server "));
    EXPECT_TRUE(has(text, "\nEnvironmentFile=-/etc/default/mp_server\n"));
}

#ifdef MP_IPC_HAS_MAN
TEST_F(Install, ManPagesSayWhatHelpSays) {
    for (const char *program : {"mp_server", "mp_client"}) {
        const std::string page =
            read_file(root_ / ("share/man/man1/" + std::string(program) + ".1"));
        const Finished help = run({root_ / ("bin/" + std::string(program)), "--help"});
        ASSERT_EQ(help.status, 0);
        /* Each option of the help is there, with groff's hyphens. */
        int options = 0;
        std::istringstream lines(help.out);
        for (std::string line; std::getline(lines, line);) {
            if (!line.starts_with("  -"))
                continue;
            std::string name = line.substr(2, line.find_first_of(" [=", 2) - 2);
            for (std::size_t at = 0; (at = name.find('-', at)) != std::string::npos; at += 2)
                name.replace(at, 1, "\\-");
            EXPECT_TRUE(has(page, name)) << program << ": " << name;
            options++;
        }
        EXPECT_GT(options, 8);
        EXPECT_TRUE(has(page, ".SH EXAMPLES"));
        EXPECT_TRUE(has(page, "\\f(CW$ mp_server -l 0 "));
    }
}
#endif

/* The words that bash completes, read from the program's own --help. */
TEST_F(Install, BashCompletesWhatHelpSays) {
    const std::string dir = root_ / "share/bash-completion/completions/";
    const auto completed = [&](const std::string &program, const std::string &typed) {
        const std::string words = (root_ / ("bin/" + program)) + " -- '" + typed + "'";
        return run({"bash", "-c",
                    "source " + dir + program + "; COMP_WORDS=(" + words +
                        "); COMP_CWORD=2; _mp_ipc; echo ${COMPREPLY[*]}"})
            .out;
    };
    EXPECT_EQ(completed("mp_client", "p"), "ping\n");
    EXPECT_EQ(completed("mp_client", "--as"), "--async-interval\n");
    EXPECT_EQ(completed("mp_server", "--br"), "--broadcast\n");
    EXPECT_EQ(completed("mp_server", "ping"), "\n") << "a command of the other program";
}

TEST_F(Install, TheInstalledPairRuns) {
    need_hugepages();
    if (IsSkipped() || HasFatalFailure())
        return;
    RunningServer server_process(installed("mp_server", server(prefix_)));
    const Finished hello = run(installed("mp_client", client(prefix_, {"--count", "1"})));
    EXPECT_EQ(hello.status, 0) << hello.out << hello.err;
    EXPECT_TRUE(has(hello.out, "[SYNC] Reply: Server SYNC reply: Got 'SYNC Hello 1 from Client'"));
    EXPECT_EQ(run(installed("mp_client", client(prefix_, {"doctor"}))).status, 0);
    expect_end(server_process, SIGTERM);
}

class Unit : public Install {
  protected:
    void SetUp() override {
        MP_IPC_NEEDS_PROGRAM("systemd-analyze", "systemd");
        Install::SetUp();
    }
};

TEST_F(Unit, IsTakenBySystemd) {
    Words argv = {"systemd-analyze", "verify", unit(), unit("mp_client@.service")};
#ifdef MP_IPC_HAS_MAN
    if (find_program("man").empty())
#endif
        argv.insert(argv.begin() + 2, "--man=no");
    /* Also checks that the man pages that it names are there. */
    const Finished verified = run(argv, {.environment = {"MANPATH=" + (root_ / "share/man")}});
    EXPECT_EQ(verified.status, 0) << verified.out << verified.err;
    EXPECT_FALSE(has(verified.err, "mp_"));
}

TEST_F(Unit, IsHardened) {
    for (const char *name : {"mp_server.service", "mp_client@.service"}) {
        const Finished checked = run({"systemd-analyze", "security", "--offline=true",
                                      "--threshold=20", "--no-pager", unit(name)});
        EXPECT_EQ(checked.status, 0) << checked.out << checked.err; /* at most 2.0 of 10 */
    }
    const std::string text = read_file(unit());
    for (const char *line : {"\nRestart=on-failure\n", "\nRestartPreventExitStatus=2\n",
                             "\nCapabilityBoundingSet=\n", "\nPrivateNetwork=yes\n"})
        EXPECT_TRUE(has(text, line));
}

}  // namespace
}  // namespace mp_ipc::test
