// Means that say how far they can be trusted.
//
//     const kraft::Estimate e = kraft::estimate(values);     // of independent windows
//     printf("%.2f, 95 %% confidence interval %.2f to %.2f", e.mean, e.low, e.high);
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "kraft/figures.h"

namespace kraft {

// The 97.5 % quantile of Student's t distribution. Throws Error for 0 degrees of freedom.
double student_t_975(std::size_t degrees_of_freedom);

// P(|T| >= |t|) of Student's t distribution. Throws Error for 0 degrees of freedom.
double student_t_p(double t, std::size_t degrees_of_freedom);

// The interval is Student's t. Throws Error when there are no values.
Estimate estimate(std::span<const double> values);

// The same mean with an interval that stays in [0, 1], for shares and means of them: Wilson's score
// interval ("Probable Inference, the Law of Succession, and Statistical Inference", Journal of the
// American Statistical Association 22(158), 1927) with Student's t, and with as many trials as have
// the standard error that was found (Dean and Pagano, "Evaluating Confidence Interval Methods for
// Binomial Proportions in Clustered Surveys", Journal of Survey Statistics and Methodology 3(4),
// 2015). Where all values are the same, their spread says nothing: each is one trial.
Estimate share_estimate(const Estimate& mean);

// How much of the standard error of a mean over groups comes from within them: a group is a mean of
// values that are independent of each other, and values vary as much in each (the variance is of
// all groups that have two values or more). Of n groups of K values sqrt(variance / (K n)). NaN
// where no group has two values, or not all are finite. Every group has one at least.
double error_within(std::span<const std::vector<double>> groups);

// A statistic of all groups together, with the standard error of the delete-one jackknife over the
// groups (Efron and Stein, "The Jackknife Estimate of Variance", Annals of Statistics 9(3), 1981).
// `statistic` is asked for the value without group i, and with i = count for the value of all.
Estimate jackknife(std::size_t count, const std::function<double(std::size_t)>& statistic);

// A difference of two statistics of the same groups: `without[i]` is its value without group i,
// `all` that of all of them. For a difference of means it is the paired t-test. Where it is the
// same whichever group is missing, the groups' spread says nothing: p is then the sign test's,
// 2^(1 - count), and 1 for no difference. p_holm is p.
Difference paired_difference(double all, std::span<const double> without);

// p-values corrected for being so many, by Holm's step-down procedure ("A Simple Sequentially
// Rejective Multiple Test Procedure", Scandinavian Journal of Statistics 6(2), 1979): the
// probability of one false rejection or more stays below the level. NaN stays NaN and counts.
std::vector<double> holm_adjusted(std::span<const double> p);

// The places of `count` things, of which some pairs are told apart: one place for each that is
// better, and as many from the end as are worse. `shortfall(a, b)`, asked for a < b, is by how much
// a falls short of b; two are told apart where Holm's procedure over all pairs rejects that there
// is no difference, at the level 0.05.
std::vector<Places> places_of(std::size_t count,
                              const std::function<Difference(std::size_t, std::size_t)>& shortfall);

// What was forecast, and whether it happened.
struct Forecast {
  double confidence = 0;  // probability that was given to it
  bool hit = false;
};

// Expected calibration error: the mean over forecasts of |share of hits - mean confidence| of their
// bin, with ten bins of equal width (Guo et al., "On Calibration of Modern Neural Networks", ICML
// 2017). Too large by chance where forecasts are few. Throws Error when there are none.
double expected_calibration_error(std::span<const Forecast> forecasts);

}  // namespace kraft
