// Means that say how far they can be trusted.
//
//     const kraft::Estimate e = kraft::estimate(values);     // of independent windows
//     printf("%.2f, 95 %% confidence interval %.2f to %.2f", e.mean, e.low, e.high);
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

namespace kraft {

// The 97.5 % quantile of Student's t distribution. Throws Error for 0 degrees of freedom.
double student_t_975(std::size_t degrees_of_freedom);

struct Estimate {
  double mean = 0;
  double standard_error = 0;  // NaN of one value, or of values that are not all finite
  double low = 0, high = 0;   // 95 % confidence interval by Student's t; NaN likewise
  std::size_t count = 0;      // independent values
};

// Throws Error when there are no values.
Estimate estimate(std::span<const double> values);

// A statistic of all groups together, with the standard error of the delete-one jackknife over the
// groups (Efron and Stein, "The Jackknife Estimate of Variance", Annals of Statistics 9(3), 1981).
// `statistic` is asked for the value without group i, and with i = count for the value of all.
Estimate jackknife(std::size_t count, const std::function<double(std::size_t)>& statistic);

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
