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
  std::vector<Subframe> all = {{.kind = Kind::constant},
                               {.kind = Kind::verbatim},
                               {.kind = Kind::constant, .wasted_bits = 3},
                               {.kind = Kind::predicted, .is_rice = false, .parameter = 0},
                               {.kind = Kind::predicted,
                                .coefficients = {2, -1},
                                .is_rice = false,
                                .parameter = 5},
                               {.kind = Kind::predicted,
                                .wasted_bits = 2,
                                .coefficients = {3, -3, 1},
                                .parameter = 3}};
  for (const unsigned parameter : {0, 1, 2, 3, 6, 9, 13, 20})
    all.push_back({.kind = Kind::predicted,
                   .coefficients = {901, -377, 25},
                   .shift = 9,
                   .parameter = parameter});
  return all;
}

// The probability of a value by reading the words that RFC 9639 gives it, bit by bit.
double literal_share(const Subframe& channel, int depth_bits, std::span<const std::int32_t> past,
                     std::int32_t value) {
  const double any = std::exp2(-depth_bits) / kFrame;
  const auto mixed = [&](double word) { return (1 - 1 / kFrame) * word + any; };
  if (channel.kind == Subframe::Kind::verbatim) return mixed(std::exp2(-depth_bits));
  const std::int64_t unit = std::int64_t{1} << channel.wasted_bits;
  if (value % unit != 0) return any;
  const auto floored = [](std::int64_t a, std::int64_t b) {
    return static_cast<std::int64_t>(
        std::floor(static_cast<double>(a) / static_cast<double>(b)));
  };
  std::int64_t expected = 0;
  if (channel.kind == Subframe::Kind::constant) {
    expected = floored(past.back(), unit);
  } else {
    for (std::size_t j = 0; j < channel.coefficients.size(); ++j)
      expected += channel.coefficients[j] * floored(past[past.size() - 1 - j], unit);
    expected = floored(expected, std::int64_t{1} << channel.shift);
  }
  const std::int64_t e = value / unit - expected;
  if (channel.kind == Subframe::Kind::constant) return mixed(e == 0 ? 1 : 0);
  if (!channel.is_rice) {
    const double half = std::exp2(static_cast<double>(channel.parameter) - 1);
    const auto size = static_cast<double>(e);
    const bool fits = channel.parameter == 0 ? e == 0 : size >= -half && size < half;
    return mixed(fits ? std::exp2(-static_cast<double>(channel.parameter)) : 0);
  }
  std::int64_t folded = e >= 0 ? 2 * e : -2 * e - 1;
  double bits = channel.parameter + 1.0;
  for (int zeros = 0; folded >= std::int64_t{1} << channel.parameter; ++zeros) {
    folded -= std::int64_t{1} << channel.parameter;
    ++bits;
    if (zeros == 63) return any;  // 64 zeros and more
  }
  return mixed(std::exp2(-bits));
}

TEST(FlacView, ExpectsWhatTheWordsOfItsFrameSay) {
  for (const int depth_bits : {8, 16}) {
    const std::int32_t half = 1 << (depth_bits - 1);
    for (const std::int32_t last : {0, 56, -half, half - 1}) {
      const std::array<std::int32_t, 3> past = {last / 2, last / 3, last};
      for (const Subframe& channel : subframes()) {
        const Expectation expectation(channel, depth_bits, past);
        std::array<double, 256> sums{}, shares;
        for (std::int32_t value = -half; value < half; ++value) {
          const double share = literal_share(channel, depth_bits, past, value);
          sums[static_cast<std::size_t>(value & 255)] += share;
          ASSERT_NEAR(expectation.share(value) / share, 1, 1e-12) << value;
        }
        expectation.low_byte_shares(shares);
        for (std::size_t b = 0; b < 256; ++b)
          ASSERT_NEAR(shares[b] / sums[b], 1, 1e-8)
              << b << " of " << depth_bits << " bits, parameter " << channel.parameter;
      }
    }
  }
}

const Settings kSettings[] = {
    {.shape = {.width = 1, .channels = 1, .depth_bits = 8}},
    {.shape = {.width = 1, .channels = 2, .depth_bits = 16}, .rate_hz = 44100, .level = 8},
    {.shape = {.width = 1, .channels = 1, .depth_bits = 16}, .level = 0},
};

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
    DecoderView view(settings, 64);
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
    const auto make = [&] { return DecoderView(settings, 64); };
    expect_at_once_is_one_by_one(make(), make(), samples);
    expect_that_rewinds_leave_nothing(make, samples, 100, 20, 120);
  }
}

TEST(FlacView, TakesNewParametersWhereTheyAreDue) {
  const Settings settings = kSettings[0];
  const Bytes samples = recorded(settings);
  // Between two places where they are due, both views know the same.
  DecoderView often(settings, 32), seldom(settings, 1024);
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
