// The kernels but for one loop, which a processor may have its own instructions for: eight sums of
// products, of pairs of bytes that lie side by side. That is how weights, keys and values lie.
#pragma once

#include <algorithm>
#include <array>

#include "models/bytelm/attend.h"
#include "models/bytelm/kernels.h"
#include "models/bytelm/loops.h"

namespace kraft::bytelm {

// sums[i] = sum over p < pairs of numbers[p * stride + 2 i] * factors[2 p] and of
// numbers[p * stride + 2 i + 1] * factors[2 p + 1], for i < 8.
using EightSums = void (*)(const std::int8_t* numbers, std::size_t stride,
                           const std::int16_t* factors, std::size_t pairs, std::int32_t* sums);

template <EightSums Sum>
class KernelsByEight {
 public:
  static constexpr int kMany = 1;  // tokens at once

  static void multiply(const std::int8_t* weights, std::size_t blocks, std::size_t columns,
                       const std::int16_t* const* inputs, std::size_t count,
                       std::int32_t* const* sums) {
    for (std::size_t block = 0; block < blocks; ++block, weights += kRowsAtOnce * columns) {
      for (std::size_t k = 0; k < count; ++k) {
        for (std::size_t row = 0; row < kRowsAtOnce; row += 8)
          Sum(weights + 2 * row, 2 * kRowsAtOnce, inputs[k], columns / 2,
              sums[k] + kRowsAtOnce * block + row);
      }
    }
  }

  template <int Tokens>
  static void weigh(const Attention* token, std::size_t head, std::size_t first, std::size_t last) {
    for (std::size_t block = first; block < last; ++block) weigh_block(*token, head, block);
  }

  static void settle(const Attention& a, std::size_t head, std::size_t blocks) {
    loops::settle(a, head, blocks);
  }

  template <int Tokens>
  static void mix(const Attention* token, std::size_t head, std::size_t first, std::size_t last) {
    for (std::size_t block = first; block < last; ++block) mix_block(*token, head, block);
  }

 private:
  static void weigh_block(const Attention& a, std::size_t head, std::size_t block) {
    const std::int8_t* keys = a.blocks[block] + a.keys + head * a.head_width * kBlockTokens;
    std::array<std::int32_t, kBlockTokens> scores;
    for (std::size_t t = 0; t < kBlockTokens; t += 8)
      Sum(keys + 2 * t, 2 * kBlockTokens, a.queries + head * a.head_width, a.head_width / 2,
          scores.data() + t);
    const std::size_t tokens = std::min(kBlockTokens, a.tokens - block * kBlockTokens);
    const std::int8_t* shifts = a.key_shifts(head, block);
    std::int32_t most = kNoScore;
    for (std::size_t t = 0; t < tokens; ++t) {
      scores[t] = scores[t] * (1 << shifts[t]) >> a.score_shifts[head];
      most = std::max(most, scores[t]);
    }
    const std::int32_t octave = detail::octave_of(most);
    std::int16_t* weights = a.of_tokens + block * kBlockTokens;
    std::fill_n(weights, kBlockTokens, std::int16_t{0});
    std::int32_t sum = 0;
    shifts = a.value_shifts(head, block);
    for (std::size_t t = 0; t < tokens; ++t) {
      const std::uint32_t below =
          (static_cast<std::uint32_t>(octave) << 16) - static_cast<std::uint32_t>(scores[t]);
      const std::int32_t power = detail::power_of(below);
      sum += detail::halved(power, below >> 16);
      weights[t] = static_cast<std::int16_t>(detail::halved(
          power, (below >> 16) + static_cast<std::uint32_t>(kMostValueShift - shifts[t])));
    }
    a.octaves[block] = octave;
    a.sums[block] = sum;
  }

  static void mix_block(const Attention& a, std::size_t head, std::size_t block) {
    const std::int8_t* values = a.blocks[block] + a.values + head * a.head_width * kBlockTokens;
    std::int32_t* mixed = a.mixed + head * a.head_width;
    for (std::size_t i = 0; i < a.head_width; i += 8) {
      std::array<std::int32_t, 8> sums;
      Sum(values + 2 * i, 2 * a.head_width, a.of_tokens + block * kBlockTokens, kBlockTokens / 2,
          sums.data());
      for (std::size_t j = 0; j < 8; ++j)
        mixed[i + j] += (sums[j] + a.sums[block]) >> a.octaves[block];
    }
  }
};

template <EightSums Sum>
const Kernels& kernels_by_eight() {
  using Parts = KernelsByEight<Sum>;
  static const Kernels kernels = with_plain_loops(Parts::multiply, Attend<Parts>::attend);
  return kernels;
}

}  // namespace kraft::bytelm
