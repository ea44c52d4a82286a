// The mean over all places of something, from a few of them: a random sample of two places in each
// of equal stretches (Cochran, "Sampling Techniques", 3rd edition, 1977, chapter 5). Places at
// equal distances would do as well until what they measure repeats at that distance, as the columns
// of a picture do; stretches keep a random sample from bunching.
//
//     const StratifiedPlaces sample = stratified_places(text.size(), 64, /*seed=*/1);
//     std::vector<double> costs;
//     for (std::uint64_t place : sample.places) costs.push_back(cost_at(place));
//     const StratifiedMean mean = stratified_mean(sample, costs);
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace kraft {

struct StratifiedPlaces {
  struct Stretch {
    std::uint64_t size = 0;   // places in it
    std::uint64_t drawn = 0;  // of these
  };

  std::vector<std::uint64_t> places;  // ascending and different from each other
  std::vector<Stretch> stretches;     // from which they were drawn, in this order
};

// So many of the places in [0, total), or all when that is not more. An odd number puts three in
// one stretch; one place has the whole for its stretch. The same arguments give the same places.
// Throws Error when either number is 0.
StratifiedPlaces stratified_places(std::uint64_t total, std::uint64_t count, std::uint64_t seed);

struct StratifiedMean {
  double mean = 0;
  // Of the mean, over all samples that could have been drawn: 0 when all places were. Nothing when
  // there is but one of several, or the mean is not finite.
  std::optional<double> standard_error;
};

// Both estimates are unbiased (the second one before its square root is taken). Throws Error unless
// there is a value for each place.
StratifiedMean stratified_mean(const StratifiedPlaces& sample, std::span<const double> values);

}  // namespace kraft
