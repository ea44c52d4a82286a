// Powers of two as doubles: exact, and the same without the C library.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

namespace kraft::lz {

// 2^exponent; 0 where that is too small, and at most 2^1000.
inline double power_of_two(std::int64_t exponent) {
  if (exponent < -1000) return 0;
  return std::bit_cast<double>(
      static_cast<std::uint64_t>(1023 + std::min<std::int64_t>(exponent, 1000)) << 52);
}

// The e for which x * 2^e lies in [1, 2), for a normal positive number.
inline std::int64_t exponent_to_one(double x) {
  return std::int64_t{1023} - static_cast<std::int64_t>(std::bit_cast<std::uint64_t>(x) >> 52);
}

}  // namespace kraft::lz
