#include "models/flac/expectation.h"

#include <algorithm>
#include <cstdlib>

#include "models/lz/low_bytes.h"
#include "models/lz/powers.h"

namespace kraft::flac {
namespace {

constexpr std::int64_t kMostZeros = 64;
constexpr double kGoesOn = 1 - 1 / kFrame;
constexpr double kLeastWeight = 0x1p-40;  // below which a parameter is passed over

double two_to_minus(std::int64_t bits) { return lz::power_of_two(-bits); }

void normalise(std::span<double> weights) {
  double sum = 0;
  for (const double weight : weights) sum += weight;
  for (double& weight : weights) weight /= sum;
}

// The Rice code that spends as much on residuals of so many bits each.
int rice_parameter(const Subframe::Partition& partition) {
  const auto parameter = static_cast<int>(partition.parameter);
  return partition.is_rice ? parameter : std::max(0, parameter - 1);
}

}  // namespace

// ---- What is frozen --------------------------------------------------------------------------

Channel::Channel(const Subframe& subframe, std::size_t frame_samples, int depth_bits)
    : subframe_(subframe), depth_bits_(depth_bits) {
  if (subframe_.kind != Subframe::Kind::predicted) return;
  const std::vector<Subframe::Partition>& all = subframe_.partitions;
  partition_samples_ = std::min(kLongestPartition, frame_samples / all.size());
  steps_.resize(2 * static_cast<std::size_t>(depth_bits) + 1);
  for (int d = -depth_bits; d <= depth_bits; ++d)
    steps_[static_cast<std::size_t>(d + depth_bits)] = two_to_minus(std::abs(d));
  for (std::size_t p = 1; p < all.size(); ++p) {
    const int d =
        std::clamp(rice_parameter(all[p]) - rice_parameter(all[p - 1]), -depth_bits, depth_bits);
    ++steps_[static_cast<std::size_t>(d + depth_bits)];
  }
  normalise(steps_);
}

Weights Channel::first() const {
  if (subframe_.kind != Subframe::Kind::predicted) return {};
  Weights last(static_cast<std::size_t>(depth_bits_) + 1);
  last[static_cast<std::size_t>(
      std::min(depth_bits_, rice_parameter(subframe_.partitions.back())))] = 1;
  return after(last);
}

Weights Channel::after(const Weights& weights) const {
  Weights next(weights.size());
  for (std::size_t j = 0; j < weights.size(); ++j) {
    if (weights[j] == 0) continue;
    for (std::size_t k = 0; k < next.size(); ++k)
      next[k] += weights[j] * steps_[k + static_cast<std::size_t>(depth_bits_) - j];
  }
  normalise(next);
  return next;
}

// ---- What is expected ------------------------------------------------------------------------

Expectation::Expectation(const Channel& channel, int depth_bits, std::int32_t lowest,
                         std::span<const std::int32_t> past)
    : kind_(channel.subframe().kind),
      wasted_bits_(static_cast<int>(channel.subframe().wasted_bits)),
      depth_bits_(depth_bits),
      lowest_(lowest),
      highest_(lowest + (std::int64_t{1} << depth_bits) - 1) {
  const auto before = [&](std::size_t j) {
    return j < past.size() ? std::int64_t{past[past.size() - 1 - j]} >> wasted_bits_ : 0;
  };
  if (kind_ == Subframe::Kind::constant) expected_ = before(0);
  const std::vector<std::int32_t>& coefficients = channel.subframe().coefficients;
  for (std::size_t j = 0; j < coefficients.size(); ++j) expected_ += coefficients[j] * before(j);
  expected_ >>= channel.subframe().shift;
}

bool Expectation::is_possible(std::int32_t value) const {
  return (value & ((1 << wasted_bits_) - 1)) == 0;
}

double Expectation::word_share(std::int32_t value, int parameter) const {
  const std::int64_t e = (value >> wasted_bits_) - expected_;
  const std::int64_t folded = e >= 0 ? 2 * e : -2 * e - 1;
  const std::int64_t zeros = folded >> parameter;
  return zeros < kMostZeros ? two_to_minus(zeros + 1 + parameter) : 0;
}

double Expectation::word_share(std::int32_t value, const Weights& weights) const {
  if (kind_ == Subframe::Kind::verbatim) return two_to_minus(depth_bits_);
  if (!is_possible(value)) return 0;
  if (kind_ == Subframe::Kind::constant) return value >> wasted_bits_ == expected_ ? 1 : 0;
  double sum = 0;
  for (std::size_t k = 0; k < weights.size(); ++k) {
    if (weights[k] >= kLeastWeight) sum += weights[k] * word_share(value, static_cast<int>(k));
  }
  return sum;
}

double Expectation::share(std::int32_t value, const Weights& weights) const {
  return kGoesOn * word_share(value, weights) + two_to_minus(depth_bits_) / kFrame;
}

void Expectation::learn(std::int32_t value, Weights& weights) const {
  const bool possible = is_possible(value);
  for (std::size_t k = 0; k < weights.size(); ++k) {
    const double word = possible ? word_share(value, static_cast<int>(k)) : 0;
    weights[k] *= kGoesOn * word + two_to_minus(depth_bits_) / kFrame;
  }
  normalise(weights);
}

void Expectation::low_byte_shares(const Weights& weights, std::span<double, 256> shares) const {
  const double each = two_to_minus(8) / kFrame;
  if (kind_ != Subframe::Kind::predicted || wasted_bits_ > 0) {
    std::ranges::fill(shares, each);
    for (std::int64_t value = lowest_; value <= highest_; ++value)
      shares[static_cast<std::size_t>(value & 255)] +=
          kGoesOn * word_share(static_cast<std::int32_t>(value), weights);
    return;
  }
  // Values whose words are equally long lie side by side, on either side of the expected one.
  lz::LowBytes sums(lowest_, highest_);
  for (std::size_t k = 0; k < weights.size(); ++k) {
    if (weights[k] < kLeastWeight) continue;
    for (std::int64_t zeros = 0; zeros < kMostZeros; ++zeros) {
      const double share = weights[k] * two_to_minus(zeros + 1 + static_cast<std::int64_t>(k));
      const std::int64_t folded = zeros << k, end = (zeros + 1) << k;
      if (expected_ + folded / 2 > highest_ && expected_ - folded / 2 < lowest_) break;
      sums.add(expected_ + (folded + 1) / 2, expected_ + (end - 1) / 2, share);
      sums.add(expected_ - end / 2, expected_ - (folded / 2 + 1), share);
    }
  }
  sums.sums(shares);
  for (double& share : shares) share = kGoesOn * share + each;
}

}  // namespace kraft::flac
