// MAUVE and what it is made of, against small sums written out.

#include "evaluate/mauve.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <set>

#include "evaluate/k_means.h"
#include "evaluate/principal_components.h"
#include "kraft/error.h"
#include "kraft/random.h"

namespace kraft {
namespace {

// --- principal components ---

TEST(PrincipalComponents, AreThoseOfACovarianceWrittenByHand) {
  // Along (3, 4) / 5 the points lie at -5, 0, 0 and 5, across it at 0, -1, 1 and 0; moved by (7,
  // 1).
  const Points points{2, {7 - 3, 1 - 4, 7 + 0.8, 1 - 0.6, 7 - 0.8, 1 + 0.6, 7 + 3, 1 + 4}};
  const Points both = principal_components(points, 1);
  ASSERT_EQ(both.dimensions, 2U);
  const double sign = both[3][0] > 0 ? 1 : -1, other = both[1][1] < 0 ? 1 : -1;
  const std::vector<double> expected = {-5, 0, 0, -1, 0, 1, 5, 0};
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(sign * both[i][0], expected[2 * i], 1e-9);
    EXPECT_NEAR(other * both[i][1], expected[2 * i + 1], 1e-9);
  }
  // The first one has 50 of the variance's 52.
  EXPECT_EQ(principal_components(points, 0.96).dimensions, 1U);
  EXPECT_EQ(principal_components(points, 0.97).dimensions, 2U);
}

Points random_points(std::size_t count, std::size_t dimensions, std::uint64_t seed) {
  Random random(seed);
  Points points{dimensions, {}};
  for (std::size_t i = 0; i < count * dimensions; ++i)
    points.values.push_back(random.uniform() * static_cast<double>(1 + i % dimensions));
  return points;
}

// Both where points are more than dimensions and where they are fewer.
TEST(PrincipalComponents, KeepDistancesAndAreUncorrelated) {
  for (const std::size_t count : {60, 12}) {
    const Points points = random_points(count, 20, 1);
    const Points found = principal_components(points, 1);
    ASSERT_EQ(found.count(), count);
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t j = 0; j < i; ++j)
        ASSERT_NEAR(squared_distance(found[i], found[j]), squared_distance(points[i], points[j]),
                    1e-8);
    }
    double last = std::numeric_limits<double>::infinity();
    for (std::size_t a = 0; a < found.dimensions; ++a) {
      std::vector<double> products(found.dimensions);
      for (std::size_t i = 0; i < count; ++i) {
        for (std::size_t b = 0; b < found.dimensions; ++b) products[b] += found[i][a] * found[i][b];
      }
      EXPECT_LE(products[a], last);
      last = products[a];
      products[a] = 0;
      for (const double product : products) ASSERT_NEAR(product, 0, 1e-6);
    }
  }
}

TEST(PrincipalComponents, OfPointsThatAreAllTheSameThereIsOne) {
  const Points found = principal_components({3, {1, 2, 3, 1, 2, 3}}, 0.9);
  EXPECT_EQ(found.dimensions, 1U);
  EXPECT_EQ(found.values, (std::vector<double>{0, 0}));
  EXPECT_THROW(principal_components({}, 0.9), Error);
}

// --- k-means ---

TEST(KMeans, FindsTwoPairs) {
  Random random(1);
  const Clustering found = k_means({1, {0, 10, 1, 12}}, 2, 5, 500, random);
  EXPECT_EQ(found.labels[0], found.labels[2]);
  EXPECT_EQ(found.labels[1], found.labels[3]);
  EXPECT_NE(found.labels[0], found.labels[1]);
  EXPECT_DOUBLE_EQ(found.squared_error, 0.25 + 0.25 + 1 + 1);
}

// No partition of a few points is better than what several restarts find.
TEST(KMeans, FindsTheBestOfAllPartitions) {
  const Points points = random_points(9, 2, 3);
  double best = std::numeric_limits<double>::infinity();
  for (int code = 0; code < 3 * 3 * 3 * 3 * 3 * 3 * 3 * 3 * 3; ++code) {
    double error = 0;
    for (int cluster = 0; cluster < 3; ++cluster) {
      std::vector<std::size_t> members;
      for (int i = 0, rest = code; i < 9; ++i, rest /= 3) {
        if (rest % 3 == cluster) members.push_back(static_cast<std::size_t>(i));
      }
      for (std::size_t d = 0; d < 2 && !members.empty(); ++d) {
        double mean = 0;
        for (const std::size_t i : members) mean += points[i][d];
        mean /= static_cast<double>(members.size());
        for (const std::size_t i : members) error += (points[i][d] - mean) * (points[i][d] - mean);
      }
    }
    best = std::min(best, error);
  }
  Random random(4);
  EXPECT_NEAR(k_means(points, 3, 20, 500, random).squared_error, best, 1e-9);
}

