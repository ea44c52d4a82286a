// Has a Markov chain converged, and how much are its values worth? After Vehtari, Gelman, Simpson,
// Carpenter and Buerkner, "Rank-Normalization, Folding, and Localization: An Improved R-hat for
// Assessing Convergence of MCMC", Bayesian Analysis 16(2), 2021.
//
//     const kraft::Convergence c = kraft::convergence(chains);    // of equal length, 4 at least
//     converged = c.r_hat < 1.01 && c.bulk_effective > 100 * chains.size();
#pragma once

#include <span>
#include <vector>

namespace kraft {

struct Convergence {
  double r_hat = 0;           // rank-normalised split R-hat, of the bulk or folded: the larger
  double bulk_effective = 0;  // effective sample size, rank-normalised
  double tail_effective = 0;  // the smaller one of the 5 % and the 95 % quantile
  double mean = 0;
  double mean_error = 0;  // Monte Carlo standard error of the mean
};

// All NaN but the mean when a chain has fewer than 4 values or all values are equal. O(n log n + n
// k) for n values whose autocorrelations vanish after k.
Convergence convergence(std::span<const std::vector<double>> chains);

}  // namespace kraft
