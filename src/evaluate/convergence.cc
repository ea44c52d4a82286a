#include "evaluate/convergence.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "kraft/error.h"

namespace kraft {
namespace {

using Chains = std::vector<std::vector<double>>;

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// Every chain in two halves; of an odd number of values the middle one is left out.
Chains split(std::span<const std::vector<double>> chains) {
  Chains halves;
  for (const std::vector<double>& chain : chains) {
    const auto half = static_cast<std::ptrdiff_t>(chain.size() / 2);
    halves.emplace_back(chain.begin(), chain.begin() + half);
    halves.emplace_back(chain.end() - half, chain.end());
  }
  return halves;
}

std::vector<double> joined(const Chains& chains) {
  std::vector<double> all;
  for (const std::vector<double>& chain : chains) all.insert(all.end(), chain.begin(), chain.end());
  return all;
}

// The inverse of the standard normal distribution function: bisection on erfc, for the few thousand
// distinct ranks that there are.
double normal_quantile(double p) {
  double low = -40, high = 40;
  while (high - low > 1e-12 * std::max(1.0, std::abs(low))) {
    const double middle = (low + high) / 2;
    if (middle == low || middle == high) break;
    (0.5 * std::erfc(-middle / std::sqrt(2.0)) < p ? low : high) = middle;
  }
  return (low + high) / 2;
}

// Replaces values by the normal quantiles of their ranks, ties by their mean rank.
Chains rank_normalised(const Chains& chains) {
  std::vector<double> sorted = joined(chains);
  std::ranges::sort(sorted);
  const auto count = static_cast<double>(sorted.size());
  std::vector<double> values, quantiles;
  for (auto begin = sorted.begin(); begin != sorted.end();) {
    const auto end = std::upper_bound(begin, sorted.end(), *begin);
    const auto first = static_cast<double>(begin - sorted.begin()) + 1;
    const auto last = static_cast<double>(end - sorted.begin());
    values.push_back(*begin);
    quantiles.push_back(normal_quantile(((first + last) / 2 - 0.375) / (count + 0.25)));
    begin = end;
  }
  Chains normal = chains;
  for (std::vector<double>& chain : normal) {
    for (double& value : chain) {
      const auto place = std::ranges::lower_bound(values, value) - values.begin();
      value = quantiles[static_cast<std::size_t>(place)];
    }
  }
  return normal;
}

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double variance_of(const std::vector<double>& values) {
  const double mean = mean_of(values);
  double sum = 0;
  for (double value : values) sum += (value - mean) * (value - mean);
  return sum / static_cast<double>(values.size() - 1);
}

// What R-hat and the effective sample size are made of.
struct Variances {
  double within = 0;
  double pooled = 0;  // of the distribution, as far as the chains have seen it
};

Variances variances_of(const Chains& chains) {
  const auto length = static_cast<double>(chains[0].size());
  std::vector<double> means;
  Variances variances;
  for (const std::vector<double>& chain : chains) {
    means.push_back(mean_of(chain));
    variances.within += variance_of(chain) / static_cast<double>(chains.size());
  }
  variances.pooled = variances.within * (length - 1) / length;
  if (chains.size() > 1) variances.pooled += variance_of(means);
  return variances;
}

double r_hat(const Chains& chains) {
  const Variances variances = variances_of(chains);
  return std::sqrt(variances.pooled / variances.within);
}

// The mean over the chains of their autocovariances at a lag.
double autocovariance(const Chains& chains, const std::vector<double>& means, std::size_t lag) {
  double total = 0;
  for (std::size_t m = 0; m < chains.size(); ++m) {
    const std::vector<double>& chain = chains[m];
    double sum = 0;
    for (std::size_t i = 0; i + lag < chain.size(); ++i)
      sum += (chain[i] - means[m]) * (chain[i + lag] - means[m]);
    total += sum / static_cast<double>(chain.size());
  }
  return total / static_cast<double>(chains.size());
}

// Sums autocorrelations in pairs as long as these are positive, and lets none be larger than the
// one before (Geyer, "Practical Markov Chain Monte Carlo", Statistical Science 7(4), 1992).
double effective_size(const Chains& chains) {
  const std::size_t length = chains[0].size();
  const auto count = static_cast<double>(length * chains.size());
  const Variances variances = variances_of(chains);
  std::vector<double> means;
  for (const std::vector<double>& chain : chains) means.push_back(mean_of(chain));
  const auto correlation = [&](std::size_t lag) {
    return 1 - (variances.within - autocovariance(chains, means, lag)) / variances.pooled;
  };
  double pair = 1 + correlation(1), least = pair, sum = 0;
  for (std::size_t lag = 2; pair > 0; lag += 2) {
    least = std::min(least, pair);
    sum += least;
    if (lag + 2 >= length) break;
    pair = correlation(lag) + correlation(lag + 1);
  }
  const double time = std::max(2 * sum - 1, 1 / std::log10(count));
  return count / time;
}

// Whether each value is at most as large as the quantile of all.
Chains below_quantile(const Chains& chains, double share) {
  std::vector<double> sorted = joined(chains);
  std::ranges::sort(sorted);
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto low = static_cast<std::size_t>(place);
  const std::size_t high = std::min(low + 1, sorted.size() - 1);
  const double limit = sorted[low] + (place - std::floor(place)) * (sorted[high] - sorted[low]);
  Chains indicators = chains;
  for (std::vector<double>& chain : indicators) {
    for (double& value : chain) value = value <= limit;
  }
  return indicators;
}

bool constant(const Chains& chains) {
  for (const std::vector<double>& chain : chains) {
    for (double value : chain) {
      if (value != chains[0][0]) return false;
    }
  }
  return true;
}

// Of an indicator that never changes there is nothing to learn, as in the reference
// implementation.
double tail_size(const Chains& chains) {
  double least = std::numeric_limits<double>::infinity();
  for (double share : {0.05, 0.95}) {
    const Chains indicators = below_quantile(chains, share);
    if (!constant(indicators)) least = std::min(least, effective_size(indicators));
  }
  return std::isfinite(least) ? least : kNone;
}

Chains folded(const Chains& chains) {
  std::vector<double> all = joined(chains);
  std::ranges::sort(all);
  const std::size_t n = all.size();
  const double median = (all[(n - 1) / 2] + all[n / 2]) / 2;
  Chains distances = chains;
  for (std::vector<double>& chain : distances) {
    for (double& value : chain) value = std::abs(value - median);
  }
  return distances;
}

}  // namespace

Convergence convergence(std::span<const std::vector<double>> chains) {
  if (chains.empty()) throw UsageError("there are no chains");
  for (const std::vector<double>& chain : chains) {
    if (chain.size() != chains[0].size() || chain.empty())
      throw UsageError("chains must be of equal length, and not empty");
  }
  Convergence result{kNone, kNone, kNone, 0, kNone};
  const Chains whole(chains.begin(), chains.end());
  const std::vector<double> all = joined(whole);
  result.mean = mean_of(all);
  if (chains[0].size() < 4 || constant(whole)) return result;

  const Chains halves = split(chains);
  const Chains bulk = rank_normalised(halves);
  result.r_hat = std::max(r_hat(bulk), r_hat(rank_normalised(folded(halves))));
  result.bulk_effective = effective_size(bulk);
  result.tail_effective = tail_size(halves);
  result.mean_error = std::sqrt(variance_of(all) / effective_size(halves));
  return result;
}

}  // namespace kraft