TEST(KMeans, TheSameSeedFindsTheSame) {
  const Points points = random_points(200, 8, 5);
  Random one(6), other(6), third(7);
  const auto found = k_means(points, 12, 1, 500, one).labels;
  EXPECT_EQ(k_means(points, 12, 1, 500, other).labels, found);
  EXPECT_NE(k_means(points, 12, 1, 500, third).labels, found);
}

TEST(KMeans, FewerPointsThanClustersLeaveSomeEmpty) {
  Random random(8);
  const Clustering found = k_means({1, {3, 3, 5, 5, 5}}, 4, 5, 500, random);
  EXPECT_EQ(found.squared_error, 0);
  EXPECT_EQ(found.labels[0], found.labels[1]);
  EXPECT_EQ(found.labels[2], found.labels[4]);
  EXPECT_NE(found.labels[0], found.labels[2]);
  EXPECT_THROW(k_means({1, {3}}, 0, 1, 1, random), Error);
}

// --- the frontier ---

TEST(Mauve, TheAreaIsThatOfItsDefinition) {
  // Counts 3, 1, 0 and 1, 1, 4; with half a one more each, over 5.5 and 7.5.
  const double p[] = {3.5 / 5.5, 1.5 / 5.5, 0.5 / 5.5};
  const double q[] = {1.5 / 7.5, 1.5 / 7.5, 4.5 / 7.5};
  std::vector<std::pair<double, double>> curve = {{0, 1}};
  for (int i = 24; i >= 0; --i) {
    const double w = 1e-6 + i * (1 - 2e-6) / 24;
    double of_p = 0, of_q = 0;
    for (int c = 0; c < 3; ++c) {
      of_p += p[c] * std::log(p[c] / (w * p[c] + (1 - w) * q[c]));
      of_q += q[c] * std::log(q[c] / (w * p[c] + (1 - w) * q[c]));
    }
    curve.emplace_back(std::exp(-5 * of_q), std::exp(-5 * of_p));
  }
  curve.emplace_back(1, 0);
  double to_x = 0, to_y = 0;
  for (std::size_t i = 1; i < curve.size(); ++i) {
    const auto [x0, y0] = curve[i - 1];
    const auto [x1, y1] = curve[i];
    ASSERT_GE(x1, x0);
    ASSERT_LE(y1, y0);
    to_x += (x1 - x0) * (y0 + y1) / 2;
    to_y += (y0 - y1) * (x0 + x1) / 2;
  }
  const double found = mauve_area(std::vector<double>{3, 1, 0}, std::vector<double>{1, 1, 4});
  EXPECT_NEAR(found, to_x, 1e-12);
  EXPECT_NEAR(found, (to_x + to_y) / 2, 1e-12);
  EXPECT_GT(found, 0.05);
  EXPECT_LT(found, 0.5);
}

TEST(Mauve, EqualCountsHaveAllAndDisjointOnesNextToNothing) {
  const std::vector<double> some = {10, 20, 5}, left = {1000, 0}, right = {0, 1000};
  EXPECT_NEAR(mauve_area(some, some), 1, 1e-12);
  EXPECT_NEAR(mauve_area(left, right), mauve_area(right, left), 1e-12);
  // Without smoothing KL(p | w p + (1 - w) q) is -ln w, and the curve x = (1 - w)^5, y = w^5, whose
  // area is 5! 5! / 10! = 0.004, and 0.0043 by 24 trapezoids; smoothing leaves a little more.
  EXPECT_GT(mauve_area(left, right), 0.004);
  EXPECT_LT(mauve_area(left, right), 0.006);
}

// --- all of it ---

// Around one of several directions.
Feature feature_near(std::size_t direction, Random& random) {
  std::vector<float> numbers(16);
  for (float& number : numbers) number = static_cast<float>(random.uniform() - 0.5) * 0.2F;
  numbers[direction] += 1;
  return feature_of(numbers);
}

// Windows whose real features lie in four directions, and a share of whose drawn ones does.
std::vector<MauveFeatures> features_of_windows(std::size_t windows, double share,
                                               std::uint64_t seed) {
  Random random(seed);
  std::vector<MauveFeatures> all(windows);
  for (MauveFeatures& window : all) {
    for (int i = 0; i < 4; ++i) {
      window.real.push_back(feature_near(random.below(4), random));
      window.drawn.push_back(
          feature_near(random.below(4) + (random.uniform() < share ? 0 : 4), random));
    }
  }
  return all;
}

double mauve_of(const std::vector<MauveFeatures>& windows, std::uint64_t seed = 1) {
  const std::vector<MauveCounts> counts = mauve_counts(windows, seed);
  std::vector<const MauveCounts*> all;
  for (const MauveCounts& of : counts) all.push_back(&of);
  return mauve(all).mean;
}

