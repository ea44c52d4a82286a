// Probabilities that adapt, and hashes.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

namespace kraft::cm {

// An adaptive probability has 22 bits of it above 10 bits that count how often it was corrected.
// It is kept with its highest bit the other way round, so that memory of zeros is a half.
struct Adaptive {
  static constexpr std::uint32_t kMostCount = 1023;

  std::uint32_t stored = 0;

  static constexpr Adaptive of(std::uint32_t p32) { return {(p32 & ~kMostCount) ^ kHalf}; }

  // In units of 2^-16.
  int p() const { return static_cast<int>((stored ^ kHalf) >> 16); }

  // By what came, with a rate of 1 / (times + 1.5), where the times go up to the limit.
  void correct(int bit, std::uint32_t limit) {
    const std::uint32_t both = stored ^ kHalf;
    const std::uint32_t count = both & kMostCount;
    const auto p = static_cast<std::int32_t>(both >> kCountBits);
    const std::int32_t error = ((bit << 22) - bit - p) >> 3;
    const auto move =
        static_cast<std::int32_t>((std::int64_t{error} * std::int64_t{kRates[count]}) >> 13);
    stored =
        (static_cast<std::uint32_t>(p + move) << kCountBits | std::min(count + 1, limit)) ^ kHalf;
  }

 private:
  static constexpr int kCountBits = 10;
  static constexpr std::uint32_t kHalf = std::uint32_t{1} << 31;
  static constexpr std::array<std::uint32_t, kMostCount + 1> kRates = [] {
    std::array<std::uint32_t, kMostCount + 1> rates{};
    for (std::uint32_t n = 0; n <= kMostCount; ++n) rates[n] = (2 * 65536) / (2 * n + 3);
    return rates;
  }();
};

inline std::uint32_t hash_of(std::uint64_t a, std::uint64_t b) {
  std::uint64_t h = (a + 0x9e3779b97f4a7c15u) * 0xd6e8feb86659fd93u;
  h = (h ^ h >> 32 ^ b) * 0xa0761d6478bd642fu;
  return static_cast<std::uint32_t>((h ^ h >> 29) >> 24);
}

}  // namespace kraft::cm
