#include "base/terminal_filter.h"

#include <gtest/gtest.h>

namespace kraft {
namespace {

std::string shown(std::string_view text) { return TerminalFilter()(text); }

TEST(TerminalFilter, LeavesTextAsItIs) {
  const std::string text = "Call me\tIshmael.\n\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\x8b";
  EXPECT_EQ(shown(text), text);
}

TEST(TerminalFilter, ReplacesEscapesAndOtherControlCharacters) {
  EXPECT_EQ(shown("\x1b[2J"), ".[2J");
  EXPECT_EQ(shown(std::string_view("a\0b\rc\x7f", 6)), "a.b.c.");
  for (int c = 0; c < 0x20; ++c) {
    const std::string one(1, static_cast<char>(c));
    EXPECT_EQ(shown(one), c == '\n' || c == '\t' ? one : ".") << c;
  }
}

TEST(TerminalFilter, ReplacesC1ControlsInBothForms) {
  EXPECT_EQ(shown("\x9b"
                  "31m"),
            ".31m");  // CSI as a byte
  EXPECT_EQ(shown("\xc2\x9b"
                  "31m"),
            "\xc2.31m");                     // and as U+009B
  EXPECT_EQ(shown("\xc2\xa0"), "\xc2\xa0");  // U+00A0 is none
}

TEST(TerminalFilter, KeepsContinuationBytesInsideLongerSequences) {
  EXPECT_EQ(shown("\xe2\x80\x9c"), "\xe2\x80\x9c");          // a quotation mark
  EXPECT_EQ(shown("\xf0\x9f\x90\x8b"), "\xf0\x9f\x90\x8b");  // a whale
  EXPECT_EQ(shown("\xe2\x80\x9c\x9c"), "\xe2\x80\x9c.");     // one byte too many
}

TEST(TerminalFilter, RemembersASequenceThatIsCutBetweenTwoCalls) {
  TerminalFilter filter;
  EXPECT_EQ(filter("\xe2\x80"), "\xe2\x80");
  EXPECT_EQ(filter("\x9c"), "\x9c");
  EXPECT_EQ(filter("\x9c"), ".");
}

}  // namespace
}  // namespace kraft
