#include "train/words.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "base/text.h"

namespace kraft::train {
namespace {

std::string parted(std::string_view text) {
  std::string parts;
  for (const ByteView word : gpt2_words(as_bytes(text))) parts += std::string(as_text(word)) + "|";
  return parts;
}

TEST(Gpt2Words, BeginWithASpaceAndAreOfOneKind) {
  EXPECT_EQ(parted("Call me Ishmael. Some 40 years"), "Call| me| Ishmael|.| Some| 40| years|");
  EXPECT_EQ(parted("abc123--x"), "abc|123|--|x|");
  EXPECT_EQ(parted("we'll say 'tis; it's 'S"), "we|'ll| say| '|tis|;| it|'s| '|S|");
  EXPECT_EQ(parted(""), "");
}

TEST(Gpt2Words, LeaveTheLastSpaceToWhatFollows) {
  EXPECT_EQ(parted("a   b"), "a|  | b|");
  EXPECT_EQ(parted("a\n\nb"), "a|\n|\n|b|");
  EXPECT_EQ(parted("a \n"), "a| \n|");
  EXPECT_EQ(parted(" "), " |");
  EXPECT_EQ(parted("a\u00a0b \u3000c"), "a|\u00a0|b| |\u3000|c|");
}

TEST(Gpt2Words, KnowLettersAndNumbersOfUnicode) {
  EXPECT_EQ(parted("caf\u00e9 \u65e5\u672c\u0664\u00bd\u2013"),
            "caf\u00e9| \u65e5\u672c|\u0664\u00bd|\u2013|");
  EXPECT_EQ(parted("caf\xc3 \xff"), "caf|\xc3| \xff|");
}

TEST(Gpt2Words, AreTheTextWhateverItIs) {
  std::string text;
  for (unsigned i = 0; i < 3000; ++i) text += static_cast<char>(i * i % 251 + i / 256);
  text += std::string(1000, 'x') + std::string(700, ' ');
  std::string again;
  for (const ByteView word : gpt2_words(as_bytes(text))) {
    EXPECT_LE(word.size(), 256u);
    again += as_text(word);
  }
  EXPECT_EQ(again, text);
}

}  // namespace
}  // namespace kraft::train
