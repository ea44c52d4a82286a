#include "evaluate/convergence.h"

#include <gtest/gtest.h>

#include <cmath>

#include "kraft/error.h"
#include "kraft/random.h"

namespace kraft {
namespace {

using Chains = std::vector<std::vector<double>>;

// Standard normal numbers by Box and Muller's method.
double normal(Random& random) {
  return std::sqrt(-2 * std::log(1 - random.uniform())) *
         std::cos(2 * 3.14159265358979 * random.uniform());
}

// Autoregressive chains: x <- rho x + noise, of unit variance.
Chains autoregressive(double rho, std::size_t chains, std::size_t length, std::uint64_t seed = 1) {
  Chains all(chains);
  for (std::size_t m = 0; m < chains; ++m) {
    Random random(seed, m);
    double x = normal(random);
    for (std::size_t i = 0; i < length; ++i) {
      all[m].push_back(x);
      x = rho * x + std::sqrt(1 - rho * rho) * normal(random);
    }
  }
  return all;
}

TEST(Convergence, IndependentValuesAreWorthThemselves) {
  const Convergence c = convergence(autoregressive(0, 4, 2000));
  EXPECT_NEAR(c.r_hat, 1, 0.005);
  EXPECT_NEAR(c.bulk_effective, 8000, 1200);
  EXPECT_NEAR(c.tail_effective, 8000, 1500);
  EXPECT_NEAR(c.mean_error, 1 / std::sqrt(8000.0), 0.002);
}

// Theory: n (1 - rho) / (1 + rho).
TEST(Convergence, CorrelatedValuesAreWorthLess) {
  for (double rho : {0.5, 0.9, -0.4}) {
    const Convergence c = convergence(autoregressive(rho, 4, 5000));
    const double theory = 20000 * (1 - rho) / (1 + rho);
    EXPECT_NEAR(c.bulk_effective / theory, 1, 0.2) << rho;
    EXPECT_NEAR(c.r_hat, 1, 0.01);
  }
}

TEST(Convergence, SeesChainsThatAreElsewhere) {
  Chains chains = autoregressive(0, 4, 1000);
  for (double& value : chains[2]) value += 2;
  const Convergence c = convergence(chains);
  EXPECT_GT(c.r_hat, 1.2);
  EXPECT_LT(c.bulk_effective, 40);
}

TEST(Convergence, SeesChainsThatAreWider) {  // only the folded values show it
  Chains chains = autoregressive(0, 4, 1000);
  for (double& value : chains[1]) value *= 4;
  EXPECT_GT(convergence(chains).r_hat, 1.05);
}

TEST(Convergence, SeesASingleChainThatDrifts) {  // only its halves show it
  Chains chains = autoregressive(0, 1, 1000);
  for (std::size_t i = 0; i < chains[0].size(); ++i) chains[0][i] += 0.004 * static_cast<double>(i);
  EXPECT_GT(convergence(chains).r_hat, 1.2);
}

// Ranks are all that matters: no transformation that keeps the order changes it.
TEST(Convergence, DoesNotMindHeavyTails) {
  Chains chains = autoregressive(0.3, 2, 1000);
  const Convergence before = convergence(chains);
  for (auto& chain : chains) {
    for (double& value : chain) value = std::exp(5 * value);
  }
  EXPECT_NEAR(convergence(chains).bulk_effective, before.bulk_effective, 1e-6);
}

// Four values in each half: small enough to compute by hand. Halves {1,2},{3,4} and {2,1},{4,3}
// have the means 1.5, 3.5, 1.5, 3.5 and the variance 1/2 each, before ranks are normalised; ranks
// are symmetric, so that normal scores are -b, -a, a, b.
TEST(Convergence, IsRightWhereItCanBeComputedByHand) {
  const Chains chains = {{1, 2, 3, 4}, {2, 1, 4, 3}};
  const auto quantile = [](double p) {  // by bisection
    double low = -5, high = 5;
    for (int i = 0; i < 200; ++i) {
      const double middle = (low + high) / 2;
      (0.5 * std::erfc(-middle / std::sqrt(2.0)) < p ? low : high) = middle;
    }
    return low;
  };
  // Every value occurs twice: mean ranks 1.5, 3.5, 5.5, 7.5 of 8.
  const double b = quantile((7.5 - 0.375) / 8.25), a = quantile((5.5 - 0.375) / 8.25);
  const double within = (b - a) * (b - a) / 2;
  const double between = 4 * (a + b) * (a + b) / 4 / 3;  // variance of the four means
  EXPECT_NEAR(convergence(chains).r_hat, std::sqrt((within / 2 + between) / within), 1e-9);
}

TEST(Convergence, OfNothingThatVariesIsNone) {
  const Convergence c = convergence(Chains{{1, 1, 1, 1, 1}, {1, 1, 1, 1, 1}});
  EXPECT_TRUE(std::isnan(c.r_hat));
  EXPECT_EQ(c.mean, 1);
  EXPECT_TRUE(std::isnan(convergence(Chains{{1, 2, 3}}).r_hat));
  EXPECT_THROW(convergence(Chains{}), UsageError);
  EXPECT_THROW(convergence(Chains{{1, 2, 3, 4}, {1}}), UsageError);
}

}  // namespace
}  // namespace kraft
