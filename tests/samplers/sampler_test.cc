// What every registered sampler promises, and the registry.
#include <gtest/gtest.h>

#include "base/text.h"
#include "sanitized.h"
#include "toy_models.h"

namespace kraft::testing {
namespace {

class EverySampler : public ::testing::TestWithParam<std::string> {
 protected:
  // Small enough for the toy models, for whatever the sampler reads.
  std::unique_ptr<Sampler> make(SamplerOptions options = {}) const {
    for (const SamplerRow& row : samplers()) {
      if (row.name != GetParam()) continue;
      for (const std::string& name : row.options) {
        if (name == "horizon") options.horizon = 3;
        if (name == "beam-width") options.beam_width = 4;
        if (name == "commit") options.commit = 2;
        if (name == "span-length") options.span_length = 4;
        if (name == "key-length") options.key_length = 2;
        if (name == "span") options.span = 4;
        if (name == "steps") options.steps = 200;
        if (name == "burn-in") options.burn_in = 50;
        if (name == "particles") options.particles = 10;
      }
    }
    return make_sampler(GetParam(), options);
  }
};

const std::string kHistory = "abcabcaacbbacbabc";

TEST_P(EverySampler, DrawsTheRequestedLengthAndLeavesNoMark) {
  for (std::uint64_t length : {0, 1, 2, 3, 7, 50}) {
    Random random(1);
    draw(*make(), codec_length, abc(), {.length_bytes = length, .history = as_bytes(kHistory)},
         random);
  }
}

TEST_P(EverySampler, AsksTheModelNothingForNothing) {
  ToyState state(codec_length);
  Random random(1);
  sample(*make(), state, abc(), {}, random);
  EXPECT_TRUE(state.asked().empty());
}

TEST_P(EverySampler, IsAFunctionOfItsSeed) {
  const SampleRequest request{.length_bytes = 40, .history = as_bytes(kHistory)};
  std::set<std::string> texts;
  for (std::uint64_t seed = 0; seed < (kSanitized ? 2 : 5); ++seed) {
    Random random(seed);
    Random again(seed);
    const std::string text = draw(*make(), codec_length, abc(), request, random);
    EXPECT_EQ(draw(*make(), codec_length, abc(), request, again), text);
    texts.insert(text);
  }
  EXPECT_GT(texts.size(), 1u);
}

TEST_P(EverySampler, DrawsTheLowestOfEqualsAtTemperatureZero) {
  const Length flat = [](const std::string&) { return 0.0; };
  Random random(1);
  EXPECT_EQ(draw(*make({.temperature = 0}), flat, abc(), {.length_bytes = 6}, random), "aaaaaa");
}

TEST_P(EverySampler, StopsWhenTheSinkSaysSo) {
  ToyState state(codec_length, kHistory);
  Random random(1);
  std::string given;
  int calls = 0;
  make()->sample(state, abc(), {.length_bytes = 100, .history = as_bytes(kHistory)}, random,
                 [&](ByteView bytes) {
                   given += as_text(bytes);
                   EXPECT_EQ(state.text(), kHistory + given);  // at every call
                   return ++calls < 3;
                 });
  EXPECT_EQ(calls, 3);
  EXPECT_EQ(state.text(), kHistory + given);
}

TEST_P(EverySampler, WorksWithoutASink) {
  ToyState state(codec_length);
  Random random(1);
  make()->sample(state, abc(), {.length_bytes = 9}, random, {});
  EXPECT_EQ(state.text().size(), 9u);
}

TEST_P(EverySampler, ShowsTheTailAndTakesItBack) {
  ToyState state(codec_length, "CORPUS");
  Random random(1);
  const std::string drawn(as_text(
      sample(*make({.tail = 5}), state, abc(),
             {.length_bytes = 12, .history = as_bytes("CORPUSab"), .tail_begin = 6}, random)));
  EXPECT_EQ(state.text(), "CORPUS");
  EXPECT_EQ(state.open_marks(), 0u);
  const std::string shown = "ab" + drawn;
  for (const std::string& context : state.asked()) {
    ASSERT_EQ(context.substr(0, 6), "CORPUS");
    const std::string tail = context.substr(6);
    EXPECT_TRUE(tail == "ab" || tail.size() == std::min<std::size_t>(5, tail.size()));
    EXPECT_NE(shown.find(tail), std::string::npos);
  }
  EXPECT_TRUE(state.asked().contains("CORPUSab"));
  EXPECT_GT(state.asked().size(), 2u);
}

TEST_P(EverySampler, TakesTheTailBackWhenTheModelFails) {
  const Length fails = [](const std::string& text) -> double {
    if (text.size() > 12) throw Error("broken");
    return codec_length(text);
  };
  ToyState state(fails, "CORPUS");
  Random random(1);
  EXPECT_THROW(sample(*make({.tail = 8}), state, abc(), {.length_bytes = 30}, random), Error);
  EXPECT_EQ(state.text(), "CORPUS");
  EXPECT_EQ(state.open_marks(), 0u);
}

TEST_P(EverySampler, SaysSoWhenNothingIsPossible) {
  for (double b : {kInfinity, -kInfinity, std::nan("")}) {
    const Length never = [b](const std::string& text) { return text.empty() ? 0.0 : b; };
    ToyState state(never);
    Random random(1);
    EXPECT_THROW(sample(*make(), state, abc(), {.length_bytes = 3}, random), Error);
  }
}

TEST_P(EverySampler, ReadsOptionsThatExist) {
  for (const SamplerRow& row : samplers()) {
    EXPECT_FALSE(row.summary.empty());
    for (const std::string& name : row.options) {
      const auto options = sampler_options();
      EXPECT_EQ(std::count_if(options.begin(), options.end(),
                              [&](const SamplerOption& o) { return o.name == name && !o.common; }),
                1)
          << row.name << " " << name;
    }
  }
}

std::vector<std::string> names() {
  std::vector<std::string> all;
  for (const SamplerRow& row : samplers()) all.push_back(row.name);
  return all;
}

INSTANTIATE_TEST_SUITE_P(Registered, EverySampler, ::testing::ValuesIn(names()),
                         [](const auto& test) { return test.param; });

std::string error_of(std::string_view name, const SamplerOptions& options = {}) {
  return usage_error([&] { make_sampler(name, options); });
}

TEST(SamplerRegistry, NamesTheNearestOfAnUnknownName) {
  EXPECT_EQ(error_of("ancestrl"), "unknown sampler \"ancestrl\" (did you mean ancestral?)");
  EXPECT_EQ(error_of("q"), "unknown sampler \"q\": expected " + join(names(), ", "));
  EXPECT_EQ(usage_error([] { sampler_preset("gzip"); }),
            "unknown preset \"gzip\" (did you mean gzipt?)");
}

TEST(SamplerRegistry, ChecksRangesAndCombinations) {
  EXPECT_EQ(error_of("beam", {.horizon = 0}), "horizon 0 is out of range: 1..1024");
  EXPECT_EQ(error_of("beam", {.beam_width = 0}), "beam-width 0 is out of range: 1..65536");
  EXPECT_EQ(error_of("beam", {.commit = 9}), "commit 9 is more than horizon 8");
  EXPECT_EQ(error_of("beam", {.commit = -1}), "commit -1 is out of range: 0..1024");
  EXPECT_EQ(error_of("beam", {.tail = -1}), "tail -1 is out of range: 0..2147483647");
  EXPECT_EQ(error_of("spans", {.span_length = 0}), "span-length 0 is out of range: 1..65536");
  EXPECT_EQ(error_of("spans", {.span_limit = 0}), "span-limit 0 is out of range: 1..65536");
  EXPECT_EQ(error_of("spans", {.key_length = 65}), "key-length 65 is out of range: 1..64");
  EXPECT_EQ(error_of("ancestral", {.top_p = 1.5}), "top-p 1.5 is out of range: (0, 1]");
}

TEST(SamplerRegistry, RefusesOptionsThatTheSamplerDoesNotRead) {
  EXPECT_EQ(error_of("ancestral", {.horizon = 9}), "ancestral has no option horizon");
  EXPECT_EQ(error_of("lookahead", {.commit = 2}),
            "lookahead has no option commit: it has horizon, beam-width");
  EXPECT_EQ(error_of("spans", {.beam_width = 9}),
            "spans has no option beam-width: it has span-length, span-limit, key-length");
}

TEST(SamplerRegistry, RefusesFiltersWhereNothingIsChosenUnitByUnit) {
  for (const char* name : {"metropolis", "smc"}) {
    for (const SamplerOptions& options :
         {SamplerOptions{.repeat_ngram = 3}, SamplerOptions{.top_k = 5},
          SamplerOptions{.typical = 0.5}, SamplerOptions{.top_p = 0.5},
          SamplerOptions{.min_p = 0.5}})
      EXPECT_EQ(error_of(name, options).substr(0, std::string(name).size() + 14),
                std::string(name) + " has no option");
    EXPECT_EQ(error_of(name, {.temperature = 0.5, .whole_bytes = true, .tail = 80}), "no error");
  }
}

TEST(SamplerRegistry, RefusesASuffixWhereItCannotBeSeen) {
  for (const SamplerRow& row : samplers()) {
    ToyState state(codec_length);
    Random random(1);
    const std::string error = usage_error([&] {
      sample(*make_sampler(row.name), state, abc(), {.length_bytes = 3, .suffix = as_bytes("a")},
             random);
    });
    EXPECT_EQ(error, row.joint ? "no error"
                               : "this sampler knows nothing of a suffix: metropolis, smc do");
  }
}

TEST(SamplerRegistry, RefusesAHoleLongerThanASpan) {
  for (const char* name : {"metropolis", "smc"}) {
    ToyState state(codec_length);
    Random random(1);
    EXPECT_EQ(usage_error([&] {
                sample(*make_sampler(name, {.span = 5}), state, abc(),
                       {.length_bytes = 6, .suffix = as_bytes("a")}, random);
              }),
              std::string(name) + ": a hole of 6 bytes must be drawn as one span, but span is 5");
  }
}

TEST(SamplerRegistry, RefusesStringsWhereBytesAreNeeded) {
  for (const char* name : {"beam", "lookahead", "spans", "metropolis", "smc"}) {
    ToyState state(codec_length);
    Random random(1);
    const Candidates words = Candidates::from_lines("ab\nc\n");
    EXPECT_EQ(usage_error(
                  [&] { sample(*make_sampler(name), state, words, {.length_bytes = 3}, random); }),
              std::string(name) + ": candidates must be single bytes, not strings");
  }
}

TEST(SamplerRegistry, RefusesATailThatBeginsBehindTheHistory) {
  ToyState state(codec_length);
  Random random(1);
  EXPECT_THROW(sample(*make_sampler("ancestral"), state, abc(),
                      {.length_bytes = 1, .tail_begin = 1}, random),
               UsageError);
}

TEST(SamplerOptionTable, AcceptsEveryDefaultAndNamesEveryRange) {
  make_filter({});
  std::set<std::string> seen;
  for (const SamplerOption& option : sampler_options()) {
    EXPECT_TRUE(seen.insert(option.name).second);
    EXPECT_FALSE(option.meaning.empty());
    EXPECT_FALSE(option.range().empty());
  }
  EXPECT_FALSE(seen.empty());
}

}  // namespace
}  // namespace kraft::testing
