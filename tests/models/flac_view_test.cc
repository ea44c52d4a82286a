// The decoder's view of FLAC: against a literal sum over all samples, and what every view promises.
// That the frames are read as libFLAC reads them is tested in codecs/flac_test.cc.

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

#include "codecs/messages.h"
#include "kraft/media.h"
#include "kraft/registry.h"
#include "media/pictures.h"
#include "models/flac/decoder_view.h"
#include "models/views.h"

namespace kraft::flac {
namespace {

// Subframes of all kinds, with predictors of several orders.
std::vector<Subframe> subframes() {
  using Kind = Subframe::Kind;
  const std::vector<Subframe::Partition> some = {
      {.parameter = 3}, {.parameter = 4}, {.parameter = 4}, {.parameter = 2}};
  std::vector<Subframe> all = {
      {.kind = Kind::constant},
      {.kind = Kind::verbatim},
      {.kind = Kind::constant, .wasted_bits = 3},
      {.kind = Kind::predicted, .wasted_bits = 2, .coefficients = {3, -3, 1}, .partitions = some}};
  for (const unsigned parameter : {0, 1, 2, 3, 6, 9, 13, 20})
    all.push_back({.kind = Kind::predicted,
                   .coefficients = {901, -377, 25},
                   .shift = 9,
                   .partitions = {{.parameter = parameter}}});
  return all;
}

std::int64_t rounded_down(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(std::floor(static_cast<double>(a) / static_cast<double>(b)));
}

// How likely the word is that RFC 9639 gives a residual, by writing it.
double word_share(std::int64_t residual, std::size_t parameter) {
  std::int64_t folded = residual >= 0 ? 2 * residual : -2 * residual - 1;
  double bits = static_cast<double>(parameter) + 1;
  for (int zeros = 0; folded >= std::int64_t{1} << parameter; ++zeros, ++bits) {
    if (zeros == 63) return 0;  // 64 of them and more
    folded -= std::int64_t{1} << parameter;
  }
  return std::exp2(-bits);
}

double literal_share(const Subframe& channel, const Weights& weights, int depth_bits,
                     std::span<const std::int32_t> past, std::int32_t value) {
  const double any = std::exp2(-depth_bits) / kFrame;
  const auto mixed = [&](double word) { return (1 - 1 / kFrame) * word + any; };
  if (channel.kind == Subframe::Kind::verbatim) return mixed(std::exp2(-depth_bits));
  const std::int64_t unit = std::int64_t{1} << channel.wasted_bits;
  if (value % unit != 0) return any;
  std::int64_t expected = 0;
  if (channel.kind == Subframe::Kind::constant) {
    expected = rounded_down(past.back(), unit);
    return mixed(value / unit == expected ? 1 : 0);
  }
  for (std::size_t j = 0; j < channel.coefficients.size(); ++j)
    expected += channel.coefficients[j] * rounded_down(past[past.size() - 1 - j], unit);
  expected = rounded_down(expected, std::int64_t{1} << channel.shift);
  double sum = 0;
  for (std::size_t k = 0; k < weights.size(); ++k) {
    if (weights[k] >= 0x1p-40) sum += weights[k] * word_share(value / unit - expected, k);
  }
  return mixed(sum);
}

TEST(FlacView, ExpectsWhatTheWordsOfItsFrameSay) {
  for (const int depth_bits : {8, 16}) {
    const std::int32_t half = 1 << (depth_bits - 1);
    for (const std::int32_t last : {56, -half}) {
      const std::array<std::int32_t, 3> past = {last / 2, last / 3, last};
      for (const Subframe& subframe : subframes()) {
        const Channel channel(subframe, 512, depth_bits);
        Weights weights = channel.first();
        const Expectation expectation(channel, depth_bits, -half, past);
        std::array<double, 256> sums{}, shares;
        for (std::int32_t value = -half; value < half; ++value) {
          const double share = literal_share(subframe, weights, depth_bits, past, value);
          sums[static_cast<std::size_t>(value & 255)] += share;
          if (value % 5 == 0) {
            ASSERT_NEAR(expectation.share(value, weights) / share, 1, 1e-12) << value;
          }
        }
        expectation.low_byte_shares(weights, shares);
        for (std::size_t b = 0; b < 256; ++b)
          ASSERT_NEAR(shares[b] / sums[b], 1, 1e-8) << b << " of " << depth_bits << " bits";
      }
    }
  }
}

// By Bayes' rule, and by how often parameters have changed.
TEST(FlacView, LearnsTheParameterOfAPartition) {
  const Subframe subframe = subframes()[3];
  const Channel channel(subframe, 512, 8);
  EXPECT_EQ(channel.partition_samples(), 128u);
  const std::array<std::int32_t, 3> past = {8, -4, 12};
  const Weights first = channel.first();
  Weights learnt = first;
  const Expectation expectation(channel, 8, -128, past);
  double sum = 0;
  Weights expected = first;
  for (std::size_t k = 0; k < first.size(); ++k) {
    Weights only(first.size());
    only[k] = 1;
    expected[k] *= literal_share(subframe, only, 8, past, 40);
    sum += expected[k];
  }
  expectation.learn(40, learnt);
  for (std::size_t k = 0; k < first.size(); ++k) EXPECT_NEAR(learnt[k], expected[k] / sum, 1e-12);

  // The parameters 3, 4, 4, 2 differ by 1, 0 and -2; each difference d has 2^-|d| to begin with.
  const auto times = [](int d) { return std::exp2(-std::abs(d)) + (d == 1 || d == 0 || d == -2); };
  Weights only(first.size());
  only[5] = 1;
  const Weights next = channel.after(only);
  for (std::size_t k = 0; k < next.size(); ++k)
    EXPECT_NEAR(next[k] / next[5], times(static_cast<int>(k) - 5) / times(0), 1e-12) << k;
  EXPECT_NEAR(first[3] / first[2], times(1) / times(0), 1e-12) << "after the last one, 2";
}

const Settings kSettings[] = {
    {.shape = {.width = 1, .channels = 1, .depth_bits = 8}},
    {.shape = {.width = 1, .channels = 2, .depth_bits = 16}, .rate_hz = 44100, .level = 8},
    {.shape = {.width = 1, .channels = 1, .depth_bits = 16}, .level = 0},
};

constexpr ViewParameters kView = {.refresh_samples = 64, .frame_samples = 200};

Bytes recorded(const Settings& settings) {
  const Encoding encoding = settings.shape.depth_bits == 8 ? Encoding::u8 : Encoding::s16;
  Bytes samples = sound(encoding, settings.shape.channels, 2500).samples;
  // With a silent part.
  const auto middle = samples.begin() + static_cast<std::ptrdiff_t>(samples.size() / 2);
  std::fill(middle, middle + 600, Byte{128});
  return samples;
}

TEST(FlacView, IsADistribution) {
  for (const Settings& settings : kSettings) {
    DecoderView view(settings, kView);
    std::size_t at = 0;
    for (const Byte byte : recorded(settings)) {
      if (at++ % 7 == 0 || at < 200) expect_distribution(view, 40);
      view.observe(byte);
      view.trim();
    }
  }
}

TEST(FlacView, RewindsAndGoesOnAsIfNothingHadBeen) {
  for (const Settings& settings : kSettings) {
    const Bytes samples = recorded(settings);
    const auto make = [&] { return DecoderView(settings, kView); };
    expect_at_once_is_one_by_one(make(), make(), samples);
    expect_that_rewinds_leave_nothing(make, samples, 100, 20, 120);
  }
}

TEST(FlacView, TakesNewParametersWhereTheyAreDue) {
  const Settings settings = kSettings[0];
  const Bytes samples = recorded(settings);
  // Between two places where they are due, both views know the same.
  DecoderView often(settings, {.refresh_samples = 32}), seldom(settings, {.refresh_samples = 1024});
  for (std::size_t at = 0; at < samples.size(); ++at) {
    const bool alike = at < 64 || at % 1024 < 32;
    if (alike) expect_same(often, seldom);
    often.observe(samples[at]);
    seldom.observe(samples[at]);
  }
}

TEST(FlacView, PredictsSpeechAsWellAsTheCodecAndComesBack) {
  const Audio speech = read_audio(real_file("speech.wav"), Encoding::u8);
  const ByteView samples = ByteView(speech.samples).first(12000);
  const auto model = make_model("flac:8,view=decoder", {.geometry = speech.geometry()});
  const auto codec = make_codec("flac:8", speech.geometry());
  const auto state = model->start();
  state->observe(samples);
  EXPECT_LT(state->context_bits(), codec->encoder()->code_length(samples));
  const Bytes file = expect_a_kraft_file(model->spec(), samples);
  EXPECT_LT(file.size(), codec->encode(samples).size());
}

}  // namespace
}  // namespace kraft::flac
