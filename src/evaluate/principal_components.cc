#include "evaluate/principal_components.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kraft/error.h"

namespace kraft {
namespace {

constexpr double kOrthogonal = 1e-12;  // cosine below which two axes are
constexpr double kNothing = 1e-26;     // of the variance: rounding
constexpr int kMostSweeps = 60;        // ten are enough

void centre(Points& points) {
  const std::size_t count = points.count();
  for (std::size_t d = 0; d < points.dimensions; ++d) {
    double mean = 0;
    for (std::size_t i = 0; i < count; ++i) mean += points[i][d];
    mean /= static_cast<double>(count);
    for (std::size_t i = 0; i < count; ++i) points[i][d] -= mean;
  }
}

void subtract(std::span<double> from, double factor, std::span<const double> other) {
  for (std::size_t i = 0; i < from.size(); ++i) from[i] -= factor * other[i];
}

// The same points, by coordinates in the space that they span: modified Gram-Schmidt, twice over,
// which is enough (Giraud, Langou and Rozloznik 2005).
Points within_their_span(const Points& points) {
  const std::size_t count = points.count();
  Points within{count, std::vector<double>(count * count)}, basis = points;
  for (std::size_t i = 0; i < count; ++i) {
    const std::span<double> rest = basis[i];
    const double before = dot(rest, rest);
    for (int round = 0; round < 2; ++round) {
      for (std::size_t j = 0; j < i; ++j) {
        const double part = dot(rest, basis[j]);
        within[i][j] += part;
        subtract(rest, part, basis[j]);
      }
    }
    const double size = std::sqrt(dot(rest, rest));
    const bool is_new = size * size > kNothing * before;
    if (is_new) within[i][i] = size;
    for (double& value : rest) value = is_new ? value / size : 0;
  }
  return within;
}

Points transposed(const Points& points) {
  Points turned{points.count(), std::vector<double>(points.values.size())};
  for (std::size_t i = 0; i < points.count(); ++i) {
    for (std::size_t d = 0; d < points.dimensions; ++d) turned[d][i] = points[i][d];
  }
  return turned;
}

// Turns pairs of axes against each other until the coordinates along all of them are uncorrelated:
// the one-sided method of Jacobi (Hestenes, "Inversion of Matrices by Biorthogonalization and
// Related Results", Journal of the SIAM 6(1), 1958). An axis is its coordinate of each point.
void decorrelate(Points& axes) {
  const std::size_t count = axes.count();
  const double all = dot(axes.values, axes.values);
  std::vector<double> squares(count);
  bool turned = true;
  for (int sweep = 0; turned && sweep < kMostSweeps; ++sweep) {
    turned = false;
    for (std::size_t p = 0; p < count; ++p) squares[p] = dot(axes[p], axes[p]);
    for (std::size_t p = 0; p + 1 < count; ++p) {
      for (std::size_t q = p + 1; q < count; ++q) {
        if (std::min(squares[p], squares[q]) <= kNothing * all) continue;
        const std::span<double> a = axes[p], b = axes[q];
        const double product = dot(a, b);
        if (std::abs(product) <= kOrthogonal * std::sqrt(squares[p] * squares[q])) continue;
        turned = true;
        const double ratio = (squares[q] - squares[p]) / (2 * product);
        const double tangent = std::copysign(1 / (std::abs(ratio) + std::hypot(1, ratio)), ratio);
        const double cosine = 1 / std::hypot(1, tangent), sine = cosine * tangent;
        for (std::size_t i = 0; i < a.size(); ++i) {
          const double of_a = a[i], of_b = b[i];
          a[i] = cosine * of_a - sine * of_b;
          b[i] = sine * of_a + cosine * of_b;
        }
        squares[p] -= tangent * product;
        squares[q] += tangent * product;
      }
    }
  }
}

}  // namespace

Points principal_components(Points points, double explained_share) {
  if (points.count() == 0) throw Error("there are no points to find components of");
  centre(points);
  Points axes = transposed(points.dimensions > points.count() ? within_their_span(points) : points);
  decorrelate(axes);
  std::vector<double> variances;
  for (std::size_t a = 0; a < axes.count(); ++a) variances.push_back(dot(axes[a], axes[a]));
  const double all = std::accumulate(variances.begin(), variances.end(), 0.0);
  std::vector<std::size_t> order(axes.count());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::greater<>(), [&](std::size_t a) { return variances[a]; });
  Points kept{axes.dimensions, {}};
  double explained = 0;
  for (const std::size_t a : order) {
    if (kept.count() > 0 && explained >= explained_share * all) break;
    explained += variances[a];
    kept.values.insert(kept.values.end(), axes[a].begin(), axes[a].end());
  }
  return transposed(kept);
}

}  // namespace kraft
