#include <gtest/gtest.h>

#include "kraft/coinflips.h"
#include "kraft/error.h"
#include "kraft/registry.h"
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
                                  {.length_bytes = 3, .history = as_bytes("abcab")}, draws(20000));
    expect_distribution(counts, chain(length, "abcab", 3));
  }
}

TEST(Coinflips, AppliesTheFiltersAtEveryStep) {
  const auto sampler = make_sampler("coinflips", {.temperature = 0.6});
  const auto counts = draw_many(*sampler, table_length, abc(), {.length_bytes = 2}, draws(20000));
  expect_distribution(counts, chain(table_length, "", 2, 0.6));

  const auto two = make_sampler("coinflips", {.top_k = 2});
  for (const auto& [text, count] :
       draw_many(*two, table_length, abc(), {.length_bytes = 1}, draws(2000))) {
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

// ---- into a decompressor ---------------------------------------------------------------------

const std::string kText = [] {
  std::string text;
  for (int i = 0; i < 300; ++i) text += "call me " + std::to_string(i * i) + ", some years ago; ";
  return text;
}();

struct Drawn {
  Bytes bytes;
  SpanReport report;
};

Drawn flip(const char* spec, const SamplerOptions& options, std::uint64_t length,
           std::uint64_t seed = 1) {
  const auto state = make_model(spec)->start(as_bytes(kText));
  Random random(seed);
  Drawn drawn;
  const SampleRequest request{.length_bytes = length,
                              .history = as_bytes(kText),
                              .report = [&](const SpanReport& report) { drawn.report = report; }};
  drawn.bytes =
      sample(*make_sampler("coinflips", options), *state, Candidates::all(), request, random);
  return drawn;
}

TEST(CoinflipsIntoADecompressor, DrawsSegmentsAsItsModelsDecoderDoes) {
  for (const char* spec : {"gzip:9", "gzip:9,engine=clone", "deflate:1", "xz:6", "lzma:1"}) {
    SCOPED_TRACE(spec);
    const Drawn drawn = flip(spec, {.segment = 300}, 1000);
    const auto flips = make_model(spec)->start(as_bytes(kText))->stock_decoder()->coin_flips(1);
    Random random(1);
    Bytes expected;
    double bits = 0;
    for (const std::size_t size : {300u, 300u, 300u, 100u}) {
      Bytes segment(size);
      bits += flips->draw(segment, random);
      append(expected, segment);
    }
    EXPECT_EQ(drawn.bytes, expected);
    EXPECT_EQ(drawn.report.bits, bits);
    EXPECT_EQ(drawn.report.size_bytes, 1000u);
    EXPECT_EQ(drawn.report.decoder, flips->decoder());
    EXPECT_EQ(flip(spec, {.segment = 300}, 1000).bytes, expected);
    EXPECT_NE(flip(spec, {.segment = 300}, 1000, 2).bytes, expected);
  }
}

TEST(CoinflipsIntoADecompressor, TakesATemperatureWhereThereIsOne) {
  const double cold = flip("gzip:9", {.temperature = 0.5}, 20000).report.bits;
  const double plain = flip("gzip:9", {}, 20000).report.bits;
  const double hot = flip("gzip:9", {.temperature = 2}, 20000).report.bits;
  EXPECT_LT(cold, plain);
  EXPECT_LT(plain, hot);
  EXPECT_THROW(flip("gzip:9", {.temperature = 0}, 10), UsageError);
  EXPECT_THROW(flip("xz:6", {.temperature = 0.5}, 10), UsageError);
}

TEST(CoinflipsIntoADecompressor, RefusesWhatItCannotRead) {
  for (const SamplerOptions& options :
       {SamplerOptions{.repeat_ngram = 4}, SamplerOptions{.top_k = 5},
        SamplerOptions{.typical = 0.9}, SamplerOptions{.top_p = 0.9}, SamplerOptions{.min_p = 0.1},
        SamplerOptions{.whole_bytes = true}, SamplerOptions{.tail = 8}}) {
    EXPECT_THROW(flip("gzip:9", options, 10), UsageError);
    EXPECT_THROW(flip("xz:6", options, 10), UsageError);
  }
  const auto state = make_model("gzip:9")->start(as_bytes(kText));
  Random random(1);
  for (const Candidates& candidates :
       {Candidates::seen(as_bytes(kText)), Candidates::utf8(), Candidates::strings({{'a', 'b'}})})
    EXPECT_THROW(
        sample(*make_sampler("coinflips"), *state, candidates, {.length_bytes = 5}, random),
        UsageError);
  EXPECT_THROW(sample(*make_sampler("coinflips"), *state, Candidates::all(),
                      {.length_bytes = 5, .suffix = as_bytes("x")}, random),
               UsageError);
  EXPECT_EQ(state->position_bytes(), kText.size());
}

TEST(CoinflipsIntoADecompressor, HasSegmentsWithinTheirRange) {
  for (const int bad : {0, -1, (1 << 24) + 1})
    EXPECT_THROW(make_sampler("coinflips", {.segment = bad}), UsageError);
  EXPECT_THROW(make_sampler("ancestral", {.segment = 5}), UsageError);
  EXPECT_EQ(flip("gzip:9", {.segment = 1}, 50).bytes.size(), 50u);
  // What has no decompressor has no segments.
  EXPECT_THROW(flip("ngram:3", {.segment = 5}, 10), UsageError);
  EXPECT_EQ(flip("ngram:3", {}, 10).report.decoder, "");
}

TEST(CoinflipsIntoADecompressor, ShowsTheStateWhatItDrawsUnlessItIsSpent) {
  for (const bool spent : {false, true}) {
    const auto state = make_model("gzip:9")->start(as_bytes(kText));
    Random random(1);
    Bytes given;
    make_sampler("coinflips", {.segment = 100})
        ->sample(*state, Candidates::all(), {.length_bytes = 1000, .state_is_spent = spent}, random,
                 [&](ByteView bytes) {
                   append(given, bytes);
                   return given.size() < 300;
                 });
    EXPECT_EQ(given.size(), 300u);
    if (spent) continue;
    EXPECT_EQ(state->position_bytes(), kText.size() + given.size());
    const auto other = make_model("gzip:9")->start(as_bytes(kText));
    other->observe(given);
    EXPECT_EQ(state->context_bits(), other->context_bits());
  }
}

}  // namespace
}  // namespace kraft::testing
