#include "evaluate/token_model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>

#include "base/text.h"
#include "evaluate/bpe.h"
#include "kraft/error.h"
#include "kraft/random.h"

namespace kraft {
namespace {

using Word = std::vector<std::uint32_t>;

// Words of few letters, so that there are many pairs of equal frequency.
Bytes some_text(std::uint64_t seed, std::size_t size) {
  Random random(seed);
  Bytes text(size);
  for (Byte& byte : text) byte = static_cast<Byte>("abcd  \n"[random.below(7)]);
  return text;
}

// All pairs counted anew before each join. One that makes the bytes of a token is none.
std::vector<std::pair<std::uint32_t, std::uint32_t>> slow_pairs(ByteView text,
                                                                std::size_t vocabulary) {
  std::vector<Word> words;
  for (const ByteView word : words_of(text)) words.emplace_back(word.begin(), word.end());
  std::vector<std::pair<std::uint32_t, std::uint32_t>> joined;
  std::vector<std::string> bytes;
  for (int byte = 0; byte < 256; ++byte) bytes.emplace_back(1, static_cast<char>(byte));
  while (256 + joined.size() < vocabulary) {
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::size_t> counts;
    for (const Word& word : words) {
      for (std::size_t i = 0; i + 1 < word.size(); ++i) ++counts[{word[i], word[i + 1]}];
    }
    std::size_t most = 1;
    std::pair<std::uint32_t, std::uint32_t> best;
    for (const auto& [pair, count] : counts) {
      const bool known = std::ranges::count(bytes, bytes[pair.first] + bytes[pair.second]) > 0;
      if (count > most && !known) {
        most = count;
        best = pair;
      }
    }
    if (most < 2) break;
    const auto token = static_cast<std::uint32_t>(256 + joined.size());
    joined.push_back(best);
    bytes.push_back(bytes[best.first] + bytes[best.second]);
    for (Word& word : words) {
      Word shorter;
      for (std::size_t i = 0; i < word.size(); ++i) {
        if (i + 1 < word.size() && std::pair(word[i], word[i + 1]) == best) {
          shorter.push_back(token);
          ++i;
        } else {
          shorter.push_back(word[i]);
        }
      }
      word = shorter;
    }
  }
  return joined;
}

TEST(BytePairs, AreThoseThatAreMostFrequentOneAfterTheOther) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const Bytes text = some_text(seed, 1500);
    const auto expected = slow_pairs(text, 300);
    const BytePairs pairs = BytePairs::learn(text, 300);
    ASSERT_EQ(pairs.size(), 256 + expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      Bytes both = pairs.bytes_of(expected[i].first);
      append(both, pairs.bytes_of(expected[i].second));
      EXPECT_EQ(pairs.bytes_of(static_cast<std::uint32_t>(256 + i)), both) << seed << ", " << i;
    }
  }
}

TEST(BytePairs, AreNeverTheSameBytesTwice) {
  std::string runs;
  for (int i = 0; i < 60; ++i)
    runs += std::string(static_cast<std::size_t>(1 + i * i % 23), 'x') + " ";
  const auto words = words_of(as_bytes(runs));
  const BytePairs pairs = BytePairs::learn_words(words, 300);
  std::set<Bytes> all;
  for (std::uint32_t token = 0; token < pairs.size(); ++token) all.insert(pairs.bytes_of(token));
  EXPECT_EQ(all.size(), pairs.size());
  EXPECT_GT(pairs.size(), 260u);
  EXPECT_EQ(BytePairs::from(pairs.joined()).encode(as_bytes(runs)), pairs.encode_words(words));

  using Pairs = std::vector<BytePairs::Pair>;
  EXPECT_THROW(BytePairs::from(Pairs{{'a', 257}}), Error);
  EXPECT_THROW(BytePairs::from(Pairs{{'a', 'b'}, {'a', 'b'}}), Error);
  EXPECT_THROW(BytePairs::from(Pairs{{'a', 'b'}, {'b', 'c'}, {256, 'c'}, {'a', 257}}), Error);
}

TEST(BytePairs, TokensAreTheText) {
  const Bytes learnt = some_text(1, 4000);
  const BytePairs pairs = BytePairs::learn(learnt, 400);
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    Bytes text = some_text(seed, 500);
    text.push_back(0xff);  // never seen
    Bytes again;
    const auto tokens = pairs.encode(text);
    for (const std::uint32_t token : tokens) append(again, pairs.bytes_of(token));
    EXPECT_EQ(again, text);
    EXPECT_LT(tokens.size(), text.size());
  }
  EXPECT_TRUE(pairs.encode({}).empty());
}

TEST(BytePairs, AreTheSameWhenThereAreFewer) {
  const Bytes text = some_text(3, 3000);
  const BytePairs many = BytePairs::learn(text, 350), few = BytePairs::learn(text, 290);
  const BytePairs first = many.first(290);
  ASSERT_EQ(first.size(), few.size());
  for (std::uint32_t token = 0; token < few.size(); ++token)
    EXPECT_EQ(first.bytes_of(token), few.bytes_of(token));
  EXPECT_EQ(first.encode(text), few.encode(text));
}

TEST(BytePairs, EndWhereNoPairIsLeft) {
  EXPECT_EQ(BytePairs::learn(as_bytes("abcdefg"), 1000).size(), 256U);
  EXPECT_EQ(BytePairs::learn({}, 1000).size(), 256U);
  EXPECT_THROW(BytePairs::learn({}, 255), Error);
  EXPECT_THROW(BytePairs::learn({}, BytePairs::kMostTokens + 1), Error);
}

TEST(TokenModel, EstimatesAreThoseOfWittenAndBell) {
  TokenModel model(4, 2);
  EXPECT_DOUBLE_EQ(model.probability(1), 0.25);
  model.observe(1);  // order 1: n = 1, d = 1
  EXPECT_DOUBLE_EQ(model.probability(1), (1 + 0.25) / 2);
  model.observe(2);
  model.observe(1);  // order 1: n = 3, d = 2; after 1: n = 1, d = 1
  const double p1_of_2 = (1 + 2 * 0.25) / 5, p1_of_3 = 2 * 0.25 / 5;
  EXPECT_DOUBLE_EQ(model.probability(2), (1 + p1_of_2) / 2);
  EXPECT_DOUBLE_EQ(model.probability(3), p1_of_3 / 2);
}

TEST(TokenModel, ProbabilitiesSumToOne) {
  Random random(5);
  for (std::size_t order = 1; order <= TokenModel::kMostOrder; ++order) {
    TokenModel model(12, order);
    for (int i = 0; i < 300; ++i) {
      double sum = 0;
      for (std::uint32_t token = 0; token < 12; ++token) sum += model.probability(token);
      ASSERT_NEAR(sum, 1, 1e-12);
      model.observe(static_cast<std::uint32_t>(random.below(random.below(12) + 1)));
    }
  }
}

TEST(TokenModel, CostsWhatItPredicts) {
  const std::vector<std::uint32_t> tokens = {3, 1, 3, 1, 3, 1, 0, 3, 1};
  TokenModel reader(5, 3), watcher(5, 3);
  double bits = 0;
  for (const std::uint32_t token : tokens) {
    bits -= std::log2(watcher.probability(token));
    watcher.observe(token);
  }
  EXPECT_DOUBLE_EQ(reader.read(tokens), bits);
  EXPECT_THROW(TokenModel(5, 0), Error);
  EXPECT_THROW(TokenModel(5, 4), Error);
  EXPECT_THROW(TokenModel(0, 1), Error);
}

}  // namespace
}  // namespace kraft
