// The loops of an evaluation between its products, each written once: whoever compiles a call of
// them decides by which instructions. Whole bodies, of plain integers.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "models/bytelm/fixed_point.h"
#include "models/bytelm/kernels.h"

namespace kraft::bytelm::loops {

#define KRAFT_LOOP [[gnu::always_inline]] inline

KRAFT_LOOP std::uint64_t size_of(std::int64_t value) {
  return static_cast<std::uint64_t>(value < 0 ? -value : value);
}

// So many bits less of a number leave `bits` of the largest.
KRAFT_LOOP int bits_too_many(std::uint64_t most, int bits) {
  return std::max(0, static_cast<int>(std::bit_width(most)) - bits);
}

// to[i] = from[i] / 2^right, rounded and cut off at +-most, for right >= 0.
template <class From>
KRAFT_LOOP void round_all(const From* from, std::size_t count, int right, std::int64_t most,
                          std::int16_t* to) {
  const std::int64_t half = right > 0 ? std::int64_t{1} << (right - 1) : 0;
  for (std::size_t i = 0; i < count; ++i)
    to[i] =
        static_cast<std::int16_t>(std::clamp((std::int64_t{from[i]} + half) >> right, -most, most));
}

KRAFT_LOOP void scale(const std::uint16_t* scales, std::int32_t factor, const std::int32_t* sums,
                      std::size_t count, int right, std::int32_t* to) {
  constexpr std::int64_t kHalf = 1 << (kFactorBits - 1);
  if (right < 1 || right > 62) {  // where nothing but noise would be left, or a network is absurd
    for (std::size_t i = 0; i < count; ++i)
      to[i] = saturated(scaled_down(
          ((std::int64_t{scales[i]} * factor + kHalf) >> kFactorBits) * sums[i], right));
    return;
  }
  const std::int64_t half = std::int64_t{1} << (right - 1);
  for (std::size_t i = 0; i < count; ++i) {
    const std::int64_t of_row = (std::int64_t{scales[i]} * factor + kHalf) >> kFactorBits;
    to[i] = saturated((of_row * sums[i] + half) >> right);
  }
}

KRAFT_LOOP Scale normalise(const std::int32_t* x, const std::int32_t* gain, std::size_t count,
                           std::uint64_t epsilon_q32, std::int64_t* wide, std::int16_t* to) {
  constexpr int kBits = 24;  // of numbers whose squares are summed
  std::uint64_t most = 0;
  for (std::size_t i = 0; i < count; ++i) most = std::max(most, size_of(x[i]));
  const int too_many = bits_too_many(most, kBits);
  std::uint64_t sum = 0, most_product = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::int64_t shorter = x[i] >> too_many;
    sum += static_cast<std::uint64_t>(shorter * shorter);
    wide[i] = shorter * gain[i];
    most_product = std::max(most_product, size_of(wide[i]));
  }
  const std::uint64_t mean =
      std::max<std::uint64_t>(1, sum / count + (epsilon_q32 >> 2 * too_many));
  const int even = (62 - static_cast<int>(std::bit_width(mean))) / 2 * 2;
  const std::uint64_t root = square_root(mean << even);  // 30 or 31 bits
  const int right = bits_too_many(most_product, kInputBits);
  round_all(wide, count, right, (1 << kInputBits) - 1, to);
  // The root has 16 - too_many + even / 2 bits behind the point, and so on.
  constexpr int kInverseBits = 46;
  return {static_cast<std::int32_t>(
              std::min<std::uint64_t>((std::uint64_t{1} << kInverseBits) / root, 65535)),
          kInverseBits + kGainBits - right - even / 2};
}

KRAFT_LOOP int round(const std::int64_t* wide, std::size_t count, int bits, std::int16_t* to) {
  std::uint64_t most = 0;
  for (std::size_t i = 0; i < count; ++i) most = std::max(most, size_of(wide[i]));
  const int right = bits_too_many(most, bits);
  round_all(wide, count, right, (std::int64_t{1} << bits) - 1, to);
  return right;
}

KRAFT_LOOP int narrow(const std::int32_t* numbers, std::size_t count, int right, std::int64_t most,
                      std::int16_t* kept) {
  std::uint64_t largest = 0;
  if (right < 0 || right > 62) {
    for (std::size_t i = 0; i < count; ++i)
      kept[i] = static_cast<std::int16_t>(std::clamp(scaled_down(numbers[i], right), -most, most));
  } else {
    round_all(numbers, count, right, most, kept);
  }
  for (std::size_t i = 0; i < count; ++i) largest = std::max(largest, size_of(kept[i]));
  const int shift = bits_too_many(largest, kKeptBits);
  round_all(kept, count, shift, (1 << kKeptBits) - 1, kept);
  return shift;
}

// from[i] * factor / 2^right, rounded, times 2^left, for |from[i] * factor| <= 2^62 and right > 0.
KRAFT_LOOP void mix(const std::int32_t* from, std::size_t count, std::int64_t factor, int right,
                    int left, std::int64_t* wide) {
  const std::int64_t half = std::int64_t{1} << (right - 1), twice = std::int64_t{1} << left;
  for (std::size_t i = 0; i < count; ++i) wide[i] = ((from[i] * factor + half) >> right) * twice;
}

KRAFT_LOOP void turn(const Rotation* rotation, std::size_t pairs, std::int32_t* numbers) {
  for (std::size_t i = 0; i < pairs; ++i) {
    const std::int64_t a = numbers[2 * i], b = numbers[2 * i + 1];
    const std::int64_t cosine = rotation[i].cosine, sine = rotation[i].sine;
    numbers[2 * i] = saturated((a * cosine >> 30) - (b * sine >> 30));
    numbers[2 * i + 1] = saturated((a * sine >> 30) + (b * cosine >> 30));
  }
}

KRAFT_LOOP void activate(const std::int32_t* gate, const std::int32_t* up, std::size_t count,
                         const std::int32_t* sigmoids, std::int64_t* wide) {
  for (std::size_t i = 0; i < count; ++i)
    wide[i] = (std::int64_t{gate[i]} * sigmoid_q30(gate[i], sigmoids) >> 30) * up[i];
}

// Of so many blocks of a head: the sum of all weights, and from the blocks' octaves and sums, how
// sums of their values are shifted and what is added before. Begins what is mixed.
KRAFT_LOOP void settle(const Attention& a, std::size_t head, std::size_t blocks) {
  std::int32_t* const octaves = a.octaves;
  std::int32_t* const sums = a.sums;
  const std::int32_t mix_shift = a.mix_shift;
  std::int32_t octave = octaves[0];
  for (std::size_t b = 0; b < blocks; ++b) octave = std::max(octave, octaves[b]);
  std::uint64_t weight = 0;
  for (std::size_t b = 0; b < blocks; ++b) {
    const std::int32_t right = octave - octaves[b] + mix_shift;
    const auto sum = static_cast<std::uint32_t>(sums[b]) << 12;  // below 2^31
    weight += right > 31 ? 0 : sum >> std::min(right - mix_shift, 31);
    octaves[b] = std::min(right, 31);  // 31 leaves nothing
    sums[b] = 1 << (octaves[b] - 1);
  }
  a.weights[head] = weight;
  std::fill_n(a.mixed + head * a.head_width, a.head_width, 0);
}

}  // namespace kraft::bytelm::loops
