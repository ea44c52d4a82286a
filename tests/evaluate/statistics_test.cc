#include "evaluate/statistics.h"

#include <gtest/gtest.h>

#include <cmath>

#include "kraft/error.h"

namespace kraft {
namespace {

TEST(Statistics, QuantilesOfStudentsTAreThoseOfTheTables) {
  EXPECT_NEAR(student_t_975(1), 12.7062, 1e-4);
  EXPECT_NEAR(student_t_975(2), 4.30265, 1e-5);
  EXPECT_NEAR(student_t_975(3), 3.18245, 1e-5);
  EXPECT_NEAR(student_t_975(7), 2.36462, 1e-5);
  EXPECT_NEAR(student_t_975(30), 2.04227, 1e-5);
  EXPECT_NEAR(student_t_975(1000), 1.96234, 1e-5);
  EXPECT_NEAR(student_t_975(1001), 1.96234, 1e-5);
  EXPECT_THROW(student_t_975(0), Error);
}

TEST(Statistics, AMeanHasItsErrorAndInterval) {
  const double values[] = {1, 2, 3, 6};  // variance 14 / 3
  const Estimate e = estimate(values);
  EXPECT_DOUBLE_EQ(e.mean, 3);
  EXPECT_NEAR(e.standard_error, std::sqrt(14.0 / 3 / 4), 1e-12);
  EXPECT_NEAR(e.high - e.mean, 3.182446 * std::sqrt(14.0 / 12), 1e-5);
  EXPECT_NEAR(e.mean - e.low, e.high - e.mean, 1e-12);
  EXPECT_EQ(e.count, 4U);
}

TEST(Statistics, OneValueHasAMeanButNoError) {
  const double values[] = {5};
  EXPECT_DOUBLE_EQ(estimate(values).mean, 5);
  EXPECT_TRUE(std::isnan(estimate(values).standard_error));
  EXPECT_TRUE(std::isnan(estimate(values).high));
  EXPECT_THROW(estimate({}), Error);
}

TEST(Statistics, TheIntervalOfAShareStaysBetweenZeroAndOne) {
  // Of values that are 0 or 1 the trials are n - 1: Wilson's interval with t instead of z.
  const double values[] = {1, 1, 1, 0};
  const Estimate plain = estimate(values), share = share_estimate(plain);
  EXPECT_GT(plain.high, 1);
  const double t = student_t_975(3), n = 3, p = 0.75;
  const double middle = (p + t * t / 2 / n) / (1 + t * t / n);
  const double half = t / (1 + t * t / n) * std::sqrt(p * (1 - p) / n + t * t / 4 / n / n);
  EXPECT_NEAR(share.low, middle - half, 1e-12);
  EXPECT_NEAR(share.high, middle + half, 1e-12);
  EXPECT_DOUBLE_EQ(share.mean, p);
  EXPECT_DOUBLE_EQ(share.standard_error, plain.standard_error);
}

TEST(Statistics, SharesOfNoneAndOfAllAreNotCertain) {
  const double none[] = {0, 0, 0, 0, 0}, all[] = {1, 1, 1, 1, 1},
               same[] = {0.25, 0.25, 0.25, 0.25, 0.25};
  const double t = student_t_975(4);
  EXPECT_DOUBLE_EQ(share_estimate(estimate(none)).low, 0);
  EXPECT_NEAR(share_estimate(estimate(none)).high, t * t / 5 / (1 + t * t / 5), 1e-12);
  EXPECT_NEAR(share_estimate(estimate(all)).low, 1 / (1 + t * t / 5), 1e-12);
  EXPECT_DOUBLE_EQ(share_estimate(estimate(all)).high, 1);
  const double square = t * t / 5;  // five trials, of which a quarter succeeded
  const double middle = (0.25 + square / 2) / (1 + square);
  const double half = std::sqrt(square * (0.25 * 0.75 + square / 4)) / (1 + square);
  EXPECT_NEAR(share_estimate(estimate(same)).low, middle - half, 1e-12);
  EXPECT_NEAR(share_estimate(estimate(same)).high, middle + half, 1e-12);
  const double one[] = {0.5};
  EXPECT_TRUE(std::isnan(share_estimate(estimate(one)).high));
}

TEST(Statistics, TheErrorWithinGroupsIsOfTheirSpreadAlone) {
  using Groups = std::vector<std::vector<double>>;
  // Variances 2 and 8 within, 5 on average; of two groups of two values sqrt(5 / 4).
  EXPECT_NEAR(error_within(Groups{{1, 3}, {5, 9}}), 1.118033988749895, 1e-15);
  EXPECT_NEAR(error_within(Groups{{101, 103}, {5, 9}}), 1.118033988749895, 1e-12);
  // A single value varies as the others do: sqrt(2 (1/2 + 1)) / 2.
  EXPECT_NEAR(error_within(Groups{{1, 3}, {4}}), 0.8660254037844386, 1e-15);
  EXPECT_EQ(error_within(Groups{{2, 2}, {7, 7}}), 0);
  EXPECT_TRUE(std::isnan(error_within(Groups{{1}, {2}})));
  EXPECT_TRUE(std::isnan(error_within(Groups{})));
  EXPECT_TRUE(std::isnan(error_within(Groups{{1, INFINITY}, {2, 3}})));
}

TEST(Statistics, TheJackknifeOfAMeanIsItsStandardError) {
  const std::vector<double> values = {1, 2, 3, 6};
  const Estimate e = jackknife(values.size(), [&](std::size_t without) {
    double sum = 0, n = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (i == without) continue;
      sum += values[i];
      n += 1;
    }
    return sum / n;
  });
  EXPECT_DOUBLE_EQ(e.mean, 3);
  EXPECT_NEAR(e.standard_error, estimate(values).standard_error, 1e-12);
}

TEST(Statistics, ProbabilitiesOfStudentsTAreThoseOfTheTables) {
  EXPECT_NEAR(student_t_p(12.7062, 1), 0.05, 1e-6);
  EXPECT_NEAR(student_t_p(-4.30265, 2), 0.05, 1e-6);
  EXPECT_NEAR(student_t_p(3.18245, 3), 0.05, 1e-6);
  EXPECT_NEAR(student_t_p(5.84091, 3), 0.01, 1e-6);
  EXPECT_NEAR(student_t_p(2.04227, 30), 0.05, 1e-6);
  EXPECT_NEAR(student_t_p(1.96234, 1000), 0.05, 1e-6);
  EXPECT_DOUBLE_EQ(student_t_p(0, 5), 1);
  EXPECT_NEAR(student_t_p(1e9, 5), 0, 1e-12);
  EXPECT_TRUE(std::isnan(student_t_p(std::nan(""), 5)));
  EXPECT_THROW(student_t_p(1, 0), Error);
}

TEST(Statistics, HolmsCorrectionGoesDownStepByStep) {
  // In their order 0.005 * 4, 0.01 * 3, 0.03 * 2, and 0.04 * 1, which is raised to the one before.
  const double p[] = {0.01, 0.04, 0.03, 0.005};
  const std::vector<double> adjusted = holm_adjusted(p);
  const double expected[] = {0.03, 0.06, 0.06, 0.02};
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(adjusted[i], expected[i], 1e-15) << i;
  // Nothing is above 1, and what is unknown counts among those that are corrected for.
  const double others[] = {0.9, std::nan(""), 0.02, 0.8};
  const std::vector<double> corrected = holm_adjusted(others);
  EXPECT_DOUBLE_EQ(corrected[0], 1);
  EXPECT_TRUE(std::isnan(corrected[1]));
  EXPECT_NEAR(corrected[2], 0.08, 1e-15);
  EXPECT_DOUBLE_EQ(corrected[3], 1);
  EXPECT_TRUE(holm_adjusted({}).empty());
}

TEST(Statistics, DifferencesThatAreAllTheSameAreNoMoreThanTheirSigns) {
  const double without[] = {2, 2, 2, 2, 2};
  EXPECT_DOUBLE_EQ(paired_difference(2, without).p, 1.0 / 16);
  const double none[] = {0, 0, 0, 0, 0};
  EXPECT_DOUBLE_EQ(paired_difference(0, none).p, 1);
  const double one[] = {std::nan("")};
  EXPECT_TRUE(std::isnan(paired_difference(3, one).p));
  EXPECT_DOUBLE_EQ(paired_difference(3, one).estimate.mean, 3);
}

TEST(Statistics, PlacesFollowFromThePairsThatAreToldApart) {
  // 0 is better than 1 and 2, which are not told apart; 3 is compared with nothing that is known.
  const double p[4][4] = {{0, 0.001, 0.002, 1}, {0, 0, 0.5, 1}, {0, 0, 0, 1}, {0, 0, 0, 0}};
  const auto places = places_of(4, [&p](std::size_t a, std::size_t b) {
    Difference difference;
    difference.estimate.mean = a == 0 ? -1 : 1;
    difference.p = b == 3 ? std::nan("") : p[a][b];
    return difference;
  });
  const std::size_t expected[4][2] = {{1, 2}, {2, 4}, {2, 4}, {1, 4}};
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(places[i].best, expected[i][0]) << i;
    EXPECT_EQ(places[i].worst, expected[i][1]) << i;
  }
}

TEST(Statistics, CalibrationErrorWeighsBinsByTheirForecasts) {
  // Bin 9: confidence 0.9 twice, one hit: |0.5 - 0.9| * 2/4. Bin 2: 0.25 twice, no hit: 0.25 * 2/4.
  const Forecast forecasts[] = {{0.9, true}, {0.9, false}, {0.25, false}, {0.25, false}};
  EXPECT_NEAR(expected_calibration_error(forecasts), 0.5 * 0.4 + 0.5 * 0.25, 1e-12);
  const Forecast certain[] = {{1, true}, {1, true}};
  EXPECT_DOUBLE_EQ(expected_calibration_error(certain), 0);
  const Forecast wrong[] = {{1, false}};
  EXPECT_DOUBLE_EQ(expected_calibration_error(wrong), 1);
  // Errors of one bin cancel: seven of ten at 0.7.
  std::vector<Forecast> fair(10, {0.7, true});
  for (std::size_t i = 0; i < 3; ++i) fair[i].hit = false;
  EXPECT_NEAR(expected_calibration_error(fair), 0, 1e-12);
  EXPECT_THROW(expected_calibration_error({}), Error);
}

}  // namespace
}  // namespace kraft
