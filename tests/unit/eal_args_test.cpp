/* SPDX-License-Identifier: BSD-3-Clause */
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include <rte_version.h>

#include "support/options/eal_args.h"

namespace mp_ipc {
namespace {

using Words = std::vector<std::string>;

EalArgs scan(const Words &words, const TakesNextWord &takes_next_word = eal_takes_next_word) {
    std::vector<const char *> argv = {"p"};
    for (const std::string &word : words)
        argv.push_back(word.c_str());
    return scan_eal_args(static_cast<int>(argv.size()), argv.data(), {"count"}, takes_next_word);
}

TEST(EalArgs, AreSplitAndScanned) {
    const EalArgs args = scan(
        {"-l0-1", "--file-pre", "x", "--huge-dir=/h", "-n", "4", "--no-pci", "--", "--count", "1"});
    EXPECT_EQ(args.eal.size(), 8U);
    EXPECT_EQ(args.app, (Words{"--count", "1"}));
    EXPECT_EQ(args.file_prefix, "x");
    EXPECT_EQ(args.lcores, "0-1");
    EXPECT_EQ(args.huge_dir, "/h");
    EXPECT_FALSE(args.misplaced) << *args.misplaced;
    EXPECT_EQ(args.without_shared_files, "");
}

TEST(EalArgs, OptionsThatLeaveNothingToAttachToAreSeen) {
    for (const char *option : {"--no-shconf", "--in-memory", "--no-huge", "--huge-unlink"})
        EXPECT_EQ(scan({option}).without_shared_files, option);
    EXPECT_EQ(scan({"--huge-unlink=always"}).without_shared_files, "--huge-unlink");
    for (const char *option : {"--huge-unlink=never", "--huge-unlink=existing"})
        EXPECT_EQ(scan({option}).without_shared_files, "");
}

TEST(EalArgs, AnOptionThatTakesNoWordEatsNone) {
    /* As an EAL whose --log-timestamp and --syslog take a joined value, or none. */
    const auto takes = [](const std::string &option) { return option == "--vdev"; };
    EXPECT_EQ(scan({"--log-timestamp", "--file-prefix=x", "--syslog"}, takes).file_prefix, "x");
    const EalArgs args = scan({"--syslog", "--file-prefix", "x", "--vdev", "net_null0"}, takes);
    EXPECT_EQ(args.file_prefix, "x");
    EXPECT_FALSE(args.misplaced) << *args.misplaced;
    EXPECT_EQ(scan({"--vdev", "net_null0", "--syslog", "doctor"}, takes).misplaced, "doctor");
    EXPECT_EQ(scan({"--vdev", "net_null0", "doctor"}, takes).misplaced, "doctor");
}

TEST(EalArgs, EalIsAskedOnlyWhereItIsInDoubt) {
    const auto takes = [](const std::string &option) {
        ADD_FAILURE() << option;
        return false;
    };
    scan({"-l", "0", "--no-pci", "--file-prefix", "x", "--vdev=a", "-n4"}, takes);
}

TEST(EalArgs, AWordAfterAnOptionOfANewerEalIsLeftToEal) {
    EXPECT_FALSE(scan({"--brand-new", "value"}).misplaced);
}

TEST(EalArgs, KnowsTheOptionsThatSayHowMuchMemory) {
    for (const Words &words :
         {Words{"-m", "64"}, Words{"-m64"}, Words{"--socket-mem", "1,2"}, Words{"--socket-mem=1"},
          Words{"--socket-limit=1"}, Words{"--legacy-mem"}, Words{"--numa-mem=1"},
          Words{"--memory-size=1"}})
        EXPECT_NE(scan(words).memory, "") << words[0];
    EXPECT_EQ(scan({"-n", "4", "--log-level=1", "--main-lcore", "1", "-l", "0"}).memory, "");
}

TEST(EalOption, IsAskedOfEalItself) {
    for (const char *option : {"--vdev", "-n", "--log-level", "--file-prefix", "--main-lcore"})
        EXPECT_TRUE(eal_takes_next_word(option)) << option;
    for (const char *option : {"--no-pci", "-v", "--no-huge", "--huge-unlink", "--legacy-mem"})
        EXPECT_FALSE(eal_takes_next_word(option)) << option;
    EXPECT_TRUE(eal_takes_next_word("--no-such-option-either"));
    /* Since 24.11 its value, if any, must be joined. */
    const bool optional = std::string(rte_version()) >= "DPDK 24.11";
    EXPECT_EQ(eal_takes_next_word("--syslog"), !optional);
}

TEST(CoresOfList, ReadsEalsLists) {
    EXPECT_EQ(cores_of_list("0"), (std::vector<int>{0}));
    EXPECT_EQ(cores_of_list("0-2,5"), (std::vector<int>{0, 1, 2, 5}));
    EXPECT_EQ(cores_of_list("2-3"), (std::vector<int>{2, 3}));
    EXPECT_EQ(cores_of_list("5@0"), (std::vector<int>{0}));
    EXPECT_EQ(cores_of_list("0@(1,3),(4-5)@2,7"), (std::vector<int>{1, 3, 2, 7}));
    EXPECT_EQ(cores_of_list("(0,6),9@8"), (std::vector<int>{0, 6, 8}));
    EXPECT_TRUE(cores_of_list("").empty());
    EXPECT_LE(cores_of_list("0-99999999").size(), 4096U);
}

}  // namespace
}  // namespace mp_ipc
