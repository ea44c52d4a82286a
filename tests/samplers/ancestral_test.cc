#include <gtest/gtest.h>

#include "base/text.h"
#include "toy_models.h"

namespace kraft::testing {
namespace {

// The exact distribution of texts of `length` bytes, by the chain rule.
Distribution chain(const Length& bits, const std::string& context, std::size_t length,
                   double temperature = 1) {
  Distribution p = {{"", 1.0}};
  for (std::size_t i = 0; i < length; ++i) {
    Distribution longer;
    for (const auto& [text, probability] : p) {
      Distribution next;
      for (char c : {'a', 'b', 'c'}) next[text + c] = bits(context + text + c);
      const double least = std::min({next[text + 'a'], next[text + 'b'], next[text + 'c']});
      for (auto& [t, b] : next) b -= least;
      for (const auto& [t, q] : from_bits(next, temperature)) longer[t] = probability * q;
    }
    p = std::move(longer);
  }
  return p;
}

TEST(Ancestral, DrawsFromTheChainOfConditionals) {
  for (const Length& length : {Length(table_length), Length(codec_length)}) {
    const auto sampler = make_sampler("ancestral");
    const auto counts = draw_many(*sampler, length, abc(),
                                  {.length_bytes = 3, .history = as_bytes("abcab")}, draws(20000));
    expect_distribution(counts, chain(length, "abcab", 3));
  }
}

TEST(Ancestral, AppliesTheFiltersAtEveryStep) {
  const auto sampler = make_sampler("ancestral", {.temperature = 0.6});
  const auto counts = draw_many(*sampler, table_length, abc(), {.length_bytes = 2}, draws(20000));
  expect_distribution(counts, chain(table_length, "", 2, 0.6));
}

TEST(Ancestral, DrawsStringsByTheirWholeCost) {
  const std::vector<std::string> words = {"a", "ab", "bca", "cc"};
  std::vector<Bytes> units;
  Distribution bits;
  for (const std::string& word : words) {
    units.emplace_back(word.begin(), word.end());
    bits[word] = codec_length("abcab" + word);
  }
  const Candidates candidates = Candidates::strings(units);
  const auto sampler = make_sampler("ancestral");
  Random random(3);
  std::map<std::string, int> counts;
  for (int i = 0; i < 20000; ++i) {
    ToyState state(codec_length, "abcab");
    std::string first;
    sampler->sample(state, candidates, {.length_bytes = 9}, random, [&](ByteView unit) {
      first = as_text(unit);
      return false;
    });
    EXPECT_EQ(state.text(), "abcab" + first);
    ++counts[first];
  }
  expect_distribution(counts, from_bits(bits));
}

TEST(Ancestral, CutsTheLastUnitAtTheLength) {
  const Candidates candidates = Candidates::from_lines("aaaa\n");
  Random random(1);
  EXPECT_EQ(draw(*make_sampler("ancestral"), table_length, candidates, {.length_bytes = 6}, random),
            "aaaaaa");
}

TEST(Ancestral, MeasuresInWholeBytesIfAsked) {
  const auto whole = [](const std::string& text) { return 8 * std::ceil(codec_length(text) / 8); };
  const auto sampler = make_sampler("ancestral", {.whole_bytes = true});
  const auto counts = draw_many(*sampler, codec_length, abc(),
                                {.length_bytes = 2, .history = as_bytes("abca")}, draws(20000));
  const ChiSquared test = chi_squared(counts, chain(whole, "abca", 2));
  EXPECT_TRUE(test.passes()) << test.statistic;
}

TEST(Ancestral, NeverDrawsTheImpossible) {
  const Length no_b = [](const std::string& text) {
    return text.find('b') == std::string::npos ? static_cast<double>(text.size()) : kInfinity;
  };
  Random random(5);
  const std::string drawn =
      draw(*make_sampler("ancestral"), no_b, abc(), {.length_bytes = 200}, random);
  EXPECT_EQ(drawn.find('b'), std::string::npos);
}

TEST(Ancestral, KeepsUtf8WellFormedUpToTheEnd) {
  const Length uniform = [](const std::string& text) {
    return 8.0 * static_cast<double>(text.size());
  };
  const auto sampler = make_sampler("ancestral");
  Random random(9);
  for (std::uint64_t length = 0; length < 60; ++length) {
    for (std::string_view history : {"", "ab", "\xe2\x82"}) {
      if (history == "\xe2\x82" && length == 0) continue;
      const std::string text = draw(*sampler, uniform, Candidates::utf8(),
                                    {.length_bytes = length, .history = as_bytes(history)}, random);
      EXPECT_TRUE(is_utf8(std::string(history) + text)) << printable(text);
    }
  }
}

}  // namespace
}  // namespace kraft::testing
