#include "evaluate/mauve.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "evaluate/k_means.h"
#include "evaluate/principal_components.h"
#include "kraft/error.h"
#include "kraft/random.h"

namespace kraft {
namespace {

// As published, and as in the authors' implementation.
constexpr double kExplainedShare = 0.9;
constexpr std::size_t kSamplesOfCluster = 10;
constexpr std::size_t kRestarts = 5, kMostIterations = 500;
constexpr double kSmoothing = 0.5;
constexpr int kMixtures = 25;
constexpr double kLeastWeight = 1e-6;
constexpr double kScale = 5;

constexpr std::uint64_t kMauveStream = std::uint64_t{3} << 61;  // of the seed

void add_features(Points& points, const std::vector<Feature>& features) {
  for (const Feature& feature : features) {
    if (points.dimensions == 0) points.dimensions = feature.size();
    if (feature.size() != points.dimensions || feature.empty())
      throw Error("features of different models cannot be compared");
    double square = 0;
    for (const std::int16_t number : feature) square += static_cast<double>(number) * number;
    const double length = square > 0 ? std::sqrt(square) : 1;
    for (const std::int16_t number : feature) points.values.push_back(number / length);
  }
}

std::vector<double> smoothed(std::span<const double> counts) {
  double sum = 0;
  for (const double count : counts) sum += count + kSmoothing;
  std::vector<double> shares;
  for (const double count : counts) shares.push_back((count + kSmoothing) / sum);
  return shares;
}

// In nats; no share is 0.
double divergence(std::span<const double> from, std::span<const double> to) {
  double sum = 0;
  for (std::size_t i = 0; i < from.size(); ++i) sum += from[i] * std::log(from[i] / to[i]);
  return std::max(sum, 0.0);
}

// Of these windows, in one of the clusterings.
std::vector<double> total(std::span<const MauveCounts* const> windows,
                          std::vector<std::vector<std::uint32_t>> MauveCounts::*of,
                          std::size_t clustering) {
  std::vector<double> sums((windows[0]->*of)[clustering].size());
  for (const MauveCounts* window : windows) {
    const std::vector<std::uint32_t>& counts = (window->*of)[clustering];
    for (std::size_t c = 0; c < sums.size(); ++c) sums[c] += counts[c];
  }
  return sums;
}

}  // namespace

Feature feature_of(std::span<const float> hidden_state) {
  double most = 0;
  for (const float number : hidden_state) {
    if (!std::isfinite(number)) throw Error("the model's hidden state is not finite");
    most = std::max(most, std::abs(double{number}));
  }
  Feature feature;
  for (const float number : hidden_state)
    feature.push_back(most > 0 ? static_cast<std::int16_t>(std::lround(32767 * (number / most)))
                               : 0);
  return feature;
}

std::vector<MauveCounts> mauve_counts(std::span<const MauveFeatures> windows, std::uint64_t seed) {
  Points points;
  std::size_t real = 0, drawn = 0;
  for (const MauveFeatures& window : windows) {
    add_features(points, window.real);
    add_features(points, window.drawn);
    real += window.real.size();
    drawn += window.drawn.size();
  }
  if (real == 0 || drawn == 0) throw Error("there are no features to compare");
  points = principal_components(std::move(points), kExplainedShare);
  const double tenth = static_cast<double>(std::min(real, drawn)) / kSamplesOfCluster;
  const auto clusters = static_cast<std::size_t>(std::max(2.0, std::nearbyint(tenth)));
  std::vector<MauveCounts> counts(windows.size());
  for (std::size_t i = 0; i < kMauveClusterings; ++i) {
    Random random(seed, kMauveStream + i);
    const Clustering found = k_means(points, clusters, kRestarts, kMostIterations, random);
    auto label = found.labels.begin();
    const auto count = [&](std::size_t features) {
      std::vector<std::uint32_t> of(clusters);
      for (std::size_t f = 0; f < features; ++f) ++of[*label++];
      return of;
    };
    for (std::size_t w = 0; w < windows.size(); ++w) {
      counts[w].real.push_back(count(windows[w].real.size()));
      counts[w].drawn.push_back(count(windows[w].drawn.size()));
    }
  }
  return counts;
}

// From (1, 0) to (0, 1) in straight lines, x falling and y rising. The implementation takes the
// mean of the areas to either axis, which are equal where a curve ends on both.
double mauve_area(std::span<const double> real, std::span<const double> drawn) {
  const std::vector<double> p = smoothed(real), q = smoothed(drawn);
  std::vector<double> mixture(p.size());
  double area = 0, last_x = 1, last_y = 0;
  const auto go_to = [&](double x, double y) {
    area += (last_x - x) * (last_y + y) / 2;
    last_x = x;
    last_y = y;
  };
  for (int i = 0; i < kMixtures; ++i) {
    const double w = kLeastWeight + (1 - 2 * kLeastWeight) * i / (kMixtures - 1);
    for (std::size_t c = 0; c < p.size(); ++c) mixture[c] = w * p[c] + (1 - w) * q[c];
    go_to(std::exp(-kScale * divergence(q, mixture)), std::exp(-kScale * divergence(p, mixture)));
  }
  go_to(0, 1);
  return area;
}

MauveValue mauve(std::span<const MauveCounts* const> windows) {
  std::map<std::size_t, std::vector<const MauveCounts*>> texts;
  for (const MauveCounts* window : windows) texts[window->text].push_back(window);
  std::vector<double> areas(windows[0]->real.size());
  for (const auto& [text, of] : texts) {
    const double share = static_cast<double>(of.size()) / static_cast<double>(windows.size());
    for (std::size_t i = 0; i < areas.size(); ++i)
      areas[i] +=
          share * mauve_area(total(of, &MauveCounts::real, i), total(of, &MauveCounts::drawn, i));
  }
  MauveValue value;
  const auto count = static_cast<double>(areas.size());
  for (const double area : areas) value.mean += area / count;
  double squares = 0;
  for (const double area : areas) squares += (area - value.mean) * (area - value.mean);
  value.spread = std::sqrt(squares / (count - 1));
  return value;
}

}  // namespace kraft
