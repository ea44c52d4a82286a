#include "evaluate/statistics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include "kraft/error.h"

namespace kraft {
namespace {

// P(|T| <= t) for n degrees of freedom: finite sums (Abramowitz and Stegun 1964, 26.7.3 and
// 26.7.4).
double central_probability(double t, std::size_t n) {
  const double angle = std::atan(t / std::sqrt(static_cast<double>(n)));
  const double cosine = std::cos(angle), square = cosine * cosine;
  const bool odd = n % 2 == 1;
  double term = odd ? cosine : 1, sum = 0;
  for (std::size_t k = odd ? 1 : 0; k + 2 <= n; k += 2) {
    sum += term;
    term *= square * static_cast<double>(k + 1) / static_cast<double>(k + 2);
  }
  return odd ? 2 / std::numbers::pi * (angle + std::sin(angle) * sum) : std::sin(angle) * sum;
}

Estimate with_error(double mean, double standard_error, std::size_t count) {
  Estimate e{mean, standard_error, mean, mean, count};
  const double half = count > 1 ? student_t_975(count - 1) * standard_error : standard_error;
  e.low = mean - half;
  e.high = mean + half;
  return e;
}

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kMost = 1000;  // windows, beyond which a p-value is 0 in any case

// Of a statistic by its values without each of `count` groups; without those of a single one.
Estimate jackknifed(double all, std::span<const double> without, std::size_t count) {
  if (count < 2) return with_error(all, kNothing, count);
  const auto n = static_cast<double>(count);
  const double mean = std::accumulate(without.begin(), without.end(), 0.0) / n;
  double squares = 0;
  for (double value : without) squares += (value - mean) * (value - mean);
  return with_error(all, std::sqrt(squares * (n - 1) / n), count);
}

}  // namespace

double student_t_975(std::size_t degrees_of_freedom) {
  if (degrees_of_freedom == 0) throw Error("Student's t needs a degree of freedom");
  // Beyond, the expansion in 1 / n is as exact (Abramowitz and Stegun 1964, 26.7.5).
  if (degrees_of_freedom > 1000) {
    const auto n = static_cast<double>(degrees_of_freedom);
    const double z = 1.959963984540054;
    return z + (z * z * z + z) / (4 * n);
  }
  double low = 1.9, high = 13;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (central_probability(middle, degrees_of_freedom) < 0.95 ? low : high) = middle;
  }
  return low;
}

double student_t_p(double t, std::size_t degrees_of_freedom) {
  if (degrees_of_freedom == 0) throw Error("Student's t needs a degree of freedom");
  if (std::isnan(t)) return t;
  return std::clamp(1 - central_probability(std::abs(t), degrees_of_freedom), 0.0, 1.0);
}

Estimate estimate(std::span<const double> values) {
  if (values.empty()) throw Error("there is no mean of nothing");
  const auto n = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double squares = 0;
  for (double value : values) squares += (value - mean) * (value - mean);
  const double error = values.size() > 1 ? std::sqrt(squares / (n - 1) / n)
                                         : std::numeric_limits<double>::quiet_NaN();
  return with_error(mean, error, values.size());
}

double error_within(std::span<const std::vector<double>> groups) {
  double squares = 0, freedom = 0, shares = 0;
  for (const std::vector<double>& values : groups) {
    const auto count = static_cast<double>(values.size());
    const double mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
    for (double value : values) squares += (value - mean) * (value - mean);
    freedom += count - 1;
    shares += 1 / count;
  }
  if (freedom == 0 || !std::isfinite(squares)) return kNothing;
  return std::sqrt(squares / freedom * shares) / static_cast<double>(groups.size());
}

Estimate share_estimate(const Estimate& mean) {
  const double p = mean.mean, error = mean.standard_error;
  if (mean.count < 2 || !std::isfinite(error)) return mean;
  constexpr double kRounding = 1e-12;
  const double t = student_t_975(mean.count - 1);
  const double trials =
      error <= kRounding ? static_cast<double>(mean.count) : p * (1 - p) / (error * error);
  const double square = t * t / trials;
  const double middle = (p + square / 2) / (1 + square);
  const double half = std::sqrt(square * std::max(0.0, p * (1 - p) + square / 4)) / (1 + square);
  Estimate e = mean;
  e.low = p <= 0 ? 0 : std::clamp(middle - half, 0.0, p);
  e.high = p >= 1 ? 1 : std::clamp(middle + half, p, 1.0);
  return e;
}

Estimate jackknife(std::size_t count, const std::function<double(std::size_t)>& statistic) {
  std::vector<double> without;
  for (std::size_t i = 0; count > 1 && i < count; ++i) without.push_back(statistic(i));
  return jackknifed(statistic(count), without, count);
}

Difference paired_difference(double all, std::span<const double> without) {
  const std::size_t count = without.size();
  Difference difference{jackknifed(all, without, count), kNothing, kNothing};
  const Estimate& e = difference.estimate;
  // Of what is equal but for rounding.
  const double least = 1e-12 * std::max(1.0, std::abs(all));
  if (count > 1 && !std::isnan(e.standard_error)) {
    if (e.standard_error > least) {
      difference.p = student_t_p(e.mean / e.standard_error, count - 1);
    } else {
      difference.p =
          std::abs(all) <= least ? 1 : std::ldexp(1, 1 - static_cast<int>(std::min(count, kMost)));
    }
  }
  difference.p_holm = difference.p;
  return difference;
}

std::vector<double> holm_adjusted(std::span<const double> p) {
  const auto value = [&p](std::size_t i) { return std::isnan(p[i]) ? 1 : p[i]; };
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::less<>(), value);
  std::vector<double> adjusted(p.size());
  double least = 0;
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    least = std::clamp(static_cast<double>(p.size() - rank) * value(order[rank]), least, 1.0);
    adjusted[order[rank]] = std::isnan(p[order[rank]]) ? kNothing : least;
  }
  return adjusted;
}

std::vector<Places> places_of(
    std::size_t count, const std::function<Difference(std::size_t, std::size_t)>& shortfall) {
  constexpr double kLevel = 0.05;
  std::vector<Difference> differences;
  std::vector<double> p;
  for (std::size_t a = 0; a < count; ++a) {
    for (std::size_t b = a + 1; b < count; ++b) {
      differences.push_back(shortfall(a, b));
      p.push_back(differences.back().p);
    }
  }
  const std::vector<double> adjusted = holm_adjusted(p);
  std::vector<Places> places(count, Places{1, count});
  for (std::size_t a = 0, pair = 0; a < count; ++a) {
    for (std::size_t b = a + 1; b < count; ++b, ++pair) {
      if (!(adjusted[pair] < kLevel)) continue;
      const bool a_is_worse = differences[pair].estimate.mean > 0;
      ++places[a_is_worse ? a : b].best;
      --places[a_is_worse ? b : a].worst;
    }
  }
  return places;
}

double expected_calibration_error(std::span<const Forecast> forecasts) {
  if (forecasts.empty()) throw Error("there is no calibration without forecasts");
  constexpr std::size_t kBins = 10;
  std::array<double, kBins> excess{};  // hits less confidence
  for (const Forecast& forecast : forecasts) {
    const auto bin = static_cast<std::size_t>(forecast.confidence * kBins);
    excess[std::min(bin, kBins - 1)] += (forecast.hit ? 1 : 0) - forecast.confidence;
  }
  double sum = 0;
  for (double value : excess) sum += std::abs(value);
  return sum / static_cast<double>(forecasts.size());
}

}  // namespace kraft
