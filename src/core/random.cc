#include "kraft/random.h"

#include <cmath>

#include "kraft/error.h"

namespace kraft {
namespace {

// splitmix64: one step of the counter, then the output function.
std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

}  // namespace

Random::Random(std::uint64_t seed, std::uint64_t stream)
    : generator_(mix(mix(seed) + 0x9e3779b97f4a7c15u * stream)) {}

std::uint64_t Random::below(std::uint64_t bound) {
  if (bound == 0) throw Error("no random integer is below 0");
  const std::uint64_t incomplete = (0 - bound) % bound;  // 2^64 mod bound
  const std::uint64_t last = UINT64_MAX - incomplete;
  std::uint64_t draw = bits();
  while (draw > last) draw = bits();
  return draw % bound;
}

std::size_t Random::choose(std::span<const double> weights) {
  double sum = 0;
  std::size_t last_possible = weights.size();
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (!(weights[i] >= 0)) throw Error("a weight is negative or not a number");
    if (weights[i] > 0) last_possible = i;
    sum += weights[i];
  }
  if (last_possible == weights.size() || !std::isfinite(sum))
    throw Error("the sum of the weights is zero or infinite");

  const double target = uniform() * sum;
  double cumulative = 0;
  for (std::size_t i = 0; i < last_possible; ++i) {
    cumulative += weights[i];
    if (cumulative > target) return i;
  }
  return last_possible;  // also when rounding leaves the target at the sum itself
}

}  // namespace kraft
