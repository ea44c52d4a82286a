#include "evaluate/stratified.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "kraft/error.h"
#include "kraft/random.h"

namespace kraft {
namespace {

using Stretch = StratifiedPlaces::Stretch;

// Stretches whose sizes differ by one at most, two places in each.
std::vector<Stretch> equal_stretches(std::uint64_t total, std::uint64_t count) {
  const std::uint64_t number = std::max<std::uint64_t>(1, count / 2);
  std::vector<Stretch> stretches(number);
  for (std::uint64_t i = 0; i < number; ++i)
    stretches[i] = {.size = total / number + (i < total % number ? 1 : 0),
                    .drawn = std::min<std::uint64_t>(count, 2)};
  // The first is one of the longest, and has room for three: count < total.
  if (count > 2 && count % 2 == 1) ++stretches[0].drawn;
  return stretches;
}

}  // namespace

StratifiedPlaces stratified_places(std::uint64_t total, std::uint64_t count, std::uint64_t seed) {
  if (total == 0 || count == 0) throw Error("there are no places to draw from, or none to draw");
  StratifiedPlaces sample;
  if (count >= total) {
    sample.places.resize(total);
    std::iota(sample.places.begin(), sample.places.end(), std::uint64_t{0});
    sample.stretches = {{.size = total, .drawn = total}};
    return sample;
  }
  sample.stretches = equal_stretches(total, count);
  Random random(seed);
  std::uint64_t begin = 0;
  for (const Stretch& stretch : sample.stretches) {
    std::set<std::uint64_t> drawn;
    while (drawn.size() < stretch.drawn) drawn.insert(begin + random.below(stretch.size));
    sample.places.insert(sample.places.end(), drawn.begin(), drawn.end());
    begin += stretch.size;
  }
  return sample;
}

StratifiedMean stratified_mean(const StratifiedPlaces& sample, std::span<const double> values) {
  if (values.size() != sample.places.size()) throw Error("there is not a value for each place");
  std::uint64_t total = 0;
  for (const Stretch& stretch : sample.stretches) total += stretch.size;
  StratifiedMean result;
  double variance = 0;
  bool known = true;
  std::size_t at = 0;
  for (const Stretch& stretch : sample.stretches) {
    const auto drawn = static_cast<double>(stretch.drawn), size = static_cast<double>(stretch.size);
    const double weight = size / static_cast<double>(total);
    const auto of = values.subspan(at, stretch.drawn);
    at += stretch.drawn;
    const double mean = std::accumulate(of.begin(), of.end(), 0.0) / drawn;
    result.mean += weight * mean;
    if (stretch.drawn == stretch.size) continue;  // nothing is left to chance
    known = known && stretch.drawn > 1;
    double squares = 0;
    for (const double value : of) squares += (value - mean) * (value - mean);
    variance += weight * weight * squares / (drawn - 1) / drawn * (1 - drawn / size);
  }
  if (known && std::isfinite(result.mean)) result.standard_error = std::sqrt(variance);
  return result;
}

}  // namespace kraft
