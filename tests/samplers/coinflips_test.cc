#include <gtest/gtest.h>

#include "toy_models.h"

namespace kraft::testing {
namespace {

// The exact distribution of texts of `length` bytes over abc, by the chain rule.
Distribution chain(const Length& bits, const std::string& context, std::size_t length,
                   double temperature = 1) {
  Distribution p = {{"", 1.0}};
  for (std::size_t i = 0; i < length; ++i) {
    Distribution longer;
    for (const auto& [text, probability] : p) {
      Distribution next;
      const double base = bits(context + text);
      for (char c : {'a', 'b', 'c'}) next[text + c] = bits(context + text + c) - base;
      for (const auto& [t, q] : from_bits(next, temperature)) longer[t] = probability * q;
    }
    p = std::move(longer);
  }
  return p;
}

TEST(Coinflips, DrawsFromTheChainOfConditionals) {
  for (const Length& length : {Length(table_length), Length(codec_length)}) {
    const auto counts = draw_many(*make_sampler("coinflips"), length, abc(),
                                  {.length_bytes = 3, .history = as_bytes("abcab")}, 20000);
    expect_distribution(counts, chain(length, "abcab", 3));
  }
}

TEST(Coinflips, AppliesTheFiltersAtEveryStep) {
  const auto sampler = make_sampler("coinflips", {.temperature = 0.6});
  const auto counts = draw_many(*sampler, table_length, abc(), {.length_bytes = 2}, 20000);
  expect_distribution(counts, chain(table_length, "", 2, 0.6));

  const auto two = make_sampler("coinflips", {.top_k = 2});
  for (const auto& [text, count] :
       draw_many(*two, table_length, abc(), {.length_bytes = 1}, 2000)) {
    const Distribution p = chain(table_length, "", 1);
    int better = 0;
    for (const auto& [other, q] : p) better += q > p.at(text);
    EXPECT_LT(better, 2) << text;
  }
}

TEST(Coinflips, DrawsStringsByTheirWholeCost) {
  std::vector<Bytes> units;
  Distribution bits;
  for (const std::string word : {"a", "ab", "bca", "cc"}) {
    units.emplace_back(word.begin(), word.end());
    bits[word] = codec_length("abcab" + word) - codec_length("abcab");
  }
  const Candidates candidates = Candidates::strings(units);
  Random random(3);
  std::map<std::string, int> counts;
  for (int i = 0; i < 20000; ++i) {
    ToyState state(codec_length, "abcab");
    std::string first;
    make_sampler("coinflips")
        ->sample(state, candidates, {.length_bytes = 9}, random, [&](ByteView unit) {
          first = as_text(unit);
          return false;
        });
    ++counts[first];
  }
  expect_distribution(counts, from_bits(bits));
}

TEST(Coinflips, NeverDrawsTheImpossible) {
  const Length no_b = [](const std::string& text) {
    return text.find('b') == std::string::npos ? static_cast<double>(text.size()) : kInfinity;
  };
  Random random(5);
  const std::string drawn =
      draw(*make_sampler("coinflips"), no_b, abc(), {.length_bytes = 200}, random);
  EXPECT_EQ(drawn.find('b'), std::string::npos);
}

// A text costs as many coin flips as the model counts bits.
TEST(Coinflips, SpendsTheBitsThatTheModelCounts) {
  constexpr std::uint64_t kBytes = 3000;
  Random random(9), again(9);
  const std::string drawn =
      draw(*make_sampler("coinflips"), table_length, abc(), {.length_bytes = kBytes}, random);
  const double bits = table_length(drawn);
  // As many draws of 64 flips as that takes, and those that the decoder holds.
  const std::uint64_t next = random.bits();
  std::uint64_t draws = 0;
  while (again.bits() != next) ASSERT_LT(++draws, kBytes);
  EXPECT_NEAR(64.0 * static_cast<double>(draws), bits + 32, 96);
}

}  // namespace
}  // namespace kraft::testing
