// max-copy: what is drawn quotes no more than that, found by brute force.
#include "samplers/copy_limit.h"

#include <gtest/gtest.h>

#include "codecs/messages.h"
#include "kraft/coinflips.h"
#include "kraft/registry.h"
#include "samplers/toy_models.h"
#include "sanitized.h"

namespace kraft::testing {
namespace {

// The longest string of drawn bytes that occurs earlier in the text, which they end.
std::size_t longest_quotation(const std::string& history, const std::string& drawn) {
  const std::string text = history + drawn;
  std::size_t longest = 0;
  for (std::size_t begin = history.size(); begin < text.size(); ++begin) {
    for (std::size_t size = longest + 1; begin + size <= text.size(); ++size) {
      if (text.find(text.substr(begin, size)) >= begin) break;
      longest = size;
    }
  }
  return longest;
}

const std::string kHistory = "abcabcaacbbacbabcccbbbaaacab";

TEST(GramIndex, AgreesWithASearchForEveryString) {
  Random random(5);
  for (std::size_t gram_bytes : {1, 2, 3, 4, 7}) {
    std::string text;
    for (int i = 0; i < 60; ++i) text += "ab"[random.below(2)];
    for (std::size_t drawn_bytes : {0, 1, 3, 20}) {
      GramIndex index(gram_bytes);
      index.learn(as_bytes(text).first(30), [](std::size_t, bool) {});
      std::size_t known_grams = 0;
      index.learn(as_bytes(text), [&](std::size_t end, bool known) {
        const std::string gram = text.substr(end - gram_bytes, gram_bytes);
        EXPECT_EQ(known, text.find(gram) < end - gram_bytes) << gram;
        known_grams += known;
      });
      EXPECT_GT(known_grams, 0u);
      for (const std::string& prefix : {std::string(), std::string("b"), std::string("abbab")}) {
        const auto end = index.end(as_bytes(text), drawn_bytes, as_bytes(prefix));
        for (const std::string next : {"a", "b", "ab", "bba", "aaaaaaaaa", "abababab"}) {
          const std::string whole = text + prefix + next;
          bool expected = false;
          for (std::size_t at = whole.size() - next.size(); at < whole.size(); ++at) {
            if (at + 1 < gram_bytes + text.size() - drawn_bytes) continue;
            const std::size_t begin = at + 1 - gram_bytes;
            expected = expected || whole.find(whole.substr(begin, gram_bytes)) < begin;
          }
          EXPECT_EQ(end.completes(as_bytes(next)), expected)
              << text << " " << drawn_bytes << " " << prefix << " " << next;
        }
      }
    }
  }
}

class EverySamplerWithALimit : public ::testing::TestWithParam<std::string> {
 protected:
  std::unique_ptr<Sampler> make(SamplerOptions options) const {
    for (const SamplerRow& row : samplers()) {
      if (row.name != GetParam()) continue;
      for (const std::string& name : row.options) {
        if (name == "horizon") options.horizon = 3;
        if (name == "beam-width") options.beam_width = 4;
        if (name == "commit") options.commit = 2;
        if (name == "span-length") options.span_length = 2;
        if (name == "key-length") options.key_length = 2;
        if (name == "span") options.span = 6;
        if (name == "steps") options.steps = 200;
        if (name == "burn-in") options.burn_in = 50;
        if (name == "particles") options.particles = 10;
      }
    }
    return make_sampler(GetParam(), options);
  }
};

TEST_P(EverySamplerWithALimit, QuotesNoMore) {
  const std::string alphabet = "abcdefgh";
  std::size_t longest_without = 0;
  for (const int limit : {2, 3, 5}) {
    for (std::uint64_t seed = 0; seed < (kSanitized ? 1 : 4); ++seed) {
      CopyLimitReport report{.exceeded = 99};
      const SampleRequest request{
          .length_bytes = 40,
          .history = as_bytes(kHistory),
          .copy_limit = [&](const CopyLimitReport& told) { report = told; }};
      Random random(seed), same(seed);
      const std::string drawn = draw(*make({.max_copy = limit, .temperature = 0.6}), codec_length,
                                     Candidates::bytes(as_bytes(alphabet)), request, random);
      EXPECT_EQ(report.exceeded, 0u);
      EXPECT_LE(longest_quotation(kHistory, drawn), static_cast<std::size_t>(limit)) << drawn;
      EXPECT_GE(report.bits, 0);
      const std::string free = draw(*make({.temperature = 0.6}), codec_length,
                                    Candidates::bytes(as_bytes(alphabet)), request, same);
      longest_without = std::max(longest_without, longest_quotation(kHistory, free));
    }
  }
  EXPECT_GT(longest_without, 3u);  // there was something to limit
}

// Two letters and a limit of one byte: soon every pair has been there, and one must be repeated.
TEST_P(EverySamplerWithALimit, StillDrawsWhereEverythingIsAQuotation) {
  CopyLimitReport report;
  const SampleRequest request{.length_bytes = 20,
                              .history = as_bytes("abbaab"),
                              .copy_limit = [&](const CopyLimitReport& told) { report = told; }};
  Random random(1);
  draw(*make({.max_copy = 1}), codec_length, Candidates::bytes(as_bytes("ab")), request, random);
  EXPECT_GT(report.exceeded, 0u);
}

TEST_P(EverySamplerWithALimit, DrawsTheSameWhereNothingIsTooLong) {
  const SampleRequest request{.length_bytes = 12, .history = as_bytes(kHistory)};
  Random random(3), same(3);
  EXPECT_EQ(draw(*make({.max_copy = 500}), codec_length, abc(), request, random),
            draw(*make({}), codec_length, abc(), request, same));
}

std::vector<std::string> names() {
  std::vector<std::string> all;
  for (const SamplerRow& row : samplers()) all.push_back(row.name);
  return all;
}

INSTANTIATE_TEST_SUITE_P(Registered, EverySamplerWithALimit, ::testing::ValuesIn(names()),
                         [](const auto& test) { return test.param; });

// "ab" is followed by "c" in the history; a limit of two bytes forbids that after "ab" was drawn.
TEST(CopyLimit, CostsWhatWasDropped) {
  CopyLimit limit(2, 1);
  CopyLimitReport report;
  const std::string text = "xabcxab";
  const std::vector<ByteView> units = {as_bytes("b"), as_bytes("c"), as_bytes("d")};
  std::vector<Choice> choices = {{0, 2, 0.25}, {1, 1, 0.5}, {2, 2, 0.25}};
  limit.apply(choices, units, as_bytes(text), 2, report);
  ASSERT_EQ(choices.size(), 2u);
  EXPECT_EQ(choices[0].unit, 0u);
  EXPECT_EQ(choices[1].unit, 2u);
  EXPECT_DOUBLE_EQ(choices[0].probability, 0.5);
  EXPECT_EQ(report.limited, 1u);
  EXPECT_DOUBLE_EQ(report.bits, 1);
}

TEST(CopyLimit, DropsNothingBelowTheLimit) {
  const std::string text = "abcdefghijklmnop_abcdefg";  // 7 bytes quoted
  const std::vector<ByteView> units = {as_bytes("h"), as_bytes("q")};
  for (const int most : {7, 8, 12}) {
    CopyLimit limit(most, 1);
    CopyLimitReport report;
    std::vector<Choice> choices = {{0, 1, 0.5}, {1, 1, 0.5}};
    limit.apply(choices, units, as_bytes(text), 7, report);
    EXPECT_EQ(choices.size(), most == 7 ? 1u : 2u) << most;
    EXPECT_EQ(choices.back().unit, 1u);
    EXPECT_EQ(report.limited, most == 7 ? 1u : 0u);
    EXPECT_EQ(report.exceeded, 0u);
  }
}

TEST(CopyLimit, TakesNoCountOfWhatWasNotDrawn) {
  CopyLimit limit(3, 1);
  const std::string text = "abcdef_abc";
  EXPECT_TRUE(limit.quotes(as_bytes(text), 3, as_bytes("d")));
  EXPECT_FALSE(limit.quotes(as_bytes(text), 2, as_bytes("d")));  // the prompt ends in "a"
  EXPECT_TRUE(limit.quotes(as_bytes(text), 2, as_bytes("de")));
}

// ---- stock decompressors, fed with coin flips ------------------------------------------------

class EveryStockDecoderWithALimit : public ::testing::TestWithParam<std::string> {};

TEST_P(EveryStockDecoderWithALimit, QuotesNoMore) {
  const std::string text(as_text(real_text(25000)).substr(5000));
  for (const int limit : {3, 8, 12}) {
    CopyLimitReport report{.exceeded = 99};
    const SampleRequest request{.length_bytes = 1500,
                                .history = as_bytes(text),
                                .copy_limit = [&](const CopyLimitReport& told) { report = told; }};
    const auto drawn = [&](SamplerOptions options) {
      options.segment = 400;
      const auto state = make_model(GetParam())->start(as_bytes(text));
      Random random(7);
      return std::string(as_text(
          sample(*make_sampler("coinflips", options), *state, Candidates::all(), request, random)));
    };
    const std::string limited = drawn({.max_copy = limit});
    EXPECT_EQ(limited.size(), 1500u);
    EXPECT_LE(longest_quotation(text, limited), static_cast<std::size_t>(limit)) << limited;
    EXPECT_EQ(report.exceeded, 0u);
    EXPECT_GT(report.limited, 0u);
    EXPECT_GT(report.bits, 0);
    EXPECT_GT(longest_quotation(text, drawn({})), static_cast<std::size_t>(limit));
    EXPECT_EQ(drawn({.max_copy = limit}), limited);
    EXPECT_EQ(drawn({.max_copy = 5000}), drawn({}));
  }
}

TEST_P(EveryStockDecoderWithALimit, StillDrawsWhereTheCodeHasNothingElse) {
  const Bytes history(5000, Byte{'a'});
  CopyLimitReport report;
  const auto state = make_model(GetParam())->start(history);
  Random random(1);
  const Bytes drawn = sample(*make_sampler("coinflips", {.max_copy = 3}), *state, Candidates::all(),
                             {.length_bytes = 60,
                              .history = history,
                              .copy_limit = [&](const CopyLimitReport& told) { report = told; }},
                             random);
  EXPECT_EQ(drawn.size(), 60u);
  if (GetParam() == "xz:6" || GetParam() == "lzma:6") {  // they can code any byte
    EXPECT_EQ(report.exceeded, 0u);
    EXPECT_LE(longest_quotation(std::string(as_text(history)), std::string(as_text(drawn))), 3u);
  } else {
    EXPECT_GT(report.exceeded, 0u);
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, EveryStockDecoderWithALimit,
                         ::testing::Values("gzip:9", "zlib:6", "deflate:9", "xz:6", "lzma:6"),
                         [](const auto& test) {
                           return test.param.substr(0, test.param.find(':'));
                         });

// Letters that are all as probable, one a symbol.
class Letters final : public CoinFlips {
 public:
  static constexpr int kLetters = 8;

  double draw_filtered(std::span<Byte> segment, Random& random, SegmentFilter* filter) override {
    for (std::size_t i = 0; i < segment.size(); ++i) {
      segment[i] = static_cast<Byte>('a' + random.below(kLetters));
      const ByteView byte = segment.subspan(i, 1);
      if (filter->keep(i, byte) == 1) continue;
      if (filter->again(i)) {
        --i;
      } else {
        filter->keep_all(i, byte);
      }
    }
    return 3.0 * static_cast<double>(segment.size());
  }
  std::uint64_t refused() const override { return 0; }
  std::string decoder() const override { return "letters"; }
};

class LettersState final : public ToyState, public StockDecoder {
 public:
  using ToyState::ToyState;
  const StockDecoder* stock_decoder() const override { return this; }
  std::unique_ptr<CoinFlips> coin_flips(double) const override {
    return std::make_unique<Letters>();
  }
};

// Whatever is left of the probability, how often something is drawn again tells it.
TEST(CopyLimit, CostsWithADecompressorWhatWasLeftToIt) {
  constexpr std::size_t kLimit = 2;
  double told = 0, exact = 0;
  std::uint64_t limited = 0, places = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Random random(seed);
    LettersState state(codec_length, "");
    const std::string drawn(as_text(sample(
        *make_sampler("coinflips", {.max_copy = kLimit, .segment = 50}), state, Candidates::all(),
        {.length_bytes = 80,
         .history = as_bytes(kHistory),
         .copy_limit =
             [&](const CopyLimitReport& report) {
               EXPECT_EQ(report.exceeded, 0u);
               told += report.bits;
               limited += report.limited;
             }},
        random)));
    for (std::size_t i = 0; i < drawn.size(); ++i) {
      int left = 0;
      for (int letter = 0; letter < Letters::kLetters; ++letter) {
        const std::string next = drawn.substr(0, i) + static_cast<char>('a' + letter);
        const std::string before = kHistory + next.substr(0, i);
        left += i < kLimit || before.find(next.substr(i - kLimit)) == std::string::npos;
      }
      ASSERT_GT(left, 0);
      exact += std::log2(Letters::kLetters) - std::log2(left);
      places += left < Letters::kLetters;
    }
  }
  EXPECT_NEAR(told / exact, 1, 0.05);
  EXPECT_GT(limited, 0u);
  EXPECT_LT(limited, places);  // where none was drawn that cannot stay, nobody knows
}

// ---- the index of strings --------------------------------------------------------------------

TEST(GramIndex, ForgetsWhatItUnlearnsAsIfItHadNeverBeen) {
  Random random(3);
  for (const std::size_t gram_bytes : {1u, 2u, 5u, 40u}) {
    GramIndex index(gram_bytes);
    Bytes text;
    for (int round = 0; round < 200; ++round) {
      const std::size_t more = random.below(60);
      for (std::size_t i = 0; i < more; ++i) text.push_back(static_cast<Byte>(random.below(4)));
      std::vector<bool> known;
      index.learn(text, [&](std::size_t, bool is_known) { known.push_back(is_known); });
      if (round % 10 == 0) {
        GramIndex fresh(gram_bytes);
        std::vector<bool> all;
        fresh.learn(text, [&](std::size_t, bool is_known) { all.push_back(is_known); });
        ASSERT_TRUE(std::equal(known.rbegin(), known.rend(), all.rbegin()));
        for (int i = 0; i < 20; ++i) {
          Bytes string(1 + random.below(4));
          for (Byte& byte : string) byte = static_cast<Byte>(random.below(4));
          ASSERT_EQ(index.end(text, text.size()).completes(string),
                    fresh.end(text, text.size()).completes(string));
        }
      }
      const std::size_t left =
          text.size() - random.below(std::min<std::size_t>(text.size(), 50) + 1);
      index.unlearn(text, left);
      text.resize(left);
    }
  }
}

}  // namespace
}  // namespace kraft::testing
