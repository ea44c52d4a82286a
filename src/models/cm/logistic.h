// The logistic domain of the mixers: stretch(p) = ln(p / (1 - p)) and its inverse, in integers.
//
// Probabilities are in units of 2^-16. A stretched probability is in units of 1/170, so that the
// twelve bits of -2048..2047 reach from 2^-17 to 1 - 2^-17. Both tables are made by multiplications
// of integers, so that they are the same on every machine.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "coding/wide.h"

namespace kraft::cm {

inline constexpr int kOne = 1 << 16;         // a probability of 1
inline constexpr int kMostStretched = 2047;  // of stretched probabilities, either way
inline constexpr int kStretchedHalf = 1 << 11;

namespace detail {

// exp(-1/170) in units of 2^-62.
inline constexpr std::uint64_t kDecay = 4584638084353230593u;

constexpr std::array<std::uint16_t, 2 * kStretchedHalf> make_squash() {
  std::array<std::uint16_t, 2 * kStretchedHalf> table{};
  constexpr Wide kUnit = Wide{1} << 62;
  Wide power = kUnit;  // exp(-x / 170)
  for (int x = 0; x <= kStretchedHalf; ++x) {
    const auto p = static_cast<int>((kUnit << 16) / (kUnit + power));
    if (x < kStretchedHalf)
      table[static_cast<std::size_t>(kStretchedHalf + x)] =
          static_cast<std::uint16_t>(std::min(p, kOne - 1));
    table[static_cast<std::size_t>(kStretchedHalf - x)] =
        static_cast<std::uint16_t>(std::max(kOne - p, 1));
    power = power * kDecay >> 62;
  }
  table[kStretchedHalf] = kOne / 2;
  return table;
}

inline constexpr auto kSquash = make_squash();

// By p / 16: the first x whose squashed value is no less than p.
constexpr std::array<std::int16_t, kOne / 16> make_stretch() {
  std::array<std::int16_t, kOne / 16> table{};
  std::size_t x = 0;
  for (std::size_t i = 0; i < table.size(); ++i) {
    while (x + 1 < kSquash.size() && kSquash[x] < 16 * i + 8) ++x;
    table[i] = static_cast<std::int16_t>(static_cast<int>(x) - kStretchedHalf);
  }
  return table;
}

inline constexpr auto kStretch = make_stretch();

}  // namespace detail

constexpr int stretch(int p) { return detail::kStretch[static_cast<std::size_t>(p) >> 4]; }

// The same for all 16 bits of a probability: the first x whose squashed value is no less. O(12).
constexpr int stretch_finely(int p) {
  const auto found = std::ranges::lower_bound(detail::kSquash, static_cast<std::uint16_t>(p));
  return std::min(static_cast<int>(found - detail::kSquash.begin()) - kStretchedHalf,
                  kMostStretched);
}

constexpr int squash(int x) {
  const int clipped = std::clamp(x, -kMostStretched, kMostStretched);
  return detail::kSquash[static_cast<std::size_t>(clipped + kStretchedHalf)];
}

}  // namespace kraft::cm
