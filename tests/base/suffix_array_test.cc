// The suffix array against looking at every place.
#include "base/suffix_array.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "kraft/random.h"
#include "sanitized.h"

namespace kraft {
namespace {

std::size_t longest_by_looking(ByteView text, ByteView pattern) {
  std::size_t longest = 0;
  for (std::size_t begin = 0; begin < text.size(); ++begin) {
    const auto end = std::ranges::mismatch(text.subspan(begin), pattern).in2;
    longest = std::max(longest, static_cast<std::size_t>(end - pattern.begin()));
  }
  return longest;
}

Bytes random_text(Random& random, std::size_t size, std::size_t symbols) {
  Bytes text(size);
  for (Byte& byte : text) byte = static_cast<Byte>(random.uniform() * static_cast<double>(symbols));
  return text;
}

void expect_longest(ByteView text, const SuffixArray& suffixes, ByteView pattern) {
  const SuffixArray::Match match = suffixes.longest_match(pattern);
  ASSERT_EQ(match.bytes, longest_by_looking(text, pattern));
  ASSERT_LE(match.begin + match.bytes, text.size());
  EXPECT_TRUE(
      std::ranges::equal(text.subspan(match.begin, match.bytes), pattern.first(match.bytes)));
}

TEST(SuffixArray, FindsTheLongestMatchInEveryShortText) {
  // All texts of up to 7 letters out of 3, and all patterns of up to 3.
  for (std::size_t size = 0, texts = 1; size <= 7; ++size, texts *= 3) {
    for (std::size_t number = 0; number < texts; ++number) {
      Bytes text;
      for (std::size_t i = 0, rest = number; i < size; ++i, rest /= 3)
        text.push_back(static_cast<Byte>(rest % 3));
      const SuffixArray suffixes(text);
      for (Byte a = 0; a < 4; ++a) {
        for (Byte b = 0; b < 4; ++b) expect_longest(text, suffixes, Bytes{a, b, a});
      }
      expect_longest(text, suffixes, text);
    }
  }
}

TEST(SuffixArray, FindsTheLongestMatchInRandomTexts) {
  Random random(1);
  for (const std::size_t symbols : {1u, 2u, 3u, 26u, 256u}) {
    for (int round = 0; round < 20; ++round) {
      const Bytes text =
          random_text(random, 1 + static_cast<std::size_t>(random.uniform() * 700), symbols);
      const SuffixArray suffixes(text);
      for (int i = 0; i < 20; ++i) {
        Bytes pattern = random_text(random, 40, symbols);
        expect_longest(text, suffixes, pattern);
        // What is there, and then is not.
        const auto begin =
            static_cast<std::size_t>(random.uniform() * static_cast<double>(text.size()));
        const ByteView rest = ByteView(text).subspan(begin);
        Bytes copied(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(
                                                      std::min<std::size_t>(rest.size(), 30)));
        copied.insert(copied.end(), pattern.begin(), pattern.end());
        expect_longest(text, suffixes, copied);
      }
    }
  }
}

TEST(SuffixArray, EmptyTextsAndPatternsMatchNothing) {
  EXPECT_EQ(SuffixArray({}).longest_match(as_bytes("a")).bytes, 0u);
  EXPECT_EQ(SuffixArray(as_bytes("abc")).longest_match({}).bytes, 0u);
}

// 10 MB of which a few strings stand in one place only; and of one letter, the worst of all texts
// for methods that compare suffixes.
TEST(SuffixArray, IsExactInTenMegabytes) {
  Random random(2);
  constexpr std::size_t kBytes = kSanitized ? 2'000'000 : 10'000'000;
  Bytes text = random_text(random, kBytes, 2);
  const Bytes rare = random_text(random, 150, 256);
  std::ranges::copy(rare, text.begin() + 1'234'567);
  const SuffixArray::Match match = SuffixArray(text).longest_match(rare);
  EXPECT_EQ(match.bytes, rare.size());
  EXPECT_EQ(match.begin, 1'234'567u);

  const Bytes same(kBytes, Byte{'a'});
  Bytes pattern(1000, Byte{'a'});
  pattern.push_back(Byte{'b'});
  EXPECT_EQ(SuffixArray(same).longest_match(pattern).bytes, 1000u);
}

}  // namespace
}  // namespace kraft