TEST(Mauve, FourPointsInTwoClustersByHand) {
  // Two features along one axis and two along another: PCA and k-means tell them apart, whatever
  // their lengths. Real ones: both and one of the first; drawn: one of the second.
  const MauveFeatures window{{{32767, 0}, {30, 1}, {0, 99}}, {{1, 32000}}};
  const std::vector<MauveCounts> counts = mauve_counts({&window, 1}, 1);
  ASSERT_EQ(counts.size(), 1U);
  ASSERT_EQ(counts[0].real.size(), kMauveClusterings);
  for (std::size_t i = 0; i < kMauveClusterings; ++i) {
    ASSERT_EQ(counts[0].real[i].size(), 2U);
    const std::size_t first = counts[0].drawn[i][0] == 0 ? 0 : 1;
    EXPECT_EQ(counts[0].real[i][first], 2U);
    EXPECT_EQ(counts[0].real[i][1 - first], 1U);
    EXPECT_EQ(counts[0].drawn[i][1 - first], 1U);
  }
  const MauveCounts* only = counts.data();
  const MauveValue value = mauve({&only, 1});
  EXPECT_NEAR(value.mean, mauve_area(std::vector<double>{2, 1}, std::vector<double>{0, 1}), 1e-12);
  EXPECT_NEAR(value.spread, 0, 1e-12);  // all clusterings are the same
}

TEST(Mauve, FallsWithTheShareThatIsUnlikeWhatThereIs) {
  const double all = mauve_of(features_of_windows(50, 1, 1));
  const double half = mauve_of(features_of_windows(50, 0.5, 1));
  const double none = mauve_of(features_of_windows(50, 0, 1));
  EXPECT_GT(all, 0.85);
  EXPECT_GT(all, half + 0.2);
  EXPECT_GT(half, none + 0.2);
  EXPECT_LT(none, 0.02);
}

TEST(Mauve, TheSameSeedFindsTheSameAndOthersNearlyTheSame) {
  const auto windows = features_of_windows(30, 0.7, 2);
  EXPECT_EQ(mauve_of(windows, 3), mauve_of(windows, 3));
  EXPECT_NE(mauve_of(windows, 3), mauve_of(windows, 4));
  EXPECT_NEAR(mauve_of(windows, 3), mauve_of(windows, 4), 0.15);
}

TEST(Mauve, SomeOfTheWindowsAreCountedInTheClustersOfAll) {
  const auto windows = features_of_windows(20, 0.5, 5);
  const std::vector<MauveCounts> counts = mauve_counts(windows, 1);
  std::vector<const MauveCounts*> some = {&counts[2], &counts[7]};
  double expected = 0;
  for (std::size_t i = 0; i < kMauveClusterings; ++i) {
    std::vector<double> real(8), drawn(8);  // 80 features in each set
    for (const MauveCounts* window : some) {
      ASSERT_EQ(window->real[i].size(), 8U);
      for (std::size_t c = 0; c < 8; ++c) {
        real[c] += window->real[i][c];
        drawn[c] += window->drawn[i][c];
      }
    }
    EXPECT_EQ(std::accumulate(real.begin(), real.end(), 0.0), 8);
    expected += mauve_area(real, drawn) / kMauveClusterings;
  }
  EXPECT_NEAR(mauve(some).mean, expected, 1e-12);
}

TEST(Mauve, OfSeveralTextsItIsTheMeanOverWindows) {
  std::vector<MauveCounts> counts = mauve_counts(features_of_windows(20, 0.5, 6), 1);
  const std::size_t first = counts.size();
  for (MauveCounts& of : mauve_counts(features_of_windows(30, 0.2, 7), 1)) {
    counts.push_back(std::move(of));
    counts.back().text = 1;
  }
  std::vector<const MauveCounts*> all;
  for (const MauveCounts& of : counts) all.push_back(&of);
  const std::span<const MauveCounts* const> both(all);
  EXPECT_NEAR(mauve(both).mean,
              0.4 * mauve(both.first(first)).mean + 0.6 * mauve(both.subspan(first)).mean, 1e-12);
}

TEST(Mauve, FeaturesAreDirections) {
  EXPECT_EQ(feature_of(std::vector<float>{0.5F, -1, 0}), (Feature{16384, -32767, 0}));
  EXPECT_EQ(feature_of(std::vector<float>{50, -100, 0}), (Feature{16384, -32767, 0}));
  EXPECT_EQ(feature_of(std::vector<float>{0, 0}), (Feature{0, 0}));
  EXPECT_THROW(feature_of(std::vector<float>{std::nanf(""), 1}), Error);
}

TEST(Mauve, NothingAndFeaturesOfDifferentSizesAreErrors) {
  const MauveFeatures nothing_drawn{{{1, 2}}, {}}, different{{{1, 2}}, {{1, 2, 3}}};
  EXPECT_THROW(mauve_counts({&nothing_drawn, 1}, 1), Error);
  EXPECT_THROW(mauve_counts({&different, 1}, 1), Error);
}

}  // namespace
}  // namespace kraft
