// Context mixing: what it codes comes back, its distributions are whole, nothing is left of what
// was rewound, and vector instructions change no bit.

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "codecs/messages.h"
#include "kraft/choices.h"
#include "kraft/coder.h"
#include "kraft/random.h"
#include "kraft/registry.h"
#include "models/cm/mixing.h"
#include "models/coded.h"

namespace kraft {
namespace {

TEST(ContextMixing, WhatIsCodedComesBackInFewerBytesThanPpmdTakes) {
  const Bytes text = real_text(60'000);
  const Bytes by_ppmd = encoded(*make_model("ppmd"), text);
  for (const char* spec : {"cm,mem=32MiB", "cm:max,mem=32MiB"}) {
    const Bytes stream = expect_that_it_comes_back(*make_model(spec), text);
    EXPECT_LT(stream.size(), by_ppmd.size()) << spec;
  }
}

TEST(ContextMixing, NoiseCostsHardlyMoreThanItsBytes) {
  const Bytes noise = random_bytes(200'000, 4);
  const double bits = make_model("cm,mem=32MiB")->start(noise)->context_bits();
  EXPECT_LT(bits, 8 * 1.002 * static_cast<double>(noise.size()));
}

TEST(ContextMixing, NextByteIsWhatCodingPays) {
  const Bytes text = real_text(1'500);
  const auto state = make_model("cm,mem=32MiB")->start();
  std::array<double, 256> bits;
  RangeEncoder encoder;
  double paid_bits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const ByteView byte = ByteView(text).subspan(i, 1);
    double one = 0;
    state->measure({&byte, 1}, {&one, 1});
    if (i % 50 == 0) {
      state->next_byte(bits);
      double sum = 0;
      for (const double b : bits) sum += std::exp2(-b);
      ASSERT_NEAR(sum, 1, 1e-9);
      ASSERT_EQ(bits[byte[0]], one);
    }
    paid_bits += one;
    state->by_choices()->encode(byte[0], encoder);
    ASSERT_NEAR(state->context_bits(), paid_bits, 1e-6);
  }
  EXPECT_NEAR(paid_bits, 8 * static_cast<double>(encoder.finish().size()), 16);
}

TEST(ContextMixing, WhatWasRewoundLeavesNothing) {
  const Bytes text = real_text(8'000), noise = random_bytes(8'000, 8);
  expect_that_rewinding_leaves_nothing(*make_model("cm:max,mem=32MiB"), text, noise,
                                       ByteView(text).first(400), 20);
}

TEST(ContextMixing, TheSameIntegersWithVectorInstructionsAndWithout) {
  Random random(7);
  const auto between = [&random](int least, int most) {
    return least +
           static_cast<std::int32_t>(random.below(static_cast<std::uint64_t>(most - least + 1)));
  };
  constexpr std::size_t kCount = 48, kSets = 5;
  for (int round = 0; round < 200; ++round) {
    std::array<std::int32_t, kCount> inputs;
    std::array<std::array<std::int32_t, kCount>, kSets> plain, fast;
    std::array<std::int32_t, kSets> steps, plain_sums, fast_sums;
    for (auto& input : inputs) input = between(-2047, 2047);
    for (auto& step : steps) step = between(-(1 << 19) + 1, (1 << 19) - 1);
    for (auto& set : plain) {
      for (auto& weight : set) weight = between(-cm::kMostWeight, cm::kMostWeight);
    }
    fast = plain;
    std::array<std::int32_t*, kSets> plain_rows, fast_rows;
    for (std::size_t s = 0; s < kSets; ++s) {
      plain_rows[s] = plain[s].data();
      fast_rows[s] = fast[s].data();
    }
    cm::plain_kernels().sums(inputs.data(), kCount, plain_rows.data(), kSets, plain_sums.data());
    cm::fast_kernels().sums(inputs.data(), kCount, fast_rows.data(), kSets, fast_sums.data());
    ASSERT_EQ(plain_sums, fast_sums);
    cm::plain_kernels().correct(inputs.data(), kCount, plain_rows.data(), kSets, steps.data());
    cm::fast_kernels().correct(inputs.data(), kCount, fast_rows.data(), kSets, steps.data());
    ASSERT_EQ(plain, fast);
  }
}

}  // namespace
}  // namespace kraft
