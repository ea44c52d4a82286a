#include "evaluate/stratified.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>

#include "kraft/error.h"
#include "kraft/random.h"

namespace kraft {
namespace {

std::vector<double> at(const std::vector<double>& all, const StratifiedPlaces& sample) {
  std::vector<double> values;
  for (const std::uint64_t place : sample.places) values.push_back(all[place]);
  return values;
}

TEST(StratifiedPlaces, AreAscendingDistinctAndSoManyInEveryStretch) {
  for (const std::uint64_t total : {2U, 3U, 7U, 64U, 65U, 1000U, 4097U}) {
    for (const std::uint64_t count : {1U, 2U, 3U, 5U, 6U, 63U, 64U, 999U}) {
      const StratifiedPlaces sample = stratified_places(total, count, 1);
      ASSERT_EQ(sample.places.size(), std::min(count, total)) << total << " " << count;
      std::uint64_t begin = 0, checked = 0;
      for (const auto& stretch : sample.stretches) {
        for (std::uint64_t i = 0; i < stretch.drawn; ++i, ++checked) {
          EXPECT_GE(sample.places[checked], begin);
          EXPECT_LT(sample.places[checked], begin + stretch.size);
          if (checked > 0) {
            EXPECT_GT(sample.places[checked], sample.places[checked - 1]);
          }
        }
        begin += stretch.size;
      }
      EXPECT_EQ(begin, total);
      EXPECT_EQ(checked, sample.places.size());
      if (count > 1 && count < total) {
        for (const auto& stretch : sample.stretches)
          EXPECT_TRUE(stretch.drawn == 2 || stretch.drawn == 3);
      }
    }
  }
}

TEST(StratifiedPlaces, DependOnTheSeedAlone) {
  EXPECT_EQ(stratified_places(1000, 64, 1).places, stratified_places(1000, 64, 1).places);
  EXPECT_NE(stratified_places(1000, 64, 1).places, stratified_places(1000, 64, 2).places);
}

// Rows of 512 pixels: places at equal distances would all lie in one column.
TEST(StratifiedPlaces, DoNotBeatWithThePeriodOfWhatTheyMeasure) {
  for (const std::uint64_t count : {64U, 128U, 256U}) {
    std::set<std::uint64_t> columns;
    for (const std::uint64_t place : stratified_places(512 * 512, count, 1).places)
      columns.insert(place % 512);
    EXPECT_GT(columns.size(), count / 2);
  }
}

TEST(StratifiedMean, IsExactWhenEveryPlaceIsMeasured) {
  const std::vector<double> all = {1, 2, 4, 9};
  const StratifiedMean mean = stratified_mean(stratified_places(4, 10, 1), all);
  EXPECT_EQ(mean.mean, 4);
  EXPECT_EQ(mean.standard_error, 0);
}

TEST(StratifiedMean, HasNoErrorOfOnePlaceOrOfInfinities) {
  const StratifiedPlaces one = stratified_places(10, 1, 1);
  EXPECT_EQ(stratified_mean(one, std::vector<double>{3}).mean, 3);
  EXPECT_FALSE(stratified_mean(one, std::vector<double>{3}).standard_error);
  const StratifiedPlaces two = stratified_places(10, 2, 1);
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_FALSE(stratified_mean(two, std::vector<double>{3, infinity}).standard_error);
  EXPECT_THROW(stratified_mean(two, std::vector<double>{3}), Error);
  EXPECT_THROW(stratified_places(0, 1, 1), Error);
  EXPECT_THROW(stratified_places(1, 0, 1), Error);
}

// Over many samples: the estimate's mean is the truth, and its spread is what it says.
TEST(StratifiedMean, IsUnbiasedWithTheSpreadThatItSays) {
  constexpr int kSamples = 4000;
  for (const std::uint64_t count : {3U, 8U, 21U}) {
    std::vector<double> all(101);
    Random random(7);
    double truth = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
      all[i] = static_cast<double>(i) / 20 + random.uniform();
      truth += all[i] / static_cast<double>(all.size());
    }
    double sum = 0, squares = 0, variances = 0;
    for (int seed = 0; seed < kSamples; ++seed) {
      const auto sample = stratified_places(all.size(), count, static_cast<std::uint64_t>(seed));
      const StratifiedMean mean = stratified_mean(sample, at(all, sample));
      sum += mean.mean;
      squares += (mean.mean - truth) * (mean.mean - truth);
      variances += *mean.standard_error * *mean.standard_error;
    }
    const double spread = std::sqrt(squares / kSamples);
    EXPECT_NEAR(sum / kSamples, truth, 4 * spread / std::sqrt(kSamples)) << count;
    EXPECT_NEAR(std::sqrt(variances / kSamples) / spread, 1, 0.06) << count;
  }
}

}  // namespace
}  // namespace kraft
