// What comes next, in integers, as the coder takes it.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

#include "kraft/bytes.h"

namespace kraft::bytelm {

// The masses of the 256 bytes. Each is at least 1, and their sum is kTotal.
class Distribution {
 public:
  static constexpr int kTotalBits = 32;
  static constexpr std::uint64_t kTotal = std::uint64_t{1} << kTotalBits;

  Distribution() { masses_.fill(kTotal / 256); }

  // In proportion to exp(logit), beside the minimum; logits in Q16.
  explicit Distribution(std::span<const std::int32_t> logits_q16);

  std::uint64_t mass(Byte byte) const { return masses_[byte]; }

  // The masses of all bytes before this one.
  std::uint64_t before(Byte byte) const {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < byte; ++i) sum += masses_[i];
    return sum;
  }

  // The byte with before(byte) <= target < before(byte) + mass(byte), for target < kTotal.
  Byte find(std::uint64_t target) const;

  double bits(Byte byte) const {
    return kTotalBits - std::log2(static_cast<double>(masses_[byte]));
  }

  bool operator==(const Distribution&) const = default;

 private:
  std::array<std::uint32_t, 256> masses_;
};

}  // namespace kraft::bytelm
