#include "models/bytelm/distribution.h"

#include <algorithm>

#include "models/bytelm/fixed_point.h"

namespace kraft::bytelm {

Distribution::Distribution(std::span<const std::int32_t> logits_q16) {
  constexpr std::int64_t kOctavesOfNat = 1549082005;  // 1 / ln 2, in units of 2^-30
  constexpr int kScaleBits = 24;
  const auto likeliest =
      static_cast<std::size_t>(std::ranges::max_element(logits_q16) - logits_q16.begin());
  std::array<std::uint64_t, 256> weights;
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const std::int64_t below = std::int64_t{logits_q16[likeliest]} - logits_q16[i];
    // Below 2^32 times 2^31, and from Q46 to Q24.
    weights[i] = power_of_half(static_cast<std::uint64_t>(below * kOctavesOfNat) >> 22);
    sum += weights[i];
  }

  constexpr std::uint64_t kToShare = kTotal - 256;  // beyond the minimum of 1 for each
  const auto scale = static_cast<std::uint64_t>((Wide{kToShare} << kScaleBits) / sum);
  std::uint64_t shared = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const std::uint64_t share = weights[i] * scale >> kScaleBits;
    shared += share;
    masses_[i] = static_cast<std::uint32_t>(1 + share);
  }
  masses_[likeliest] += static_cast<std::uint32_t>(kToShare - shared);  // what rounding has left
}

Byte Distribution::find(std::uint64_t target) const {
  std::size_t byte = 0;
  for (std::uint64_t end = masses_[0]; end <= target; end += masses_[byte]) ++byte;
  return static_cast<Byte>(byte);
}

}  // namespace kraft::bytelm
