#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "codecs/messages.h"
#include "evaluate/convergence.h"
#include "kraft/registry.h"
#include "sanitized.h"
#include "toy_models.h"

namespace kraft::testing {
namespace {

std::map<std::string, double> span_bits(State& state, const std::string& alphabet,
                                        std::size_t length, const std::string& suffix = "") {
  std::map<std::string, double> bits;
  for (const std::string& s : strings_over(alphabet, length)) {
    const std::string whole = s + suffix;
    const ByteView view = as_bytes(whole);
    state.measure({&view, 1}, {&bits[s], 1});
  }
  return bits;
}

const std::string kHistory = "abcabcaacbbacbabc";

TEST(Smc, OneParticleIsAncestral) {
  const auto smc = make_sampler("smc", {.temperature = 0.7, .particles = 1});
  const auto counts = draw_many(*smc, codec_length, abc(),
                                {.length_bytes = 3, .history = as_bytes(kHistory)}, draws(8000));
  Distribution expected;
  for (const std::string& s : strings_over("abc", 3)) {
    expected[s] = 1;
    for (std::size_t i = 0; i < s.size(); ++i) {
      ToyState state(codec_length, kHistory + s.substr(0, i));
      Distribution p = from_bits(span_bits(state, "abc", 1), 0.7);
      expected[s] *= p.at(s.substr(i, 1));
    }
  }
  expect_distribution(counts, expected);
}

TEST(Smc, ManyParticlesHaveTheJointDistribution) {
  for (double temperature : {1.0, 2.0}) {
    const auto smc = make_sampler("smc", {.temperature = temperature, .particles = 200});
    const auto counts = draw_many(*smc, codec_length, abc(),
                                  {.length_bytes = 3, .history = as_bytes(kHistory)}, draws(3000));
    ToyState state(codec_length, kHistory);
    expect_distribution(counts, from_bits(span_bits(state, "abc", 3), temperature));
  }
}

// Draws like draw_many(), with another model that proposes.
std::map<std::string, int> draw_proposed(const SamplerOptions& options, const Length& length,
                                         const Length& proposing, const std::string& suffix,
                                         int count) {
  const auto smc = make_sampler("smc", options);
  std::map<std::string, int> counts;
  Random random(23);
  for (int i = 0; i < count; ++i) {
    ToyState proposal(proposing, kHistory);
    const SampleRequest request{.length_bytes = 3,
                                .history = as_bytes(kHistory),
                                .suffix = as_bytes(suffix),
                                .proposal = &proposal};
    const std::string drawn = draw(*smc, length, abc(), request, random);
    ++counts[drawn];
    EXPECT_EQ(proposal.text(), kHistory + drawn);
    EXPECT_EQ(proposal.open_marks(), 0u);
  }
  return counts;
}

// What the proposing model knows, or believes wrongly, does not matter in the limit.
TEST(Smc, CorrectsWhatAnotherModelProposes) {
  ToyState state(codec_length, kHistory), proposal(table_length, kHistory);
  const std::string suffix = "bacab";
  const auto counts = draw_proposed({.temperature = 1.5, .particles = 200}, codec_length,
                                    table_length, suffix, draws(3000));
  expect_distribution(counts, from_bits(span_bits(state, "abc", 3, suffix), 1.5));
  EXPECT_FALSE(chi_squared(counts, from_bits(span_bits(proposal, "abc", 3, suffix), 1.5)).passes())
      << "the test cannot tell the model from the one that proposes";
}

// Where nothing can be corrected, one particle is what the proposing model draws.
TEST(Smc, OneParticleIsTheProposal) {
  const auto counts = draw_proposed({.particles = 1}, codec_length, table_length, "", draws(8000));
  ToyState proposal(table_length, kHistory);
  expect_distribution(counts, from_bits(span_bits(proposal, "abc", 3)));
}

TEST(Smc, OutlivesProposalsThatTheModelFindsImpossible) {
  const Length no_c_follows = [](const std::string& text) {
    const std::size_t c = text.find('c', kHistory.size());
    return c == std::string::npos || c + 1 == text.size() ? static_cast<double>(text.size())
                                                          : kInfinity;
  };
  const auto counts =
      draw_proposed({.particles = 100}, no_c_follows, table_length, "", draws(4000));
  ToyState state(no_c_follows, kHistory);
  expect_distribution(counts, from_bits(span_bits(state, "abc", 3)));
}

TEST(Smc, TakesNoProposalAtTemperatureZero) {
  ToyState state(codec_length), proposal(table_length);
  Random random(1);
  const SampleRequest request{.length_bytes = 3, .proposal = &proposal};
  EXPECT_THROW(sample(*make_sampler("smc", {.temperature = 0}), state, abc(), request, random),
               UsageError);
}

// Half the sum of the absolute differences.
double distance(const std::map<std::string, int>& counts, const Distribution& expected) {
  double draws = 0, sum = 0;
  for (const auto& [s, count] : counts) draws += count;
  for (const auto& [s, p] : expected) {
    const auto found = counts.find(s);
    sum += std::abs(p - (found == counts.end() ? 0 : found->second / draws)) / 2;
  }
  return sum;
}

// Where one byte of look-ahead says little about what is to come, few particles are not enough.
TEST(Smc, ConvergesWithTheNumberOfParticles) {
  ToyState state(codec_length, kHistory);
  const Distribution exact = from_bits(span_bits(state, "abc", 4), 0.6);
  std::vector<double> distances;
  for (int particles : {1, 30, 300}) {
    const auto smc = make_sampler("smc", {.temperature = 0.6, .particles = particles});
    const auto counts = draw_many(*smc, codec_length, abc(),
                                  {.length_bytes = 4, .history = as_bytes(kHistory)}, 1500);
    distances.push_back(distance(counts, exact));
  }
  EXPECT_GT(distances[0], distances[1] + 0.1);
  EXPECT_GT(distances[1], distances[2] + 0.2);
  EXPECT_LT(distances[2], 0.15);
}

// A thousand spans of three letters after a context, by 200 particles.
std::map<std::string, int> drawn_spans(State& state, State* proposal, ByteView context,
                                       double temperature) {
  const Candidates candidates = Candidates::bytes(as_bytes(" the"));
  const auto smc = make_sampler("smc", {.temperature = temperature, .particles = 200});
  std::map<std::string, int> counts;
  Random random(17);
  for (int i = 0; i < 1000; ++i) {
    const auto copy = state.clone(), proposing = proposal != nullptr ? proposal->clone() : nullptr;
    const SampleRequest request{.length_bytes = 3, .history = context, .proposal = proposing.get()};
    ++counts[std::string(as_text(sample(*smc, *copy, candidates, request, random)))];
  }
  return counts;
}

TEST(Smc, HasTheJointDistributionOfCompressors) {
  for (const char* spec : {"gzip:9", "ngram:2", "zstd:1"}) {
    const Bytes context = real_text(600);
    const auto state = make_model(spec, {.threads = 1})->start(context);
    const double temperature = spec == std::string_view("zstd:1") ? 4 : 2;
    const auto exact = from_bits(span_bits(*state, " the", 3), temperature);
    const auto counts = drawn_spans(*state, nullptr, context, temperature);
    const ChiSquared test = chi_squared(counts, exact);
    EXPECT_TRUE(test.passes()) << spec << ": " << test.statistic << " against " << test.critical;
    EXPECT_FALSE(chi_squared(counts, from_bits(span_bits(*state, " the", 3), 1e6)).passes())
        << spec << ": the test cannot tell it from chance";
  }
}

// The decoder's view proposes for the joint distribution of the encoder's.
TEST(Smc, DecodersViewsProposeForTheirEncoders) {
  for (const char* codec : {"gzip:9", "zstd:1"}) {
    if (kSanitized && codec == std::string_view("zstd:1")) continue;  // it compresses anew
    const Bytes context = real_text(600);
    const auto state = make_model(codec, {.threads = 1})->start(context);
    const auto view = make_model(std::string(codec) + ",view=decoder", {.threads = 1});
    const auto proposal = view->start(context);
    const double temperature = codec == std::string_view("zstd:1") ? 4 : 2;
    const auto exact = from_bits(span_bits(*state, " the", 3), temperature);
    const auto counts = drawn_spans(*state, proposal.get(), context, temperature);
    const ChiSquared test = chi_squared(counts, exact);
    EXPECT_TRUE(test.passes()) << codec << ": " << test.statistic << " against " << test.critical;
    EXPECT_FALSE(
        chi_squared(counts, from_bits(span_bits(*proposal, " the", 3), temperature)).passes())
        << codec << ": the test cannot tell it from what the view itself would draw";
  }
}

TEST(Smc, ThreadsChangeNothing) {
  const Bytes context = real_text(500);
  const Candidates candidates = Candidates::seen(context);
  const auto smc = make_sampler("smc", {.span = 20, .particles = 16});
  for (const char* spec : {"gzip", "lz4"}) {
    std::set<std::string> texts;
    for (unsigned threads : {1u, 2u, 3u}) {
      const auto model = make_model(spec, {.threads = threads});
      const auto view = make_model(std::string(spec) + ",view=decoder", {.threads = threads});
      const auto state = model->start(context), proposal = view->start(context);
      Random random(3);
      const SampleRequest request{
          .length_bytes = 30, .history = context, .proposal = proposal.get(), .threads = threads};
      texts.insert(std::string(as_text(sample(*smc, *state, candidates, request, random))));
      EXPECT_EQ(proposal->position_bytes(), 530u);
    }
    EXPECT_EQ(texts.size(), 1u) << spec;
  }
}

TEST(Smc, FillsAHole) {
  const auto smc = make_sampler("smc", {.particles = 200});
  const auto counts = draw_many(
      *smc, codec_length, abc(),
      {.length_bytes = 3, .history = as_bytes(kHistory), .suffix = as_bytes("bacab")}, draws(3000));
  ToyState state(codec_length, kHistory);
  expect_distribution(counts, from_bits(span_bits(state, "abc", 3, "bacab")));
  EXPECT_FALSE(chi_squared(counts, from_bits(span_bits(state, "abc", 3))).passes());
}

TEST(Smc, EstimatesTheSumOfAllWeights) {
  ToyState state(codec_length, kHistory);
  for (const std::string suffix : {"", "cab"}) {
    double sum = 0;
    for (const auto& [s, bits] : span_bits(state, "abc", 5, suffix)) sum += std::exp2(-bits / 0.8);
    double mean = 0;
    constexpr int kRuns = 200;
    const auto smc = make_sampler("smc", {.temperature = 0.8, .particles = 50});
    for (int i = 0; i < kRuns; ++i) {
      Random random(static_cast<std::uint64_t>(i));
      const SampleRequest request{.length_bytes = 5,
                                  .history = as_bytes(kHistory),
                                  .suffix = as_bytes(suffix),
                                  .report = [&](const SpanReport& report) {
                                    mean += std::exp2(report.log2_sum) / kRuns;
                                    EXPECT_EQ(report.size_bytes, 5u);
                                    for (double n : report.effective_particles) {
                                      EXPECT_GE(n, 1);
                                      EXPECT_LE(n, 50 + 1e-9);
                                    }
                                  }};
      draw(*smc, codec_length, abc(), request, random);
    }
    EXPECT_NEAR(mean / sum, 1, 0.05);
  }
}

// Particles that nothing can follow die, and the others take their places.
TEST(Smc, OutlivesDeadEnds) {
  const Length no_c_follows = [](const std::string& text) {
    const std::size_t c = text.find('c');
    return c == std::string::npos || c + 1 == text.size() ? static_cast<double>(text.size())
                                                          : kInfinity;
  };
  const auto smc = make_sampler("smc", {.particles = 100});
  const auto counts = draw_many(*smc, no_c_follows, abc(), {.length_bytes = 3}, draws(4000));
  ToyState state(no_c_follows);
  expect_distribution(counts, from_bits(span_bits(state, "abc", 3)));
}

TEST(Smc, KeepsUtf8WellFormed) {
  const Length uniform = [](const std::string& text) {
    return 8.0 * static_cast<double>(text.size());
  };
  const auto smc = make_sampler("smc", {.span = 4, .particles = 8});
  for (std::uint64_t length = 1; length < 12; ++length) {
    Random random(length);
    const std::string text =
        draw(*smc, uniform, Candidates::utf8(), {.length_bytes = length}, random);
    EXPECT_TRUE(is_utf8(text)) << printable(text);
  }
}

// Two samplers that have nothing in common but the model agree on gzip's own bits per byte.
TEST(JointSamplers, AgreeOnTheBitsOfGzip) {
  const Bytes context = real_text(8000);
  const Candidates candidates = Candidates::seen(context);
  const auto state = make_model("gzip:9")->start(context);
  constexpr std::size_t kSpan = 10;

  Convergence chain;
  Random random(1);
  sample(*make_sampler("metropolis", {.span = kSpan, .steps = 20000, .burn_in = 4000}), *state,
         candidates,
         {.length_bytes = kSpan,
          .history = context,
          .report =
              [&](const SpanReport& report) {
                std::vector<std::vector<double>> kept;
                for (const auto& bits : report.chains_bits)
                  kept.emplace_back(bits.begin() + static_cast<std::ptrdiff_t>(report.burn_in),
                                    bits.end());
                chain = convergence(kept);
              }},
         random);
  EXPECT_LT(chain.r_hat, 1.05);
  EXPECT_GT(chain.bulk_effective, 100);

  const auto smc = make_sampler("smc", {.span = kSpan, .particles = 200});
  const auto fresh = make_model("gzip:9")->start(context);
  constexpr int kRuns = 30;
  double sum = 0, squares = 0;
  for (int i = 0; i < kRuns; ++i) {
    const auto copy = fresh->clone();
    sample(*smc, *copy, candidates,
           {.length_bytes = kSpan,
            .history = context,
            .report =
                [&](const SpanReport& report) {
                  sum += report.bits;
                  squares += report.bits * report.bits;
                }},
           random);
  }
  const double mean = sum / kRuns;
  const double error = std::sqrt((squares / kRuns - mean * mean) / (kRuns - 1));
  EXPECT_NEAR(mean, chain.mean, 4 * std::hypot(error, chain.mean_error));
  EXPECT_LT(std::hypot(error, chain.mean_error), 2.5);  // of some 40 bits: the test can fail
  std::printf("metropolis %.2f +- %.2f, smc %.2f +- %.2f bits\n", chain.mean, chain.mean_error,
              mean, error);
}

}  // namespace
}  // namespace kraft::testing
