#include "evaluate/media_metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>

#include "kraft/error.h"
#include "kraft/random.h"

namespace kraft {
namespace {

Image noise(std::uint64_t seed, std::size_t width, std::size_t height) {
  Random random(seed);
  Image image{width, height, 1, 8, {}};
  for (std::size_t i = 0; i < width * height; ++i)
    image.samples.push_back(static_cast<Byte>(random.below(256)));
  return image;
}

Image flat(Byte level, std::size_t width, std::size_t height) {
  return {width, height, 1, 8, Bytes(width * height, level)};
}

Audio sound(const Bytes& samples) { return {16000, 1, Encoding::u8, samples}; }

Bytes sine(double amplitude, double hz, std::size_t count) {
  Bytes samples;
  for (std::size_t i = 0; i < count; ++i)
    samples.push_back(static_cast<Byte>(std::lround(
        128 + amplitude * std::sin(2 * std::numbers::pi * hz * static_cast<double>(i) / 16000))));
  return samples;
}

TEST(ImageMetrics, RmseIsTheRootOfTheMeanSquare) {
  const Bytes a = {0, 10, 20, 255}, b = {3, 10, 16, 255};
  EXPECT_DOUBLE_EQ(root_mean_square_error(a, b), std::sqrt((9 + 16) / 4.0));
  EXPECT_THROW(root_mean_square_error(a, {}), Error);
}

TEST(ImageMetrics, SimilarityOfAnImageWithItselfIsOne) {
  const Image image = noise(1, 20, 14);
  EXPECT_NEAR(structural_similarity(image, image, 0), 1, 1e-9);
  EXPECT_LT(structural_similarity(image, noise(2, 20, 14), 0), 0.2);
}

TEST(ImageMetrics, SimilarityOfFlatImagesIsThatOfTheirMeans) {
  const double c1 = 0.01 * 255 * 0.01 * 255;
  EXPECT_NEAR(structural_similarity(flat(100, 12, 12), flat(150, 12, 12), 4),
              (2 * 100.0 * 150 + c1) / (100.0 * 100 + 150.0 * 150 + c1), 1e-9);
}

// The definition, with means taken first and deviations from them after.
TEST(ImageMetrics, SimilarityIsItsDefinition) {
  const Image a = noise(3, 13, 9), b = noise(4, 13, 9);
  const double c1 = 2.55 * 2.55, c2 = 7.65 * 7.65;
  double total = 0;
  for (int y = 6; y < 9; ++y) {
    for (int x = 0; x < 13; ++x) {
      double sum = 0, mean_a = 0, mean_b = 0, var_a = 0, var_b = 0, cov = 0;
      const auto visit = [&](auto use) {
        for (int v = std::max(0, y - 5); v <= std::min(8, y + 5); ++v) {
          for (int u = std::max(0, x - 5); u <= std::min(12, x + 5); ++u) {
            const double r = (u - x) * (u - x) + (v - y) * (v - y);
            const auto i = static_cast<std::size_t>(v * 13 + u);
            use(std::exp(-r / 4.5), a.samples[i], b.samples[i]);
          }
        }
      };
      visit([&](double w, double p, double q) { sum += w, mean_a += w * p, mean_b += w * q; });
      mean_a /= sum, mean_b /= sum;
      visit([&](double w, double p, double q) {
        var_a += w / sum * (p - mean_a) * (p - mean_a);
        var_b += w / sum * (q - mean_b) * (q - mean_b);
        cov += w / sum * (p - mean_a) * (q - mean_b);
      });
      total += (2 * mean_a * mean_b + c1) * (2 * cov + c2) /
               ((mean_a * mean_a + mean_b * mean_b + c1) * (var_a + var_b + c2));
    }
  }
  EXPECT_NEAR(structural_similarity(a, b, 6), total / 39, 1e-9);
}

TEST(ImageMetrics, GradientDistanceComparesSortedMagnitudes) {
  // Rows below the first: gradients of a are hypot(across, down).
  const Image a{2, 2, 1, 8, {10, 10, 10, 13}};  // (0, 0) -> 0 and (3, 3) -> sqrt 18
  const Image b{2, 2, 1, 8, {10, 10, 14, 10}};  // (0, 4) -> 4 and (-4, 0) -> 4
  const double root = std::sqrt(18.0);
  EXPECT_NEAR(gradient_distance(a, b, 1), (4 + (root - 4)) / 2, 1e-12);
  EXPECT_DOUBLE_EQ(gradient_distance(a, a, 0), 0);
  EXPECT_THROW(gradient_distance(a, flat(0, 2, 3), 0), Error);
  EXPECT_THROW(gradient_distance(a, a, 2), Error);
}

TEST(AudioMetrics, NoiseOfATenthIsTwentyDecibels) {
  const Bytes truth = {228, 28, 228, 28}, drawn = {218, 38, 218, 38};
  EXPECT_NEAR(*signal_to_noise_db(sound(truth), sound(drawn)), 20, 1e-5);
  EXPECT_EQ(*signal_to_noise_db(sound(truth), sound(truth)),
            std::numeric_limits<double>::infinity());
  EXPECT_FALSE(signal_to_noise_db(sound(Bytes(4, 128)), sound(drawn)));
  EXPECT_THROW(signal_to_noise_db(sound(truth), sound({128})), Error);
}

TEST(AudioMetrics, LogSpectralDistanceSeesLevelsAndNotPhases) {
  const Audio loud = sound(sine(100, 1000, 2048));
  EXPECT_DOUBLE_EQ(log_spectral_distance_db(loud, loud), 0);
  const double softer = log_spectral_distance_db(loud, sound(sine(50, 1000, 2048)));
  const double other = log_spectral_distance_db(loud, sound(sine(100, 3000, 2048)));
  EXPECT_GT(softer, 1);
  EXPECT_GT(other, softer);
}

// A click at the middle of the only window has a flat spectrum, so that every frequency differs by
// the ratio of their heights.
TEST(AudioMetrics, LogSpectralDistanceOfClicksIsTheirRatio) {
  Bytes high(128, 128), low(128, 128);
  high[0] = 128 + 100;
  low[0] = 128 + 50;
  EXPECT_NEAR(log_spectral_distance_db(sound(high), sound(low)), 20 * std::log10(2.0), 1e-3);
}

}  // namespace
}  // namespace kraft
