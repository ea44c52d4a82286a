// LZ78's phrases as a predictor: the estimate is the one of the paper, what it codes comes back,
// and nothing is left of what was rewound.

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <map>
#include <numeric>
#include <string>

#include "codecs/messages.h"
#include "kraft/choices.h"
#include "kraft/coder.h"
#include "kraft/error.h"
#include "kraft/registry.h"
#include "models/coded.h"

namespace kraft {
namespace {

// The definition, over phrases as strings: (n(b | z) + gamma) / (n(z) + 256 gamma).
TEST(Lz78, EstimatesWhatTheDefinitionSays) {
  const Bytes text = real_text(5'000);
  const double gamma = 64.0 / 4096;
  std::map<std::string, std::map<Byte, unsigned>>
      followed;  // what followed each phrase of the tree
  std::string phrase;
  const auto state = make_model("lz78,prior=64")->start();
  std::array<double, 256> bits;
  for (const Byte byte : text) {
    double total = 256 * gamma;
    for (const auto& [next, count] : followed[phrase]) total += count;
    state->next_byte(bits);
    for (unsigned b = 0; b < 256; ++b) {
      const auto found = followed[phrase].find(static_cast<Byte>(b));
      const double count = found == followed[phrase].end() ? 0 : found->second;
      ASSERT_NEAR(bits[b], -std::log2((count + gamma) / total), 1e-9);
    }
    state->observe({&byte, 1});
    const bool known = followed[phrase][byte]++ > 0;
    phrase = known ? phrase + static_cast<char>(byte) : std::string();
  }
}

TEST(Lz78, WhatIsCodedComesBack) {
  Bytes mixed = real_text(30'000);
  append(mixed, random_bytes(10'000, 3));
  append(mixed, Bytes(30'000, 'a'));
  for (const char* spec : {"lz78", "lz78,mem=64KiB", "lz78,prior=65536,backoff=64,ensemble=16",
                           "lz78,prior=1,backoff=12,mem=100KiB"}) {
    const auto model = make_model(spec);
    for (const ByteView text : {ByteView(), ByteView(mixed).first(1), ByteView(mixed)})
      expect_that_it_comes_back(*model, text);
  }
}

// Every phrase counts at the root, whose counts outgrow what a choice can hold.
TEST(Lz78, CountsAreHalvedBeforeTheyOverflow) {
  const Bytes text = random_bytes(1'500'000, 7);
  expect_that_it_comes_back(*make_model("lz78,mem=64KiB"), text);
}

TEST(Lz78, NextByteIsWhatCodingPays) {
  const Bytes text = real_text(4'000);
  for (const char* spec : {"lz78", "lz78,backoff=8,ensemble=3"}) {
    const auto state = make_model(spec)->start();
    std::array<double, 256> bits;
    RangeEncoder encoder;
    double paid_bits = 0;
    for (const Byte byte : text) {
      state->next_byte(bits);
      double sum = 0;
      for (const double b : bits) sum += std::exp2(-b);
      ASSERT_NEAR(sum, 1, 1e-9);
      paid_bits += bits[byte];
      state->by_choices()->encode(byte, encoder);
      ASSERT_NEAR(state->context_bits(), paid_bits, 1e-6);
    }
    EXPECT_NEAR(paid_bits / (8 * static_cast<double>(encoder.finish().size())), 1, 2e-3);
  }
}

TEST(Lz78, WhatWasRewoundLeavesNothing) {
  const Bytes text = real_text(30'000), noise = random_bytes(50'000, 8);
  for (const char* spec : {"lz78", "lz78,backoff=8,ensemble=3,mem=256KiB"}) {
    expect_that_rewinding_leaves_nothing(*make_model(spec), text, noise, real_text(2'000));
  }
}

// Suffixes know more than a phrase that has just begun.
TEST(Lz78, SuffixesPredictBetter) {
  const Bytes text = real_text(100'000);
  const double alone = make_model("lz78")->start(text)->context_bits();
  const double backed = make_model("lz78,backoff=8")->start(text)->context_bits();
  const double together = make_model("lz78,backoff=8,ensemble=4")->start(text)->context_bits();
  EXPECT_LT(backed, alone);
  EXPECT_LT(together, backed);
}

TEST(Lz78, AnEnsembleNeedsSuffixes) { EXPECT_THROW(make_model("lz78,ensemble=2"), UsageError); }

}  // namespace
}  // namespace kraft
