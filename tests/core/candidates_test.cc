#include "kraft/candidates.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "base/text.h"
#include "kraft/error.h"

namespace kraft {
namespace {

std::string message(const auto& function) {
  try {
    function();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

std::string joined(const Candidates& candidates) {
  std::string text;
  for (std::size_t i = 0; i < candidates.size(); ++i)
    text += (i > 0 ? "|" : "") + std::string(as_text(candidates[i]));
  return text;
}

std::vector<std::uint32_t> allowed(const Candidates& candidates, std::string_view history,
                                   std::uint64_t remaining_bytes) {
  std::vector<std::uint32_t> indices = {77};  // must be replaced
  candidates.allowed(as_bytes(history), remaining_bytes, indices);
  return indices;
}

TEST(Candidates, AreTheBytesInOrder) {
  const Candidates all = Candidates::all();
  ASSERT_EQ(all.size(), 256u);
  for (std::size_t i = 0; i < 256; ++i) EXPECT_EQ(all[i][0], i);
  EXPECT_TRUE(all.single_bytes());
  EXPECT_FALSE(all.restricted());
  EXPECT_EQ(joined(Candidates::seen(as_bytes("banana"))), "a|b|n");
  EXPECT_EQ(Candidates::seen({}).size(), 256u);
  EXPECT_EQ(Candidates::printable().size(), 97u);
  EXPECT_EQ(joined(Candidates::bytes(as_bytes("cab"))), "a|b|c");
  EXPECT_THROW(Candidates::bytes({}), UsageError);
}

TEST(Candidates, AreTheStringsInOrderWithoutRepeats) {
  const auto bytes = [](std::string_view s) { return Bytes(s.begin(), s.end()); };
  const Candidates words = Candidates::strings({bytes("b"), bytes("ab"), bytes("a"), bytes("b")});
  EXPECT_EQ(joined(words), "a|ab|b");
  EXPECT_FALSE(words.single_bytes());
  EXPECT_TRUE(Candidates::strings({bytes("b"), bytes("a")}).single_bytes());
  EXPECT_EQ(allowed(words, "x", 1), (std::vector<std::uint32_t>{0, 1, 2}));
  EXPECT_THROW(Candidates::strings({}), UsageError);
  EXPECT_THROW(Candidates::strings({bytes("b"), {}}), UsageError);
}

TEST(Candidates, SurviveBeingCopiedAndMoved) {
  Candidates copy = Candidates::all();
  {
    const Candidates words = Candidates::from_lines("one\ntwo\n");
    copy = words;
  }
  const Candidates moved = std::move(copy);
  EXPECT_EQ(joined(moved), "one|two");
}

TEST(Candidates, AreParsed) {
  EXPECT_EQ(Candidates::parse("all", {}).size(), 256u);
  EXPECT_EQ(joined(Candidates::parse("seen", as_bytes("xyx"))), "x|y");
  EXPECT_EQ(Candidates::parse("printable", {}).size(), 97u);
  EXPECT_TRUE(Candidates::parse("utf-8", {}).restricted());
  EXPECT_EQ(joined(Candidates::parse("chars:b\\x61\\\\", {})), "\\|a|b");
  EXPECT_EQ(message([] { Candidates::parse("chars:", {}); }),
            "alphabet: no bytes after \"chars:\"");
  EXPECT_EQ(message([] { Candidates::parse("al\nl", {}); }),
            "alphabet: unknown \"" + printable("al\nl") +
                "\": expected one of all, seen, printable, utf-8, chars:TEXT");
}

TEST(Candidates, AreReadFromLines) {
  EXPECT_EQ(joined(Candidates::from_lines("the \n\na\\x20\r\nof")), "a |of|the ");
  EXPECT_EQ(joined(Candidates::from_lines("a\\n\nb\n")), "a\n|b");
  EXPECT_EQ(
      message([] { Candidates::from_lines("a\n\nb\\q\n"); }),
      "line 3: unknown escape \"\\q\": expected \\n, \\t, \\r, \\\\ or \\x and two hexadecimal "
      "digits");
  EXPECT_EQ(message([] { Candidates::from_lines("\n\r\n"); }),
            "there are no candidates: expected one a line, found none");
}

TEST(Unescape, ReplacesEscapesAndRejectsOthers) {
  EXPECT_EQ(as_text(unescape("a\\n\\t\\r\\\\\\x00\\xfF")), std::string_view("a\n\t\r\\\0\xff", 7));
  EXPECT_TRUE(unescape("").empty());
  for (const char* bad : {"\\", "\\q", "\\x", "\\x4", "\\xg0", "a\\N"}) {
    EXPECT_THROW(unescape(bad), UsageError) << bad;
  }
  EXPECT_NE(message([] { unescape("ab\\xg0cd"); }).find("\"\\xg0\""), std::string::npos);
}

// Whether text + byte can be completed to well-formed UTF-8 by at most `more_bytes` bytes.
bool completes(const std::string& text, int more_bytes) {
  if (is_utf8(text)) return true;
  if (more_bytes == 0) return false;
  for (int byte : {0x80, 0x90, 0xa0, 0xbf}) {
    if (completes(text + static_cast<char>(byte), more_bytes - 1)) return true;
  }
  return false;
}

TEST(Utf8Candidates, AreExactlyTheBytesThatCanStillBeCompleted) {
  const Candidates utf8 = Candidates::utf8();
  for (std::string history : {"", "a", "\xc3\xa9", "\xc3", "\xe0", "\xe0\xa0", "\xe1\x80", "\xed",
                              "\xef\xbf", "\xf0", "\xf0\x90", "\xf0\x90\x80", "\xf3\x80", "\xf4",
                              "\xf4\x8f", "\xf4\x8f\xbf", "\xf4\x8f\xbf\xbf", "x\xe2\x82"}) {
    for (int remaining = 1; remaining <= 5; ++remaining) {
      std::vector<std::uint32_t> expected;
      for (std::uint32_t byte = 0; byte < 256; ++byte) {
        if (completes(history + static_cast<char>(byte), remaining - 1)) expected.push_back(byte);
      }
      const auto found = allowed(utf8, history, static_cast<std::uint64_t>(remaining));
      ASSERT_FALSE(found.empty());
      if (expected.empty()) continue;  // an unfinished code point that no longer fits
      EXPECT_EQ(found, expected) << printable(history) << " with " << remaining;
    }
  }
}

TEST(Utf8Candidates, ContinueACodePointThatNoLongerFits) {
  const auto found = allowed(Candidates::utf8(), "\xf0\x90", 1);
  EXPECT_EQ(found.size(), 64u);
  EXPECT_EQ(found.front(), 0x80u);
}

TEST(Utf8Candidates, TakeAnIllFormedEndAsFinished) {
  const auto fresh = allowed(Candidates::utf8(), "", 4);
  EXPECT_EQ(fresh.size(), 128u + 30 + 16 + 5);
  for (std::string history : {"\x80", "\xff", "\xc0", "\xe0\x80", "\xed\xa0", "\xf4\x90",
                              "\xf5\x80", "\xe2\x82\xac\x80", "\x80\x80\x80\x80", "\xc3\xc0"}) {
    EXPECT_EQ(allowed(Candidates::utf8(), history, 4), fresh) << printable(history);
  }
  EXPECT_EQ(allowed(Candidates::utf8(), "", 0), allowed(Candidates::utf8(), "", 1));
  EXPECT_EQ(allowed(Candidates::utf8(), "", Candidates::kNoEnd), fresh);
}

}  // namespace
}  // namespace kraft
