/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/base/text.h"

#include <gtest/gtest.h>

#include <string>

#include "support/stats/telemetry.h"

namespace mp_ipc {
namespace {

TEST(Utf8Cut, LeavesShortTextAlone) {
    EXPECT_EQ(utf8_cut("abc", 3), "abc");
    EXPECT_EQ(utf8_cut("", 0), "");
}

TEST(Utf8Cut, CutsAsciiAtTheLimit) {
    EXPECT_EQ(utf8_cut("abcdef", 4), "abcd");
}

TEST(Utf8Cut, NeverSplitsACharacter) {
    const std::string text =
        "a\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80"; /* a, e-acute, zhong, a face */
    EXPECT_EQ(utf8_cut(text, 1).size(), 1U);
    EXPECT_EQ(utf8_cut(text, 2).size(), 1U);
    EXPECT_EQ(utf8_cut(text, 3).size(), 3U);
    EXPECT_EQ(utf8_cut(text, 4).size(), 3U);
    EXPECT_EQ(utf8_cut(text, 5).size(), 3U);
    EXPECT_EQ(utf8_cut(text, 6).size(), 6U);
    for (std::size_t limit = 7; limit < 10; limit++)
        EXPECT_EQ(utf8_cut(text, limit).size(), 6U) << limit;
    EXPECT_EQ(utf8_cut(text, 10), text);
}

TEST(Utf8Cut, CutsBytesThatAreNoUtf8AtTheLimit) {
    EXPECT_EQ(utf8_cut(std::string(10, '\x80'), 5).size(), 5U);
    EXPECT_EQ(utf8_cut(std::string(10, '\xf0'), 5).size(), 5U);
}

TEST(Printable, PassesTextAsItIs) {
    const std::string text = "Hello, \xe4\xb8\xad\xe6\x96\x87 \xf0\x9f\x98\x80 \\ 'quoted'";
    EXPECT_EQ(printable(text), text);
}

TEST(Printable, EscapesWhatATerminalWouldActOn) {
    EXPECT_EQ(printable("\x1b[2J"), "\\x1b[2J");
    EXPECT_EQ(printable("a\nb\r\t\x7f"), "a\\x0ab\\x0d\\x09\\x7f");
    EXPECT_EQ(printable(std::string("a\0b", 3)), "a\\x00b");
    EXPECT_EQ(printable("\xc2\x9b"), "\\xc2\\x9b"); /* CSI, as C1 */
    /* NOLINTNEXTLINE(misc-misleading-bidirectional): right-to-left override, the point of it */
    EXPECT_EQ(printable("\xe2\x80\xae"), "\\xe2\\x80\\xae");
}

TEST(Printable, EscapesBytesThatAreNoUtf8) {
    EXPECT_EQ(printable("\xff"), "\\xff");
    EXPECT_EQ(printable("\xc0\xaf"), "\\xc0\\xaf");                   /* overlong */
    EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");          /* surrogate */
    EXPECT_EQ(printable("\xe4\xb8"), "\\xe4\\xb8");                   /* cut short */
    EXPECT_EQ(printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80"); /* over U+10FFFF */
}

TEST(Printable, EveryByteYieldsSomethingSafe) {
    for (int first = 0; first < 256; first++) {
        for (int second = 0; second < 256; second++) {
            const std::string text = {static_cast<char>(first), static_cast<char>(second)};
            for (const char c : printable(text)) {
                const auto byte = static_cast<unsigned char>(c);
                ASSERT_TRUE(byte >= 0x20 && byte != 0x7f) << first << " " << second;
            }
        }
    }
}

TEST(TelemetryText, IsPrintableAsciiAndFits) {
    EXPECT_EQ(telemetry_text("plain ~\"\\", 127), "plain ~\"\\");
    EXPECT_EQ(telemetry_text("\xe4\xb8\xad\x1b\x7f", 127), "\\xe4\\xb8\\xad\\x1b\\x7f");
    EXPECT_EQ(telemetry_text(std::string(200, 'x'), 127), std::string(127, 'x'));
    EXPECT_EQ(telemetry_text("abc\xff", 6), "abc"); /* an escape is not cut */
}

}  // namespace
}  // namespace mp_ipc
