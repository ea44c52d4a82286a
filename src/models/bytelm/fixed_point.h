// Arithmetic in fixed point: roots, powers, logistic functions and rotations of integers alone, the
// same on every machine. "Q16" is a number of fractions of 2^-16.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>
#include <vector>

#include "coding/wide.h"
#include "models/bytelm/kernels.h"

namespace kraft::bytelm {

// The largest integer whose square is not above this one.
std::uint32_t square_root(std::uint64_t square);
std::uint64_t wide_square_root(Wide square);

// value / 2^right, rounded to the nearest, for |value| <= 2^62. Shifts to the left where `right` is
// negative, and is cut off at the ends of 63 bits.
inline std::int64_t scaled_down(std::int64_t value, int right) {
  if (right > 62) return 0;
  if (right > 0) return (value + (std::int64_t{1} << (right - 1))) >> right;
  if (value == 0) return 0;
  const auto size = static_cast<std::uint64_t>(value < 0 ? -value : value);
  if (static_cast<int>(std::bit_width(size)) - right > 62)
    return value < 0 ? -(std::int64_t{1} << 62) : std::int64_t{1} << 62;
  return value * (std::int64_t{1} << -right);
}

// Cut off at the ends of 32 bits.
inline std::int32_t saturated(std::int64_t value) {
  constexpr std::int64_t kLeast = std::numeric_limits<std::int32_t>::min();
  constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();
  return static_cast<std::int32_t>(value < kLeast ? kLeast : value > kMost ? kMost : value);
}

// 2^-(octaves / 2^24), in units of 2^-32.
std::uint64_t power_of_half(std::uint64_t octaves_q24);

// 1 / (1 + exp(-x)) of x in Q16, in units of 2^-30. By a table of steps of 1/128 and straight lines
// between them: off by less than 10^-6.
const std::int32_t* sigmoids();
inline constexpr int kSigmoidStepBits = 9;               // of a Q16 number: 1/128
inline constexpr std::int32_t kSigmoidSteps = 16 * 128;  // what lies beyond 16 is taken for 0 or 1

// The table is sigmoids().
inline std::int32_t sigmoid_q30(std::int32_t x_q16, const std::int32_t* table) {
  constexpr std::int32_t kOne = 1 << 30;
  const auto x = static_cast<std::uint32_t>(x_q16);
  const std::uint32_t size = x_q16 < 0 ? ~x + 1 : x;
  const auto step = static_cast<std::int32_t>(size >> kSigmoidStepBits);
  const std::int32_t at = step < kSigmoidSteps ? step : kSigmoidSteps - 1;
  const auto within = static_cast<std::int32_t>(size & ((1 << kSigmoidStepBits) - 1));
  const std::int32_t between =
      table[at] + ((table[at + 1] - table[at]) * within >> kSigmoidStepBits);
  const std::int32_t value = step < kSigmoidSteps ? between : kOne;
  return x_q16 < 0 ? kOne - value : value;
}

// Of position * base^(-pair / pairs), for all positions, one pair after the other (Su et al. 2021,
// arXiv 2104.09864): made by turning by the same angle again and again, in 62 bits. Needs
// 1 <= base_q16 < 2^47 (the base in Q16, at least 1).
std::vector<Rotation> rotations(std::size_t positions, std::size_t pairs, std::uint64_t base_q16);

}  // namespace kraft::bytelm
