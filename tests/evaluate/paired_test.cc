#include "evaluate/paired.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>

#include "evaluate/comparison.h"

namespace kraft {
namespace {

Metric mean_figure(Aim aim) {
  Metric metric;
  metric.key = "figure";
  metric.aim = aim;
  return metric;
}

// Cells that hold one figure each; NaN stands for a window that lacks it.
class Cells {
 public:
  CellsByWindow add(const std::vector<double>& values) {
    CellsByWindow found;
    for (const double value : values) {
      cells_.push_back(std::make_unique<Cell>());
      if (!std::isnan(value)) cells_.back()->figures["figure"] = value;
      found.push_back(cells_.back().get());
    }
    return found;
  }

 private:
  std::vector<std::unique_ptr<Cell>> cells_;
};

TEST(Paired, ADifferenceOfMeansIsThePairedTTest) {
  Cells cells;
  const Metric metric = mean_figure(Aim::lower);
  PairedFigure figure(metric, {cells.add({1, 2, 3, 6}), cells.add({0, 2, 1, 1})},
                      cells.add({0, 0, 0, 0}));
  // 1, 0, 2 and 5: mean 2, variance 14 / 3, t = 2 / sqrt(14 / 12) with three degrees of freedom,
  // whose distribution is 1/2 + (u / (1 + u^2) + atan u) / pi at u = t / sqrt 3.
  const Difference d = figure.difference(0, 1);
  EXPECT_NEAR(d.estimate.mean, 2, 1e-12);
  EXPECT_NEAR(d.estimate.standard_error, std::sqrt(14.0 / 12), 1e-12);
  EXPECT_NEAR(d.estimate.high, 2 + 3.182446 * std::sqrt(14.0 / 12), 1e-5);
  const double u = 2 / std::sqrt(14.0 / 12) / std::sqrt(3.0);
  EXPECT_NEAR(d.p, 1 - 2 / M_PI * (u / (1 + u * u) + std::atan(u)), 1e-12);
  EXPECT_NEAR(d.p, 0.1612, 1e-4);
  EXPECT_EQ(d.estimate.count, 4U);
  EXPECT_NEAR(figure.difference(1, 0).estimate.mean, -2, 1e-12);
  EXPECT_NEAR(figure.shortfall(0, 1).estimate.mean, 2, 1e-12);
}

TEST(Paired, OnlyWindowsThatBothHaveCount) {
  Cells cells;
  const Metric metric = mean_figure(Aim::higher);
  PairedFigure figure(
      metric,
      {cells.add({1, 2, NAN, 6}), cells.add({NAN, 1, 100, 2}), cells.add({NAN, NAN, 1, NAN})},
      cells.add({0, 0, 0, 0}));
  const Difference d = figure.difference(0, 1);  // 1 and 4
  EXPECT_EQ(d.estimate.count, 2U);
  EXPECT_DOUBLE_EQ(d.estimate.mean, 2.5);
  EXPECT_NEAR(d.estimate.standard_error, 1.5, 1e-12);
  EXPECT_NEAR(figure.shortfall(0, 1).estimate.mean, -2.5, 1e-12) << "higher is better";
  EXPECT_EQ(figure.difference(0, 2).estimate.count, 0U);
  EXPECT_TRUE(std::isnan(figure.difference(0, 2).p));
  EXPECT_EQ(figure.difference(1, 2).estimate.count, 1U);
  EXPECT_TRUE(std::isnan(figure.difference(1, 2).p));
}

TEST(Paired, NearnessToTheTruthIsWhatCountsWhereThatIsTheAim) {
  Cells cells;
  const Metric metric = mean_figure(Aim::truth);
  PairedFigure figure(metric, {cells.add({1, 1.5, 0.5}), cells.add({4, 3.5, 4.5})},
                      cells.add({3, 3, 3}));
  EXPECT_NEAR(figure.shortfall(0, 1).estimate.mean, 2 - 1, 1e-12);
  EXPECT_NEAR(figure.difference(0, 1).estimate.mean, -3, 1e-12);
}

TEST(Paired, PlacesAreThoseThatTestsLeaveOpen) {
  Cells cells;
  const Metric metric = mean_figure(Aim::lower);
  // The first two differ by -0.1, 0.1 and so on; the third is worse than both by 5, more or less.
  PairedFigure figure(metric,
                      {cells.add({1, 2, 3, 4, 5, 6}), cells.add({1.1, 1.9, 3.1, 3.9, 5.1, 5.9}),
                       cells.add({6, 7.1, 7.9, 9, 10.1, 10.9})},
                      cells.add({0, 0, 0, 0, 0, 0}));
  const std::vector<Places> places = figure.places(3);
  EXPECT_EQ(places[0].best, 1U);
  EXPECT_EQ(places[0].worst, 2U);
  EXPECT_EQ(places[1].best, 1U);
  EXPECT_EQ(places[1].worst, 2U);
  EXPECT_EQ(places[2].best, 3U);
  EXPECT_EQ(places[2].worst, 3U);
}

// Of what is no mean: the difference of calibration errors, without each window in turn.
TEST(Paired, FiguresOfAllWindowsAreComparedByTheJackknife) {
  const std::vector<Metric> metrics = metrics_of(Medium::text, {});
  const auto metric = std::ranges::find(metrics, "calibration_error", &Metric::key);
  const auto cell = [](double confidence, bool hit) {
    Cell found;
    found.forecasts = {{confidence, hit}};
    return found;
  };
  const std::array a = {cell(0.95, false), cell(0.55, true), cell(0.75, true)};
  const std::array b = {cell(0.15, false), cell(0.85, true), cell(0.25, false)};
  const CellsByWindow of_a = {&a[0], &a[1], &a[2]}, of_b = {&b[0], &b[1], &b[2]};
  PairedFigure figure(*metric, {of_a, of_b}, of_a);
  // Each forecast has a bin of its own: errors are means of 0.95, 0.45, 0.25 and 0.15, 0.15, 0.25.
  const Difference d = figure.difference(0, 1);
  EXPECT_NEAR(d.estimate.mean, (0.95 + 0.45 + 0.25 - 0.15 - 0.15 - 0.25) / 3, 1e-12);
  const double mean = (0.8 + 0.3 + 0.0) / 3;
  const double variance =
      ((0.8 - mean) * (0.8 - mean) + (0.3 - mean) * (0.3 - mean) + mean * mean) / 2;
  EXPECT_NEAR(d.estimate.standard_error, std::sqrt(variance / 3), 1e-12);
}

}  // namespace
}  // namespace kraft
