#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>

#include "base/text.h"
#include "toy_models.h"

namespace kraft::testing {
namespace {

// The slow reference: whole strings, whole sorts. Returns the final beams, best first.
std::vector<std::string> plan(const Length& length, const std::string& context,
                              const std::string& alphabet, int horizon, int width) {
  std::vector<std::string> beams = {""};
  for (int step = 0; step < horizon; ++step) {
    std::vector<std::pair<double, std::string>> candidates;
    for (const std::string& beam : beams) {
      for (char c : alphabet) candidates.push_back({length(context + beam + c), beam + c});
    }
    std::stable_sort(candidates.begin(), candidates.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    candidates.resize(std::min(candidates.size(), static_cast<std::size_t>(width)));
    beams.clear();
    for (const auto& candidate : candidates) beams.push_back(candidate.second);
  }
  return beams;
}

std::string last_bytes(const std::string& text, std::size_t count) {
  return text.substr(text.size() - std::min(text.size(), count));
}

TEST(Beam, CommitsTheBestPlanAtTemperatureZero) {
  for (const Length& length : {Length(table_length), Length(codec_length)}) {
    for (int width : {1, 2, 5, 9, 81}) {
      for (int commit : {0, 1, 3}) {
        const auto sampler = make_sampler(
            "beam", {.temperature = 0, .horizon = 4, .beam_width = width, .commit = commit});
        Random random(1);
        const std::string drawn = draw(*sampler, length, abc(),
                                       {.length_bytes = 14, .history = as_bytes("abcc")}, random);
        std::string expected;
        while (expected.size() < 14) {
          const std::string best = plan(length, "abcc" + expected, "abc", 4, width).front();
          expected += best.substr(0, commit == 0 ? 4 : static_cast<std::size_t>(commit));
        }
        EXPECT_EQ(drawn, expected.substr(0, 14)) << width << " " << commit;
      }
    }
  }
}

TEST(Beam, KeepsTiesInTheOrderOfTheirGeneration) {
  // Lengths of two values only: almost everything is a tie.
  const Length coarse = [](const std::string& text) {
    return 8.0 * std::floor(codec_length(text) / 16);
  };
  for (int width : {1, 2, 3, 4, 7, 10}) {
    const auto sampler =
        make_sampler("beam", {.temperature = 0, .horizon = 5, .beam_width = width, .commit = 0});
    Random random(1);
    const std::string drawn = draw(*sampler, coarse, abc(), {.length_bytes = 20}, random);
    std::string expected;
    while (expected.size() < 20) expected += plan(coarse, expected, "abc", 5, width).front();
    EXPECT_EQ(drawn, expected) << width;
  }
}

TEST(Beam, DrawsWholePlansFromTheJointDistributionAtFullWidth) {
  for (double temperature : {1.0, 2.0}) {
    const auto sampler = make_sampler(
        "beam", {.temperature = temperature, .horizon = 3, .beam_width = 27, .commit = 0});
    const auto counts = draw_many(*sampler, codec_length, abc(),
                                  {.length_bytes = 3, .history = as_bytes("abcab")}, draws(10000));
    Distribution bits;
    for (const std::string& s : strings_over("abc", 3))
      bits[s] = codec_length("abcab" + s) - codec_length("abcab");
    expect_distribution(counts, from_bits(bits, temperature));
  }
}

TEST(Beam, FiltersChooseAmongThePlans) {
  const auto sampler =
      make_sampler("beam", {.top_k = 2, .horizon = 3, .beam_width = 5, .commit = 0});
  const auto counts = draw_many(*sampler, codec_length, abc(),
                                {.length_bytes = 3, .history = as_bytes("abcab")}, draws(3000));
  const auto beams = plan(codec_length, "abcab", "abc", 3, 5);
  Distribution bits;
  for (std::size_t i = 0; i < 2; ++i)
    bits[beams[i]] = codec_length("abcab" + beams[i]) - codec_length("abcab");
  const ChiSquared test = chi_squared(counts, from_bits(bits));
  EXPECT_TRUE(test.passes()) << test.statistic;
}

TEST(Beam, ControlsRepetitionWithinThePlanToo) {
  const auto sampler = make_sampler(
      "beam", {.repeat_ngram = 3, .temperature = 0, .horizon = 4, .beam_width = 4, .commit = 0});
  Random random(1);
  const std::string drawn = draw(*sampler, codec_length, abc(), {.length_bytes = 16}, random);
  std::set<std::string> seen;
  for (std::size_t i = 0; i + 3 <= drawn.size(); ++i)
    EXPECT_TRUE(seen.insert(drawn.substr(i, 3)).second) << drawn;
  // There are only 27 trigrams: a longer text must repeat some, and is drawn nevertheless.
  draw(*sampler, codec_length, abc(), {.length_bytes = 60}, random);
}

TEST(Beam, PlansOnlyWellFormedUtf8) {
  const Length odd = [](const std::string& text) {  // continuation bytes and leads are cheap
    double bits = 0;
    for (char c : text) bits += (c & 0x80) ? 1 + (c & 3) : 12;
    return bits;
  };
  for (std::uint64_t length = 1; length < 12; ++length) {
    const auto sampler = make_sampler("beam", {.horizon = 3, .beam_width = 6, .commit = 2});
    Random random(length);
    const std::string text =
        draw(*sampler, odd, Candidates::utf8(), {.length_bytes = length}, random);
    EXPECT_TRUE(is_utf8(text)) << printable(text);
  }
}

TEST(Beam, StopsPlanningWhereNothingIsPossible) {
  const Length short_texts = [](const std::string& text) {
    return text.size() <= 6 ? static_cast<double>(text.size()) : kInfinity;
  };
  const auto sampler = make_sampler("beam", {.temperature = 0, .horizon = 4, .commit = 0});
  Random random(1);
  EXPECT_EQ(draw(*sampler, short_texts, abc(), {.length_bytes = 6}, random), "aaaaaa");
  ToyState state(short_texts);
  EXPECT_THROW(sample(*sampler, state, abc(), {.length_bytes = 7}, random), Error);
}

// The program gzipt, word for word in C++: one-shot zlib, whole sorts.
std::size_t zlib_bytes(const std::string& text) {
  uLongf size = compressBound(text.size());
  std::string stream(size, '\0');
  const int rc = compress2(reinterpret_cast<Bytef*>(stream.data()), &size,
                           reinterpret_cast<const Bytef*>(text.data()), text.size(), 9);
  EXPECT_EQ(rc, Z_OK);
  return size;
}

std::string gzipt(const std::string& corpus_window, const std::string& prompt,
                  const std::string& alphabet, std::size_t length, const SamplerOptions& o) {
  const Length bytes = [](const std::string& text) {
    return static_cast<double>(zlib_bytes(text));
  };
  std::string out;
  while (out.size() < length) {
    const std::string context =
        corpus_window + last_bytes(prompt + out, static_cast<std::size_t>(o.tail));
    out += plan(bytes, context, alphabet, o.horizon, o.beam_width).front();
  }
  return out.substr(0, length);
}

const std::string kCorpus =
    "It was the best of times, it was the worst of times, it was the age of wisdom, it was the age "
    "of foolishness, it was the epoch of belief, it was the epoch of incredulity, it was the "
    "season "
    "of Light, it was the season of Darkness, it was the spring of hope, it was the winter of "
    "despair, we had everything before us, we had nothing before us.";

SamplerOptions small_gzipt() {
  SamplerOptions options = sampler_preset("gzipt").options;
  options.horizon = 6;
  options.beam_width = 4;
  options.tail = 11;
  return options;
}

TEST(GziptPreset, HasTheProgramsDefaults) {
  const SamplerPreset& preset = sampler_preset("gzipt");
  EXPECT_EQ(preset.prime_bytes, 30000u);
  EXPECT_EQ(preset.options.tail, 80);
  EXPECT_EQ(preset.options.horizon, 24);
  EXPECT_EQ(preset.options.beam_width, 32);
  EXPECT_EQ(preset.options.commit, 0);
  EXPECT_TRUE(preset.options.whole_bytes);
  EXPECT_EQ(preset.options.temperature, 0);
  EXPECT_NE(make_sampler(preset.sampler, preset.options), nullptr);
}

TEST(GziptPreset, EqualsTheProgramByteForByte) {
  const SamplerOptions options = small_gzipt();
  const std::string window = kCorpus.substr(0, 300);
  for (std::string prompt : {"it was ", "", "we had a much longer prompt than that, "}) {
    const Candidates alphabet = Candidates::seen(as_bytes(kCorpus + prompt));
    std::string letters;
    for (std::size_t i = 0; i < alphabet.size(); ++i) letters += as_text(alphabet[i]);
    const std::string expected = gzipt(window, prompt, letters, 22, options);

    // Once with lengths in bytes, once with lengths in bits that round up to the same bytes.
    const Length in_bytes = [](const std::string& text) {
      return 8.0 * static_cast<double>(zlib_bytes(text));
    };
    const Length in_bits = [&](const std::string& text) {
      return in_bytes(text) - static_cast<double>(std::hash<std::string>()(text) % 8);
    };
    for (const Length& length : {in_bytes, in_bits}) {
      ToyState state(length, window);
      Random random(1);
      const Bytes drawn = sample(*make_sampler("beam", options), state, alphabet,
                                 {.length_bytes = 22, .history = as_bytes(prompt)}, random);
      EXPECT_EQ(as_text(drawn), expected);
      EXPECT_EQ(state.text(), window);
      EXPECT_EQ(state.open_marks(), 0u);
    }
  }
}

TEST(GziptPreset, DiffersFromExactBits) {
  // So the test above would notice if lengths were not rounded up.
  SamplerOptions options = small_gzipt();
  const Length in_bits = [](const std::string& text) {
    return 8.0 * static_cast<double>(zlib_bytes(text)) -
           static_cast<double>(std::hash<std::string>()(text) % 8);
  };
  const auto drawn = [&] {
    ToyState state(in_bits, kCorpus);
    Random random(1);
    return sample(*make_sampler("beam", options), state, Candidates::seen(as_bytes(kCorpus)),
                  {.length_bytes = 30, .history = as_bytes("it ")}, random);
  };
  const Bytes rounded = drawn();
  options.whole_bytes = false;
  EXPECT_NE(drawn(), rounded);
}

}  // namespace
}  // namespace kraft::testing
