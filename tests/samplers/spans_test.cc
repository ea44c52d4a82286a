#include <gtest/gtest.h>

#include <algorithm>

#include "base/text.h"
#include "toy_models.h"

namespace kraft::testing {
namespace {

// What followed earlier occurrences of the end of the text, by scanning it: latest first, distinct.
std::vector<std::string> followers(const std::string& text, std::size_t key_length,
                                   std::size_t length, std::size_t limit) {
  std::vector<std::string> found;
  for (std::size_t key = key_length; key > 0 && found.empty(); --key) {
    if (text.size() < key) continue;
    const std::string end = text.substr(text.size() - key);
    for (std::size_t place = text.size(); place-- > key;) {
      if (place + length > text.size() || text.substr(place - key, key) != end) continue;
      const std::string span = text.substr(place, length);
      if (std::find(found.begin(), found.end(), span) == found.end() && found.size() < limit)
        found.push_back(span);
    }
  }
  return found;
}

std::string random_text(std::size_t size, const std::string& alphabet, std::uint64_t seed) {
  Random random(seed);
  std::string text;
  while (text.size() < size) text += alphabet[random.below(alphabet.size())];
  return text;
}

TEST(Spans, DrawsFromTheFollowersByTheirBits) {
  const std::string history = random_text(60, "abc", 1);
  const auto sampler = make_sampler("spans", {.span_length = 3, .key_length = 2});
  const auto counts = draw_many(*sampler, codec_length, abc(),
                                {.length_bytes = 3, .history = as_bytes(history)}, draws(10000));
  Distribution bits;
  const auto spans = followers(history, 2, 3, 256);
  ASSERT_GE(spans.size(), 3u);
  for (const std::string& span : spans)
    bits[span] = codec_length(history + span) - codec_length(history);
  expect_distribution(counts, from_bits(bits));
}

TEST(Spans, FindsTheSameFollowersAsAScanWhileTheTextGrows) {
  const std::string history = random_text(3000, "abcdefgh", 2);
  for (int key_length : {1, 3, 6}) {
    for (int limit : {1, 4, 256}) {
      const auto sampler = make_sampler(
          "spans",
          {.temperature = 0, .span_length = 5, .span_limit = limit, .key_length = key_length});
      const Length by_last_bytes = [](const std::string& text) {
        double bits = 0;
        for (std::size_t i = text.size() - std::min<std::size_t>(text.size(), 12); i < text.size();
             ++i)
          bits += static_cast<double>((text[i] * 31 + static_cast<int>(i) * 17) % 23);
        return bits;
      };
      Random random(1);
      const std::string drawn = draw(*sampler, by_last_bytes, Candidates::all(),
                                     {.length_bytes = 303, .history = as_bytes(history)}, random);
      std::string text = history;
      while (text.size() < history.size() + drawn.size()) {
        const std::size_t left = history.size() + drawn.size() - text.size();
        auto spans = followers(text, static_cast<std::size_t>(key_length),
                               std::min<std::size_t>(5, left), static_cast<std::size_t>(limit));
        std::sort(spans.begin(), spans.end());
        ASSERT_FALSE(spans.empty());
        text += *std::min_element(spans.begin(), spans.end(), [&](const auto& a, const auto& b) {
          return by_last_bytes(text + a) < by_last_bytes(text + b);
        });
      }
      EXPECT_EQ(drawn, text.substr(history.size()));
    }
  }
}

TEST(Spans, BacksOffToShorterKeysAndThenToSingleBytes) {
  const auto sampler = make_sampler("spans", {.span_length = 2, .key_length = 4});
  Random random(1);
  // "xyca": only the final "a" came before, followed by "bx".
  EXPECT_EQ(draw(*sampler, table_length, Candidates::all(),
                 {.length_bytes = 2, .history = as_bytes("abxyca")}, random),
            "bx");
  // Nothing came before the end: one byte of the candidates, as ancestral draws it.
  const auto counts = draw_many(*sampler, table_length, abc(),
                                {.length_bytes = 1, .history = as_bytes("xyz")}, draws(5000));
  Distribution bits;
  for (std::string s : {"a", "b", "c"}) bits[s] = table_length("xyz" + s);
  expect_distribution(counts, from_bits(bits));
  draw(*sampler, table_length, abc(), {.length_bytes = 50}, random);  // and without any history
}

TEST(Spans, HoldBytesOfTheAlphabetOnly) {
  const std::string history = "a.x a.b a.c a.";
  const auto sampler = make_sampler("spans", {.span_length = 1, .key_length = 2});
  const auto counts = draw_many(*sampler, table_length, abc(),
                                {.length_bytes = 1, .history = as_bytes(history)}, draws(300));
  EXPECT_EQ(counts.size(), 2u);
  EXPECT_TRUE(counts.contains("b") && counts.contains("c"));
}

TEST(Spans, KeepUtf8WellFormed) {
  std::string history;
  for (int i = 0; i < 30; ++i)
    history += i % 3 == 0 ? "\xe2\x82\xac " : i % 3 == 1 ? "\xc3\xa9 " : "e ";
  const Length flat = [](const std::string& text) { return static_cast<double>(text.size()); };
  for (std::uint64_t length = 1; length < 30; ++length) {
    const auto sampler = make_sampler("spans", {.span_length = 3, .key_length = 1});
    Random random(length);
    const std::string text = draw(*sampler, flat, Candidates::utf8(),
                                  {.length_bytes = length, .history = as_bytes(history)}, random);
    EXPECT_TRUE(is_utf8(text)) << printable(text);
  }
}

TEST(Spans, RespectRepetitionControl) {
  const std::string history = random_text(400, "abc", 7);
  const auto sampler = make_sampler(
      "spans", {.repeat_ngram = 4, .temperature = 0, .span_length = 3, .key_length = 2});
  Random random(1);
  const std::string drawn = draw(*sampler, table_length, abc(),
                                 {.length_bytes = 18, .history = as_bytes(history)}, random);
  std::set<std::string> seen;
  for (std::size_t i = 0; i + 4 <= drawn.size(); ++i)
    EXPECT_TRUE(seen.insert(drawn.substr(i, 4)).second) << drawn;
}

}  // namespace
}  // namespace kraft::testing
