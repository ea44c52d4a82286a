#include "models/flac/expectation.h"

#include <algorithm>

#include "models/lz/powers.h"

namespace kraft::flac {
namespace {

constexpr std::int64_t kMostZeros = 64;
constexpr double kGoesOn = 1 - 1 / kFrame;

double two_to_minus(std::int64_t bits) { return lz::power_of_two(-bits); }

}  // namespace

Expectation::Expectation(const Subframe& channel, int depth_bits,
                         std::span<const std::int32_t> past)
    : kind_(channel.kind),
      is_rice_(channel.is_rice),
      parameter_(static_cast<int>(channel.parameter)),
      wasted_bits_(static_cast<int>(channel.wasted_bits)),
      depth_bits_(depth_bits),
      lowest_(-(std::int64_t{1} << (depth_bits - 1))),
      highest_(-lowest_ - 1) {
  const auto before = [&](std::size_t j) {
    return j < past.size() ? std::int64_t{past[past.size() - 1 - j]} >> wasted_bits_ : 0;
  };
  if (kind_ == Subframe::Kind::constant) expected_ = before(0);
  for (std::size_t j = 0; j < channel.coefficients.size(); ++j)
    expected_ += channel.coefficients[j] * before(j);
  expected_ >>= channel.shift;
}

double Expectation::word_share(std::int32_t value) const {
  if (kind_ == Subframe::Kind::verbatim) return two_to_minus(depth_bits_);
  if ((value & ((1 << wasted_bits_) - 1)) != 0) return 0;
  const std::int64_t e = (value >> wasted_bits_) - expected_;
  if (kind_ == Subframe::Kind::constant) return e == 0 ? 1 : 0;
  if (!is_rice_) {
    if (parameter_ == 0) return e == 0 ? 1 : 0;
    const std::int64_t half = std::int64_t{1} << (parameter_ - 1);
    return e >= -half && e < half ? two_to_minus(parameter_) : 0;
  }
  const std::int64_t folded = e >= 0 ? 2 * e : -2 * e - 1;
  const std::int64_t zeros = folded >> parameter_;
  return zeros < kMostZeros ? two_to_minus(zeros + 1 + parameter_) : 0;
}

double Expectation::share(std::int32_t value) const {
  return kGoesOn * word_share(value) + two_to_minus(depth_bits_) / kFrame;
}

void Expectation::add_equal(std::int64_t first, std::int64_t last, double share,
                            std::span<double, 257> steps, double& everywhere) const {
  first = std::max(first, lowest_);
  last = std::min(last, highest_);
  if (first > last) return;
  const std::int64_t count = last - first + 1;
  everywhere += share * static_cast<double>(count / 256);
  const auto begin = static_cast<std::size_t>(first & 255), rest = static_cast<std::size_t>(count % 256);
  if (rest == 0) return;
  steps[begin] += share;
  if (begin + rest > 256) {
    steps[256] -= share;
    steps[0] += share;
    steps[begin + rest - 256] -= share;
  } else {
    steps[begin + rest] -= share;
  }
}

void Expectation::low_byte_shares(std::span<double, 256> shares) const {
  const double each = two_to_minus(8) / kFrame;
  if (kind_ != Subframe::Kind::predicted || !is_rice_ || wasted_bits_ > 0) {
    std::ranges::fill(shares, each);
    for (std::int64_t value = lowest_; value <= highest_; ++value)
      shares[static_cast<std::size_t>(value & 255)] +=
          kGoesOn * word_share(static_cast<std::int32_t>(value));
    return;
  }
  // Values whose words are equally long lie side by side, on either side of the expected one.
  std::array<double, 257> steps{};
  double everywhere = 0;
  for (std::int64_t zeros = 0; zeros < kMostZeros; ++zeros) {
    const double share = two_to_minus(zeros + 1 + parameter_);
    const std::int64_t folded = zeros << parameter_, end = (zeros + 1) << parameter_;
    // e from folded / 2, rounded up, to (end - 1) / 2; -e from folded / 2 + 1, rounded down, to end / 2.
    add_equal(expected_ + (folded + 1) / 2, expected_ + (end - 1) / 2, share, steps, everywhere);
    add_equal(expected_ - end / 2, expected_ - (folded / 2 + 1), share, steps, everywhere);
  }
  double sum = everywhere;
  for (std::size_t b = 0; b < 256; ++b) {
    sum += steps[b];
    shares[b] = kGoesOn * sum + each;
  }
}

}  // namespace kraft::flac
