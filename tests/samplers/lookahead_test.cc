#include <gtest/gtest.h>

#include <algorithm>

#include "base/text.h"
#include "toy_models.h"

namespace kraft::testing {
namespace {

// The marginal of the first byte under the joint distribution over `horizon` bytes.
Distribution marginal(const Length& length, const std::string& context, std::size_t horizon) {
  Distribution p;
  double sum = 0;
  for (const std::string& s : strings_over("abc", horizon)) {
    const double weight = std::exp2(length(context) - length(context + s));
    p[s.substr(0, 1)] += weight;
    sum += weight;
  }
  for (auto& [outcome, probability] : p) probability /= sum;
  return p;
}

double sum_of(const Distribution& weights, const std::set<char>& but) {
  double sum = 0;
  for (const auto& [first, weight] : weights) sum += but.contains(first[0]) ? 0 : weight;
  return sum;
}

// The estimator as documented, with whole strings and whole sorts.
Distribution estimate(const Length& length, const std::string& context, int horizon, int width) {
  std::vector<std::string> kept = {""};
  Distribution weights;
  std::set<char> left_behind;
  for (int depth = 1;; ++depth) {
    std::vector<std::pair<double, std::string>> extensions;
    for (const std::string& s : kept) {
      for (char c : {'a', 'b', 'c'})
        extensions.push_back({length(context + s + c) - length(context), s + c});
    }
    Distribution deeper;
    for (const auto& [bits, s] : extensions) deeper[s.substr(0, 1)] += std::exp2(-bits);
    const double scale =
        left_behind.empty() ? 1 : sum_of(weights, left_behind) / sum_of(deeper, {});
    for (const auto& [first, weight] : deeper) weights[first] = weight * scale;
    if (depth == horizon) {
      const double sum = sum_of(weights, {});
      for (auto& [first, weight] : weights) weight /= sum;
      return weights;
    }
    std::stable_sort(extensions.begin(), extensions.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    kept.clear();
    std::set<char> firsts;
    const auto limit = static_cast<std::size_t>(width);
    for (const auto& [bits, s] : extensions) {
      const bool among_best = kept.size() < limit;
      if (!among_best && firsts.contains(s[0])) continue;
      if (kept.size() < 2 * limit) {
        kept.push_back(s);
      } else {
        left_behind.insert(s[0]);
      }
      firsts.insert(s[0]);
    }
  }
}

TEST(Lookahead, IsAncestralAtAHorizonOfOne) {
  for (SamplerOptions options :
       {SamplerOptions{}, SamplerOptions{.temperature = 0.5},
        SamplerOptions{.repeat_ngram = 4, .top_k = 2}, SamplerOptions{.typical = 0.7, .top_p = 0.9},
        SamplerOptions{.whole_bytes = true}}) {
    const auto ancestral = make_sampler("ancestral", options);
    options.horizon = 1;
    options.beam_width = 1;
    const auto lookahead = make_sampler("lookahead", options);
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
      Random one(seed);
      Random other(seed);
      const SampleRequest request{.length_bytes = 40, .history = as_bytes("abcab")};
      EXPECT_EQ(draw(*ancestral, codec_length, abc(), request, one),
                draw(*lookahead, codec_length, abc(), request, other));
    }
  }
}

TEST(Lookahead, DrawsFromTheExactMarginalAtFullWidth) {
  for (int horizon : {2, 4}) {
    const auto sampler = make_sampler("lookahead", {.horizon = horizon, .beam_width = 81});
    const auto counts =
        draw_many(*sampler, codec_length, abc(),
                  {.length_bytes = 1, .history = as_bytes("abcabca")}, draws(10000));
    expect_distribution(counts,
                        marginal(codec_length, "abcabca", static_cast<std::size_t>(horizon)));
  }
}

TEST(Lookahead, ChangesNothingForACausalModelAtFullWidth) {
  // The conditionals of a normalised model are the marginals of its joint distribution.
  const auto sampler = make_sampler("lookahead", {.horizon = 3, .beam_width = 9});
  const auto counts = draw_many(*sampler, table_length, abc(),
                                {.length_bytes = 1, .history = as_bytes("ab")}, draws(20000));
  expect_distribution(counts, marginal(table_length, "ab", 1));
}

TEST(Lookahead, DrawsFromTheDocumentedEstimateAtAnyWidth) {
  for (int width : {1, 2, 4}) {
    const auto sampler = make_sampler("lookahead", {.horizon = 4, .beam_width = width});
    const auto counts =
        draw_many(*sampler, codec_length, abc(),
                  {.length_bytes = 1, .history = as_bytes("abcabca")}, draws(10000));
    EXPECT_EQ(counts.size(), 3u);  // every possible byte keeps a weight
    expect_distribution(counts, estimate(codec_length, "abcabca", 4, width));
  }
}

TEST(Lookahead, MeasuresInProportionToTheBeamOnly) {
  std::size_t measured = 0;
  const Length counting = [&measured](const std::string& text) {
    ++measured;
    return 8.0 * static_cast<double>(text.size()) + static_cast<double>(text.size() % 3);
  };
  const auto sampler = make_sampler("lookahead", {.horizon = 4, .beam_width = 3});
  Random random(1);
  draw(*sampler, counting, Candidates::all(), {.length_bytes = 1}, random);
  EXPECT_LE(measured, 256u + 3 * (2 * 3 * 256) + 10);
}

TEST(Lookahead, DropsAByteWithoutAFuture) {
  const Length no_ab = [](const std::string& text) {
    return text.find("b") == std::string::npos || text.back() == 'b'
               ? 1.0 * static_cast<double>(text.size())
               : kInfinity;
  };
  const auto sampler = make_sampler("lookahead", {.horizon = 2, .beam_width = 9});
  Random random(1);
  const std::string drawn =
      draw(*sampler, no_ab, Candidates::bytes(as_bytes("abc")), {.length_bytes = 30}, random);
  // After a b only b is possible: with b's future of one string among five it is soon drawn.
  const std::size_t first = drawn.find('b');
  ASSERT_NE(first, std::string::npos);
  EXPECT_EQ(drawn.find_first_not_of('b', first), std::string::npos);

  const Length dead_b = [](const std::string& text) {  // nothing at all follows a b
    const std::size_t b = text.find('b');
    return b == std::string::npos || b + 1 == text.size() ? 1.0 : kInfinity;
  };
  EXPECT_EQ(draw(*sampler, dead_b, abc(), {.length_bytes = 100}, random).find('b'),
            std::string::npos);
}

TEST(Lookahead, ControlsRepetition) {
  const auto sampler =
      make_sampler("lookahead", {.repeat_ngram = 3, .temperature = 0, .horizon = 3});
  Random random(1);
  const std::string drawn = draw(*sampler, codec_length, abc(), {.length_bytes = 18}, random);
  std::set<std::string> seen;
  for (std::size_t i = 0; i + 3 <= drawn.size(); ++i)
    EXPECT_TRUE(seen.insert(drawn.substr(i, 3)).second) << drawn;
}

TEST(Lookahead, KeepsUtf8WellFormed) {
  const Length uniform = [](const std::string& text) {
    return 8.0 * static_cast<double>(text.size());
  };
  for (std::uint64_t length = 1; length < 9; ++length) {
    const auto sampler = make_sampler("lookahead", {.horizon = 2, .beam_width = 3});
    Random random(length);
    const std::string text =
        draw(*sampler, uniform, Candidates::utf8(), {.length_bytes = length}, random);
    EXPECT_TRUE(is_utf8(text)) << printable(text);
  }
}

}  // namespace
}  // namespace kraft::testing
