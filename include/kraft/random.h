// Random numbers that are the same everywhere.
//
//     kraft::Random random(/*seed=*/1, /*stream=*/0);
//     double u = random.uniform();                       // in [0, 1)
//     std::size_t i = random.choose(weights);            // i with probability weights[i] / sum
//
// The generator is std::mt19937_64, whose output the C++ standard fixes; the distributions of the
// standard library differ between implementations, so the two that are needed are specified here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <span>

namespace kraft {

// Belongs to one thread at a time.
class Random {
 public:
  // Streams of one seed are independent for every practical purpose: sample k of a run uses stream
  // k. The generator is seeded with mix(mix(seed) + 0x9e3779b97f4a7c15 * stream), where mix is the
  // output function of splitmix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number
  // Generators", OOPSLA 2014).
  explicit Random(std::uint64_t seed, std::uint64_t stream = 0);

  std::uint64_t bits() { return generator_(); }

  // The upper 53 bits of one draw, times 2^-53.
  double uniform() { return static_cast<double>(bits() >> 11) * 0x1p-53; }

  // An integer in [0, bound), without bias: draws in the last, incomplete range of `bound` values
  // are rejected. Throws Error when the bound is 0.
  std::uint64_t below(std::uint64_t bound);

  // Inverse of the cumulative distribution in index order, from one uniform draw. Never an index of
  // weight 0, however the sums are rounded. Throws Error unless all weights are finite and not
  // negative and their sum is positive. O(n).
  std::size_t choose(std::span<const double> weights);

 private:
  std::mt19937_64 generator_;
};

}  // namespace kraft
