#include "evaluate/media_metrics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "kraft/error.h"
#include "media/spectrogram.h"

namespace kraft {
namespace {

constexpr std::ptrdiff_t kReach = 5;  // pixels of an SSIM window on each side of its middle
constexpr double kSsimSigma = 1.5;
constexpr double kC1 = 0.01 * 255 * 0.01 * 255, kC2 = 0.03 * 255 * 0.03 * 255;

double pixel(const Image& image, std::size_t x, std::size_t y) {
  return image.samples[y * image.width + x];
}

void check_pictures(const Image& a, const Image& b, std::size_t first_row) {
  const bool gray = a.channels == 1 && b.channels == 1 && a.depth_bits == 8 && b.depth_bits == 8;
  if (!gray || a.width != b.width || a.height != b.height || first_row >= a.height || a.width == 0)
    throw Error("pictures that are compared are gray and of the same size");
}

std::array<double, 2 * kReach + 1> gaussian() {
  std::array<double, 2 * kReach + 1> weights{};
  for (std::ptrdiff_t i = -kReach; i <= kReach; ++i)
    weights[static_cast<std::size_t>(i + kReach)] =
        std::exp(-static_cast<double>(i * i) / (2 * kSsimSigma * kSsimSigma));
  return weights;
}

double similarity_at(const Image& a, const Image& b, std::ptrdiff_t x, std::ptrdiff_t y) {
  static const auto kWeights = gaussian();
  const auto width = static_cast<std::ptrdiff_t>(a.width);
  const auto height = static_cast<std::ptrdiff_t>(a.height);
  double weights = 0, mean_a = 0, mean_b = 0, squares_a = 0, squares_b = 0, products = 0;
  for (std::ptrdiff_t v = std::max<std::ptrdiff_t>(0, y - kReach);
       v <= std::min(height - 1, y + kReach); ++v) {
    for (std::ptrdiff_t u = std::max<std::ptrdiff_t>(0, x - kReach);
         u <= std::min(width - 1, x + kReach); ++u) {
      const double weight = kWeights[static_cast<std::size_t>(u - x + kReach)] *
                            kWeights[static_cast<std::size_t>(v - y + kReach)];
      const double p = pixel(a, static_cast<std::size_t>(u), static_cast<std::size_t>(v));
      const double q = pixel(b, static_cast<std::size_t>(u), static_cast<std::size_t>(v));
      weights += weight;
      mean_a += weight * p;
      mean_b += weight * q;
      squares_a += weight * p * p;
      squares_b += weight * q * q;
      products += weight * p * q;
    }
  }
  mean_a /= weights;
  mean_b /= weights;
  const double variance_a = std::max(0.0, squares_a / weights - mean_a * mean_a);
  const double variance_b = std::max(0.0, squares_b / weights - mean_b * mean_b);
  const double covariance = products / weights - mean_a * mean_b;
  return (2 * mean_a * mean_b + kC1) * (2 * covariance + kC2) /
         ((mean_a * mean_a + mean_b * mean_b + kC1) * (variance_a + variance_b + kC2));
}

std::vector<double> sorted_gradients(const Image& image, std::size_t first_row) {
  std::vector<double> magnitudes;
  for (std::size_t y = first_row; y < image.height; ++y) {
    for (std::size_t x = 0; x < image.width; ++x) {
      const double here = pixel(image, x, y);
      const double across = x > 0 ? here - pixel(image, x - 1, y) : 0;
      const double down = y > 0 ? here - pixel(image, x, y - 1) : 0;
      magnitudes.push_back(std::hypot(across, down));
    }
  }
  std::ranges::sort(magnitudes);
  return magnitudes;
}

void check_sounds(const Audio& a, const Audio& b) {
  if (a.rate_hz != b.rate_hz || a.channels != b.channels || a.encoding != b.encoding ||
      a.samples.size() != b.samples.size() || a.samples.empty())
    throw Error("sounds that are compared are of the same shape");
}

}  // namespace

double root_mean_square_error(ByteView a, ByteView b) {
  if (a.size() != b.size() || a.empty()) throw Error("samples that are compared are as many");
  double squares = 0;
  for (std::size_t i = 0; i < a.size(); ++i) squares += (a[i] - b[i]) * (a[i] - b[i]);
  return std::sqrt(squares / static_cast<double>(a.size()));
}

double structural_similarity(const Image& a, const Image& b, std::size_t first_row) {
  check_pictures(a, b, first_row);
  double sum = 0;
  for (std::size_t y = first_row; y < a.height; ++y) {
    for (std::size_t x = 0; x < a.width; ++x)
      sum += similarity_at(a, b, static_cast<std::ptrdiff_t>(x), static_cast<std::ptrdiff_t>(y));
  }
  return sum / static_cast<double>((a.height - first_row) * a.width);
}

// On a line, the cheapest way to move one heap onto another keeps the order.
double gradient_distance(const Image& a, const Image& b, std::size_t first_row) {
  check_pictures(a, b, first_row);
  const std::vector<double> of_a = sorted_gradients(a, first_row);
  const std::vector<double> of_b = sorted_gradients(b, first_row);
  double sum = 0;
  for (std::size_t i = 0; i < of_a.size(); ++i) sum += std::abs(of_a[i] - of_b[i]);
  return sum / static_cast<double>(of_a.size());
}

std::optional<double> signal_to_noise_db(const Audio& truth, const Audio& drawn) {
  check_sounds(truth, drawn);
  const std::vector<float> x = to_floats(truth), y = to_floats(drawn);
  double signal = 0, noise = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double difference = static_cast<double>(x[i]) - y[i];
    signal += static_cast<double>(x[i]) * x[i];
    noise += difference * difference;
  }
  if (signal == 0) return std::nullopt;
  if (noise == 0) return std::numeric_limits<double>::infinity();
  return 10 * std::log10(signal / noise);
}

double log_spectral_distance_db(const Audio& truth, const Audio& drawn) {
  check_sounds(truth, drawn);
  const std::size_t hop = std::max<std::size_t>(1, truth.rate_hz * 8 / 1000);
  const std::size_t frames = std::max<std::size_t>(1, truth.frames() / hop);
  const Spectrogram a = spectrogram(truth, frames), b = spectrogram(drawn, frames);
  double sum = 0;
  for (std::size_t frame = 0; frame < a.frames; ++frame) {
    double squares = 0;
    for (std::size_t bin = 0; bin < a.bins; ++bin) {
      const std::size_t at = frame * a.bins + bin;
      const double difference = static_cast<double>(a.power_db[at]) - b.power_db[at];
      squares += difference * difference;
    }
    sum += std::sqrt(squares / static_cast<double>(a.bins));
  }
  return sum / static_cast<double>(a.frames);
}

}  // namespace kraft
