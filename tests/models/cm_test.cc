// Context mixing: what it codes comes back, its distributions are whole, nothing is left of what
// was rewound, and vector instructions change no bit.

#include <gtest/gtest.h>

#include <array>

#include "codecs/messages.h"
#include "kraft/random.h"
#include "kraft/registry.h"
#include "models/cm/mixing.h"
#include "models/coded.h"
#include "sanitized.h"

namespace kraft {
namespace {

// Slopes with some noise, in rows of pixels of three samples that resemble one another.
Bytes slopes(std::size_t width, std::size_t height) {
  Random random(5);
  Bytes samples;
  for (std::size_t y = 0; y < height; ++y) {
    for (std::size_t x = 0; x < width; ++x) {
      const std::size_t light = 40 + (3 * x + 5 * y) % 160 + random.below(6);
      for (std::size_t color = 0; color < 3; ++color)
        samples.push_back(static_cast<Byte>(light + 8 * color + random.below(3)));
    }
  }
  return samples;
}

// The same as a Windows bitmap; rows are a multiple of four bytes.
Bytes bitmap(std::size_t width, std::size_t height) {
  Bytes file;
  const auto put = [&file](std::size_t value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; ++i) file.push_back(static_cast<Byte>(value >> 8 * i));
  };
  put(0x4d42, 2);
  for (const std::size_t value :
       {54 + 3 * width * height, std::size_t{0}, std::size_t{54}, std::size_t{40}, width, height})
    put(value, 4);
  put(1, 2);
  put(24, 2);
  for (const std::size_t value : {std::size_t{0}, 3 * width * height}) put(value, 4);
  for (int i = 0; i < 4; ++i) put(0, 4);
  append(file, slopes(width, height));
  return file;
}

// Records of numbers, which are no text.
Bytes records(std::size_t count) {
  Random random(6);
  Bytes bytes;
  for (std::uint32_t i = 0; i < count; ++i) {
    for (const std::uint32_t number : {7 * i, std::uint32_t(random.below(300)), 0u}) {
      for (unsigned shift = 0; shift < 32; shift += 8)
        bytes.push_back(static_cast<Byte>(number >> shift));
    }
  }
  return bytes;
}

// By revision 1, too, of which there are files.
constexpr const char* kEfforts[] = {"cm,mem=32MiB", "cm:max,mem=32MiB", "cm#1:max,mem=32MiB"};

TEST(ContextMixing, WhatIsCodedComesBackInFewerBytesThanPpmdTakes) {
  const Bytes text = real_text(sized(60'000));
  const Bytes by_ppmd = encoded(*make_model("ppmd"), text);
  for (const char* spec : kEfforts) {
    const Bytes stream = expect_that_it_comes_back(*make_model(spec), text);
    EXPECT_LT(stream.size(), by_ppmd.size()) << spec;
  }
}

TEST(ContextMixing, PredictionByPartialMatchingMakesMaxBetter) {
  const Bytes text = real_text(sized(60'000));
  const double with = make_model("cm:max,mem=32MiB")->start(text)->context_bits();
  EXPECT_LT(with, 0.995 * make_model("cm#1:max,mem=32MiB")->start(text)->context_bits());
}

TEST(ContextMixing, NoiseCostsHardlyMoreThanItsBytes) {
  const Bytes noise = random_bytes(sized(200'000), 4);
  const double bits = make_model("cm,mem=32MiB")->start(noise)->context_bits();
  EXPECT_LT(bits, 8 * 1.002 * static_cast<double>(noise.size()));
}

TEST(ContextMixing, NextByteIsWhatCodingPays) {
  for (const std::string spec : kEfforts) {
    const auto model = make_model(spec);
    expect_that_next_byte_is_what_coding_pays(*model, real_text(1'000));
    expect_that_next_byte_is_what_coding_pays(*model, records(80));
    expect_that_next_byte_is_what_coding_pays(*model, bitmap(16, 20));
  }
}

TEST(ContextMixing, WhatWasRewoundLeavesNothing) {
  const Bytes noise = random_bytes(3'000, 8);
  for (const std::string spec : {"cm,mem=32MiB", "cm:max,mem=32MiB"}) {
    const auto model = make_model(spec);
    for (const Bytes& data : {real_text(3'000), records(200), bitmap(30, 30)})
      expect_that_rewinding_leaves_nothing(*model, data, noise, ByteView(data).first(200), 20);
  }
}

TEST(ContextMixing, NumbersAndPicturesComeBack) {
  for (const std::string spec : kEfforts) {
    expect_that_it_comes_back(*make_model(spec), records(500));
    expect_that_it_comes_back(*make_model(spec), bitmap(32, 24));
    for (const char* shape : {",width=1", ",width=64,channels=3", ",width=37,channels=4"})
      expect_that_it_comes_back(*make_model(spec + shape), slopes(40, 10));
  }
}

TEST(ContextMixing, APictureOfKnownShapeTakesFewerBytes) {
  const Bytes samples = slopes(64, 64);
  for (const std::string spec : kEfforts) {
    const std::size_t known =
        encoded(*make_model(spec, {.geometry = {.width = 64, .channels = 3, .depth = 8}}), samples)
            .size();
    EXPECT_LT(20 * known, 19 * encoded(*make_model(spec), samples).size()) << spec;
    // A bitmap says it itself, to the contexts that files have been written with before.
    const std::size_t hashed =
        encoded(*make_model(spec + ",width=64,channels=3,pixels=hashed"), samples).size();
    EXPECT_LT(known, hashed) << spec;
    EXPECT_LT(encoded(*make_model(spec), bitmap(64, 64)).size(), hashed + 100) << spec;
  }
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
