// A logarithm that is the same number on every machine: the C library's may differ in its last bit
// from one machine to another, and a decoder must find the very probabilities of its encoder.
#pragma once

#include <bit>
#include <cstdint>

namespace kraft {

// For normal positive numbers, within 2^-50 or so, relative to 1. Only additions, multiplications
// and a division of doubles (IEEE 754), in an order that is fixed where the compiler does not
// contract them. With m in [sqrt(1/2), sqrt(2)) and s = (m - 1) / (m + 1),
// log2(m) = 2 / ln(2) * (s + s^3 / 3 + s^5 / 5 + ...), and |s| < 0.1716.
inline double portable_log2(double x) {
  constexpr std::uint64_t kMantissa = (std::uint64_t{1} << 52) - 1;
  constexpr std::uint64_t kSqrtHalf = 0x3FE6A09E667F3BCDu;
  const auto bits = std::bit_cast<std::uint64_t>(x);
  // From sqrt(1/2) on, an exponent is one more.
  const std::uint64_t shifted = bits - kSqrtHalf;
  const auto exponent = static_cast<std::int64_t>(shifted) >> 52;
  const double m = std::bit_cast<double>((shifted & kMantissa) + kSqrtHalf);
  const double s = (m - 1) / (m + 1);
  const double q = s * s;
  double sum = 1.0 / 23;
  sum = sum * q + 1.0 / 21;
  sum = sum * q + 1.0 / 19;
  sum = sum * q + 1.0 / 17;
  sum = sum * q + 1.0 / 15;
  sum = sum * q + 1.0 / 13;
  sum = sum * q + 1.0 / 11;
  sum = sum * q + 1.0 / 9;
  sum = sum * q + 1.0 / 7;
  sum = sum * q + 1.0 / 5;
  sum = sum * q + 1.0 / 3;
  sum = sum * q + 1.0;
  constexpr double kTwoOverLn2 = 2.88539008177792681472;
  return static_cast<double>(exponent) + kTwoOverLn2 * (s * sum);
}

}  // namespace kraft
