// The decoder's view of WavPack: against the bits of blocks that the library wrote, against literal
// sums over all samples, and what every view promises. That blocks are read as they are meant is
// tested in codecs/wavpack_test.cc.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <vector>

#include "codecs/messages.h"
#include "codecs/wavpack_reader.h"
#include "kraft/media.h"
#include "kraft/registry.h"
#include "media/pictures.h"
#include "models/views.h"
#include "models/wavpack/decoder_view.h"

namespace kraft::wavpack {
namespace {

using Mode = Settings::Mode;

Settings settings(std::size_t channels, std::size_t depth_bits, Mode mode = Mode::normal) {
  return {.shape = {.width = 1, .channels = channels, .depth_bits = depth_bits}, .mode = mode};
}

const Settings kSettings[] = {settings(1, 8), settings(2, 16, Mode::high),
                              settings(1, 16, Mode::fast), settings(3, 8, Mode::very_high)};

constexpr ViewParameters kView = {.refresh_frames = 256, .block_frames = 400};

Bytes recorded(const Settings& settings) {
  const Encoding encoding = settings.shape.depth_bits == 8 ? Encoding::u8 : Encoding::s16;
  Bytes samples = sound(encoding, settings.shape.channels, 2000).samples;
  // With a silent part.
  const auto middle = samples.begin() + static_cast<std::ptrdiff_t>(samples.size() / 2 / 12 * 12);
  std::fill(middle, middle + 600, settings.shape.depth_bits == 8 ? Byte{128} : Byte{0});
  return samples;
}

// 16 bits, of which some are loud and some all but silent.
std::vector<std::int32_t> speech(std::size_t samples) {
  const Bytes bytes = read_audio(real_file("speech.wav")).samples;
  std::vector<std::int32_t> all;
  for (std::size_t i = 0; i < samples; ++i) all.push_back(sample_at(bytes.data() + 2 * i, 16));
  return all;
}

bool is_reordered(const Block& block) {
  return std::ranges::any_of(block.passes, [](const Pass& pass) { return pass.term == -2; });
}

// Of the right sample of joint stereo; together with the left one before it.
double frame_share(const Follower& follower, int depth_bits, std::int32_t right) {
  std::array<double, 256> shares;
  follower.expectation(1, depth_bits).high_byte_shares(static_cast<Byte>(right), shares);
  const int high = depth_bits == 16 ? right >> 8 & 255 : right + 128;
  return shares[static_cast<std::size_t>(high)];
}

// What is expected of samples along a block, by the block's own words.
double bits_along(const Block& block, const std::vector<std::int32_t>& samples, int depth_bits) {
  Follower follower(block);
  double bits = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const std::size_t c = i % block.channels;
    if (!block.is_joint)
      bits -= std::log2(follower.expectation(c, depth_bits).share(samples[i]));
    else if (c == 1)
      bits -= std::log2(frame_share(follower, depth_bits, samples[i]));
    follower.push(c, samples[i]);
  }
  return bits;
}

TEST(WavpackWords, CostWhatTheBlockIsLong) {
  std::size_t compared = 0, joint = 0;
  for (const Mode mode : {Mode::fast, Mode::normal, Mode::high, Mode::very_high}) {
    for (const std::size_t channels : {1, 2}) {
      const auto maker = make_block_maker(settings(channels, 16, mode));
      const std::vector<std::int32_t> samples = speech(16000);
      const Block block = maker->make(samples, channels);
      if (is_reordered(block)) continue;
      const Decoded truth = LiteralReader(block).run();
      ASSERT_EQ(truth.samples, samples);
      ASSERT_EQ(truth.runs_of_zeros, 0u);
      // All but the second zone that the last number may say, the places of long numbers, and what
      // the view adds to joint stereo.
      EXPECT_NEAR(bits_along(block, samples, 16), static_cast<double>(truth.bits), 3);
      ++compared;
      joint += block.is_joint ? 1 : 0;
    }
  }
  EXPECT_GE(compared, 5u);
  EXPECT_GE(joint, 1u);
}

// The left sample weighs what all frames with it weigh: exactly where samples have 8 bits.
TEST(WavpackView, ExpectsOfALeftSampleWhatItExpectsOfAllFramesWithIt) {
  for (const int depth_bits : {8, 16}) {
    const std::size_t kFrames = 3000;
    std::vector<std::int32_t> samples = speech(2 * kFrames);
    for (std::size_t i = 1; i < samples.size(); i += 2)  // two channels that are much alike
      samples[i] = samples[i - 1] - samples[i] / 8;
    for (std::int32_t& sample : samples) sample = depth_bits == 8 ? sample >> 8 : sample;
    const auto maker = make_block_maker(settings(2, static_cast<std::size_t>(depth_bits)));
    const Block block = maker->make(samples, 2);
    ASSERT_TRUE(block.is_joint);
    Follower follower(block);
    for (std::size_t i = 0; i < samples.size(); ++i) {
      if (i % 1194 == 0) {
        for (const std::int32_t off : {0, 1, -3, 9}) {
          const std::int32_t left = samples[i] + off * (depth_bits == 8 ? 1 : 40);
          Follower after = follower;
          after.push(0, left);
          double sum = 0;
          std::array<double, 256> shares;
          for (int low = 0; low < (depth_bits == 8 ? 1 : 256); ++low) {
            after.expectation(1, depth_bits).high_byte_shares(static_cast<Byte>(low), shares);
            for (const double share : shares) sum += share;
          }
          follower.expectation(0, depth_bits).high_byte_shares(static_cast<Byte>(left), shares);
          const int high = depth_bits == 16 ? left >> 8 & 255 : left + 128;
          const double any = std::accumulate(shares.begin(), shares.end(), 0.0) / 256 / kBlock;
          ASSERT_NEAR(shares[static_cast<std::size_t>(high)] / (sum + any), 1,
                      depth_bits == 8 ? 0.001 : 0.3)
              << i << " " << left;
        }
      }
      follower.push(i % 2, samples[i]);
    }
  }
}

// A word after the number of zeros is never one of a zero, which the encoder does not make use of.
TEST(WavpackWords, CostLessThanTheBlockWhereZerosAreCounted) {
  Bytes samples = recorded(settings(1, 8));
  std::vector<std::int32_t> coarse;
  for (const Byte byte : samples) coarse.push_back((byte - 128) / 24);
  const auto maker = make_block_maker(settings(1, 8));
  const Block block = maker->make(coarse, 1);
  const Decoded truth = LiteralReader(block).run();
  ASSERT_EQ(truth.samples, coarse);
  ASSERT_GT(truth.runs_of_zeros, 5u);
  const double bits = bits_along(block, coarse, 8);
  EXPECT_LT(bits, static_cast<double>(truth.bits) + 1);
  EXPECT_GT(bits, 0.8 * static_cast<double>(truth.bits));
}

// Whatever the medians are, and whatever came before.
TEST(WavpackWords, SumToOneAndToTheSharesOfTheirRanges) {
  Random random(3);
  for (int i = 0; i < 60; ++i) {
    Block block;
    for (auto& medians : block.medians) {
      for (std::uint32_t& median : medians)
        median = static_cast<std::uint32_t>(random.below(std::uint64_t{1} << random.below(14)));
    }
    Words words(block);
    for (std::uint64_t k = random.below(5); k > 0; --k)
      words.push(0, i % 2 == 0 ? 0 : static_cast<std::int32_t>(random.below(40)) - 20);
    const Words::Expectation expectation = words.expectation(0);
    double sum = 0;
    constexpr std::int64_t kMost = 1 << 13;
    std::vector<double> shares(2 * kMost);
    expectation.for_ranges(kMost - 1, [&](std::int64_t first, std::int64_t last, double share) {
      for (std::int64_t r = std::max(first, -kMost); r <= std::min(last, kMost - 1); ++r)
        shares[static_cast<std::size_t>(r + kMost)] += share;
    });
    for (std::int64_t r = -kMost; r < kMost; ++r) {
      const double share = expectation.share(r);
      ASSERT_DOUBLE_EQ(share, shares[static_cast<std::size_t>(r + kMost)]) << r;
      sum += share;
    }
    ASSERT_LE(sum, 1 + 1e-12);
    if (block.medians[0][2] < 2048) {
      ASSERT_GT(sum, 1 - 1e-4);
    }
  }
}

// By the definition, against what a literal reader of the format would need: P(n) of the numbers.
TEST(WavpackWords, ExpectRunsOfZerosToGoOnAsTheirNumbersDo) {
  const Words fresh{Block{}};
  EXPECT_DOUBLE_EQ(fresh.expectation(0).share(0), 0.5);
  const auto number_share = [](int n) { return std::exp2(-2 * std::floor(std::log2(n) + 1)); };
  Words words = fresh;
  for (int zeros = 1; zeros < 50; ++zeros) {
    words.push(0, 0);
    double at_least = 0;
    for (int n = zeros; n < 1 << 12; ++n) at_least += number_share(n);
    at_least += std::exp2(-13);  // of more bits
    EXPECT_NEAR(words.expectation(0).share(0), 1 - number_share(zeros) / at_least, 1e-9);
  }
}

TEST(WavpackView, SumsOverAllSamplesThatEndInAByte) {
  const std::vector<std::int32_t> loud = speech(8000);
  for (const int low_bits : {0, 3}) {
    std::vector<std::int32_t> samples = loud;
    for (std::int32_t& sample : samples) sample &= -(1 << low_bits);
    const auto maker = make_block_maker(settings(1, 16));
    Follower follower(maker->make(samples, 1));
    for (std::size_t i = 0; i < samples.size(); ++i) {
      if (i % 997 == 0) {
        const Follower::Expectation expectation = follower.expectation(0, 16);
        std::array<double, 256> sums{}, shares;
        for (std::int32_t sample = -32768; sample < 32768; ++sample)
          sums[static_cast<std::size_t>(sample & 255)] += expectation.share(sample);
        expectation.low_byte_shares(shares);
        for (std::size_t b = 0; b < 256; ++b)
          ASSERT_NEAR(shares[b] / sums[b], 1, low_bits == 0 ? 1e-8 : 1e-4) << b;
      }
      follower.push(0, samples[i]);
    }
  }
}

TEST(WavpackView, IsADistribution) {
  for (const Settings& settings : kSettings) {
    DecoderView view(settings, kView);
    std::size_t at = 0;
    for (const Byte byte : recorded(settings)) {
      if (at++ % 7 == 0 || at < 200) expect_distribution(view);
      view.observe(byte);
      view.trim();
    }
  }
}

TEST(WavpackView, RewindsAndGoesOnAsIfNothingHadBeen) {
  for (const Settings& settings : kSettings) {
    Bytes samples = recorded(settings);
    // Of a part all samples have low bits in common; what comes after it begins a new block.
    for (std::size_t i = 0; i < samples.size() / 3; i += settings.shape.depth_bits / 8)
      samples[i] &= 0xf8;
    const auto make = [&] { return DecoderView(settings, kView); };
    expect_at_once_is_one_by_one(make(), make(), samples);
    expect_that_rewinds_leave_nothing(make, samples, 100, 20, 120);
  }
}

TEST(WavpackView, TakesANewBlockWhereItIsDue) {
  const Settings own = kSettings[0];
  const Bytes samples = recorded(own);
  // Up to the place where a block is due for one of them, both views know the same.
  DecoderView often(own, {.refresh_frames = 64, .block_frames = 100}),
      seldom(own, {.refresh_frames = 1024, .block_frames = 100});
  std::array<double, 256> x, y;
  bool differs = false;
  for (std::size_t at = 0; at < 1500; ++at) {
    const bool alike = at < 192 || at % 1024 < 64;
    if (alike) expect_same(often, seldom);
    if (!alike && !differs) {
      often.next_byte(x);
      seldom.next_byte(y);
      differs = x != y;
    }
    often.observe(samples[at]);
    seldom.observe(samples[at]);
  }
  EXPECT_TRUE(differs);
}

TEST(WavpackView, BeginsABlockWhereASampleHasNoWord) {
  const Settings own = settings(1, 8);
  DecoderView view(own, {.refresh_frames = 4096, .block_frames = 2048});
  Bytes samples = recorded(own);
  samples.resize(600);
  for (Byte& sample : samples) sample &= 0xf0;
  view.observe(samples);
  const double before = view.bits_of(131);
  EXPECT_GT(before, 20);  // it ends in ones
  view.observe(131);
  EXPECT_LT(view.bits_of(131), 12);
}

TEST(WavpackView, KnowsTheRightSampleWhereBothChannelsAreTheSame) {
  for (const std::size_t depth_bits : {8, 16}) {
    const Bytes mono = recorded(settings(1, depth_bits));
    DecoderView view(settings(2, depth_bits), kView), single(settings(1, depth_bits), kView);
    Bytes both;
    const std::size_t sample_bytes = depth_bits / 8;
    for (std::size_t at = 0; at < mono.size(); at += sample_bytes) {
      for (int channel = 0; channel < 2; ++channel)
        both.insert(both.end(), mono.begin() + static_cast<std::ptrdiff_t>(at),
                    mono.begin() + static_cast<std::ptrdiff_t>(at + sample_bytes));
    }
    std::size_t at = 0;
    for (; at < 500 * sample_bytes; ++at) {
      const bool is_left = at / sample_bytes % 2 == 0;
      const double bits = view.bits_of(both[at]);
      if (at >= 100 * sample_bytes && !is_left) {
        EXPECT_LT(bits, 0.001);
      }
      if (is_left) {
        EXPECT_EQ(bits, single.bits_of(both[at]));
        single.observe(both[at]);
      }
      view.observe(both[at]);
    }
    expect_distribution(view);
    // Where the channels part, a new block begins, which has both.
    for (std::size_t i = 0; i < 2 * sample_bytes; ++i) view.observe(static_cast<Byte>(17 * i));
    for (std::size_t i = 0; i < sample_bytes; ++i) view.observe(both[at + i]);
    EXPECT_LT(view.bits_of(static_cast<Byte>(both[at] + 1)), 15);
  }
}

TEST(WavpackView, PredictsSpeechAsWellAsTheCodecAndComesBack) {
  const Audio speech = read_audio(real_file("speech.wav"), Encoding::u8);
  const ByteView samples = ByteView(speech.samples).first(12000);
  const auto model = make_model("wavpack:high,view=decoder", {.geometry = speech.geometry()});
  const auto codec = make_codec("wavpack:high", speech.geometry());
  const auto state = model->start();
  state->observe(samples);
  EXPECT_LT(state->context_bits(), codec->encoder()->code_length(samples));
  const Bytes file = expect_a_kraft_file(model->spec(), samples);
  EXPECT_LT(file.size(), codec->encode(samples).size() + 100);  // with a header of its own
}

}  // namespace
}  // namespace kraft::wavpack
