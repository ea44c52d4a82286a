#include "models/wavpack/words.h"

#include <algorithm>
#include <bit>

#include "models/lz/powers.h"

namespace kraft::wavpack {
namespace {

constexpr std::int64_t kLongNumber = 16;
// By how much of themselves medians adapt, in the order of the zones.
constexpr std::array<std::uint32_t, 3> kDivisors = {128, 64, 32};

int bit_count(std::uint64_t value) { return std::bit_width(value); }

// Of a number in unary, or what stands for a long one.
double number_share(std::int64_t number) {
  if (number < kLongNumber) return lz::power_of_two(-(number + 1));
  const int bits = bit_count(static_cast<std::uint64_t>(number - kLongNumber));
  return lz::power_of_two(-(kLongNumber + 1 + std::max(1, 2 * bits)));
}

// That a run of zeros is at least so long, among all.
double run_share(std::uint32_t zeros) {
  const int bits = bit_count(zeros);
  const double same = lz::power_of_two(bits) - static_cast<double>(zeros);
  return same * lz::power_of_two(-2 * bits) + lz::power_of_two(-bits - 1);
}

std::size_t zone_of(std::uint32_t magnitude, const std::array<std::uint32_t, 3>& sizes,
                    std::uint32_t& place) {
  for (std::size_t zone = 0; zone < 2; ++zone) {
    if (magnitude < sizes[zone]) {
      place = magnitude;
      return zone;
    }
    magnitude -= sizes[zone];
  }
  place = magnitude % sizes[2];
  return 2 + magnitude / sizes[2];
}

std::uint32_t magnitude_of(std::int32_t residual) {
  return static_cast<std::uint32_t>(residual < 0 ? ~residual : residual);
}

}  // namespace

namespace words_detail {

Places places(std::int64_t size) {
  if (size == 1) return {1, 0};
  const int bits = bit_count(static_cast<std::uint64_t>(size - 1));
  return {(std::int64_t{1} << bits) - size, bits - 1};
}

double two_to_minus(int bits) { return lz::power_of_two(-bits); }

}  // namespace words_detail

std::array<std::uint32_t, 3> Words::sizes(std::size_t c) const {
  std::array<std::uint32_t, 3> sizes;
  for (std::size_t i = 0; i < 3; ++i) sizes[i] = (medians_[c][i] >> 4) + 1;
  return sizes;
}

bool Words::may_begin_zeros() const {
  return before_ == Before::nothing && medians_[0][0] < 2 && medians_[1][0] < 2;
}

Words::Expectation Words::expectation(std::size_t c) const {
  Expectation expectation;
  const std::array<std::uint32_t, 3> all = sizes(c);
  std::ranges::copy(all, expectation.sizes_.begin());
  if (before_ == Before::word) {
    expectation.after_word_ = true;
    expectation.odd_share_ = odd_share_;
    return expectation;
  }
  if (before_ == Before::zeros)
    expectation.zero_share_ = run_share(zeros_ + 1) / run_share(zeros_);
  else if (may_begin_zeros())
    expectation.zero_share_ = 0.5;
  else
    return expectation;
  expectation.scale_ = (1 - expectation.zero_share_) / (1 - expectation.share(0));
  expectation.has_zero_ = true;
  return expectation;
}

void Words::push(std::size_t c, std::int32_t residual) {
  if (residual == 0 && (before_ == Before::zeros || may_begin_zeros())) {
    if (before_ != Before::zeros) {
      medians_ = {};
      zeros_ = 0;
    }
    before_ = Before::zeros;
    if (zeros_ < 0xffffffff) ++zeros_;
    return;
  }
  const bool after_word = before_ == Before::word;
  std::uint32_t place = 0;
  const std::size_t zone = zone_of(magnitude_of(residual), sizes(c), place);
  for (std::size_t i = 0; i < 3; ++i) {
    std::uint32_t& median = medians_[c][i];
    if (zone == i) {
      median -= (median + (kDivisors[i] - 2)) / kDivisors[i] * 2;
      break;
    }
    median += (median + kDivisors[i]) / kDivisors[i] * 5;
  }
  if (after_word && zone == 0) {
    before_ = Before::nothing;
    return;
  }
  before_ = Before::word;
  const auto number = 2 * static_cast<std::int64_t>(zone - after_word);
  const double odd = number_share(number + 1);
  odd_share_ = odd / (number_share(number) + odd);
}

double Words::Expectation::pair_share(std::int64_t k) {
  return number_share(2 * k) + number_share(2 * k + 1);
}

double Words::Expectation::zone_share(std::int64_t zone) const {
  if (!after_word_) return pair_share(zone);
  return zone == 0 ? 1 - odd_share_ : odd_share_ * pair_share(zone - 1);
}

double Words::Expectation::word_share(std::int64_t magnitude) const {
  std::int64_t zone = 0;
  for (; zone < 2 && magnitude >= sizes_[static_cast<std::size_t>(zone)]; ++zone)
    magnitude -= sizes_[static_cast<std::size_t>(zone)];
  const std::int64_t size = sizes_[static_cast<std::size_t>(zone)];
  if (zone == 2) {
    zone += magnitude / size;
    magnitude %= size;
  }
  const double share = scale_ * zone_share(zone) / 2;
  if (zone - (after_word_ ? 1 : 0) >= kExact) return share / static_cast<double>(size);
  const words_detail::Places code = words_detail::places(size);
  return share * lz::power_of_two(-(code.short_bits + (magnitude >= code.short_count ? 1 : 0)));
}

double Words::Expectation::share(std::int64_t residual) const {
  if (has_zero_ && residual == 0) return zero_share_;
  return word_share(residual < 0 ? -1 - residual : residual);
}

}  // namespace kraft::wavpack
