#include "kraft/random.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <set>
#include <vector>

#include "kraft/error.h"

namespace kraft {
namespace {

TEST(Random, FirstOutputsArePinned) {
  Random zero(0, 0);
  EXPECT_EQ(zero.bits(), 8892643065069030078u);
  EXPECT_EQ(zero.bits(), 1801051935056765513u);
  Random one(1, 0);
  EXPECT_EQ(one.bits(), 8144083929183497542u);
  Random stream(1, 7);
  EXPECT_EQ(stream.bits(), 2684079182338087424u);
  EXPECT_DOUBLE_EQ(Random(1).uniform(),
                   static_cast<double>(8144083929183497542u >> 11) / 9007199254740992.0);
}

TEST(Random, StreamsAndSeedsDiffer) {
  std::set<std::uint64_t> first;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    for (std::uint64_t stream = 0; stream < 50; ++stream) first.insert(Random(seed, stream).bits());
  }
  EXPECT_EQ(first.size(), 2500u);
}

TEST(Random, UniformIsInTheHalfOpenUnitInterval) {
  Random random(3);
  double sum = 0;
  for (int i = 0; i < 100000; ++i) {
    const double u = random.uniform();
    ASSERT_GE(u, 0);
    ASSERT_LT(u, 1);
    sum += u;
  }
  EXPECT_NEAR(sum / 100000, 0.5, 0.005);
}

TEST(Random, BelowIsUnbiasedAndInRange) {
  Random random(4);
  std::array<int, 7> counts{};
  for (int i = 0; i < 70000; ++i) ++counts[random.below(7)];
  double statistic = 0;
  for (int count : counts) statistic += std::pow(count - 10000, 2) / 10000;
  EXPECT_LT(statistic, 27.9);  // chi-squared, 6 degrees of freedom, p = 1e-4

  // Without rejection half of these would be below 2^62.
  const std::uint64_t bound = std::uint64_t{3} << 62;
  int low = 0;
  for (int i = 0; i < 30000; ++i) {
    const std::uint64_t draw = random.below(bound);
    ASSERT_LT(draw, bound);
    if (draw < std::uint64_t{1} << 62) ++low;
  }
  EXPECT_NEAR(low, 10000, 400);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(random.below(1), 0u);
  EXPECT_THROW(random.below(0), Error);
}

TEST(Random, ChooseFollowsTheWeightsInIndexOrder) {
  const std::vector<double> weights = {0, 1, 0, 3, 4, 0};
  Random random(5);
  Random same(5);
  std::vector<int> counts(weights.size());
  for (int i = 0; i < 80000; ++i) {
    const std::size_t chosen = random.choose(weights);
    const double u = same.uniform() * 8;
    ASSERT_EQ(chosen, u < 1 ? 1u : u < 4 ? 3u : 4u);
    ++counts[chosen];
  }
  EXPECT_EQ(counts[0] + counts[2] + counts[5], 0);
  EXPECT_NEAR(counts[3], 30000, 600);
}

TEST(Random, ChooseNeverReturnsAWeightOfZeroHoweverSumsAreRounded) {
  Random random(6);
  for (int i = 0; i < 20000; ++i) {
    std::vector<double> weights(9);
    for (std::size_t j = 0; j < weights.size(); ++j) {
      if (random.below(3) == 0) weights[j] = std::exp2(-static_cast<double>(random.below(1080)));
    }
    weights[random.below(9)] = 5e-324;
    ASSERT_GT(weights[random.choose(weights)], 0);
  }
}

TEST(Random, ChooseRejectsWhatIsNoDistribution) {
  Random random(7);
  const double nan = std::nan("");
  const double infinite = INFINITY;
  EXPECT_THROW(random.choose(std::vector<double>{}), Error);
  EXPECT_THROW(random.choose(std::vector<double>{0, 0}), Error);
  EXPECT_THROW(random.choose(std::vector<double>{1, -1}), Error);
  EXPECT_THROW(random.choose(std::vector<double>{1, nan}), Error);
  EXPECT_THROW(random.choose(std::vector<double>{1, infinite}), Error);
}

}  // namespace
}  // namespace kraft
