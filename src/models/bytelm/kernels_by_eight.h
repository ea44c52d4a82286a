// The kernels but for one loop, which a processor may have its own instructions for: eight sums of
// products, of pairs of bytes that lie side by side. That is how weights, keys and values lie.
#pragma once

#include <algorithm>
#include <array>

#include "models/bytelm/kernels.h"

namespace kraft::bytelm {

// sums[i] = sum over p < pairs of numbers[p * stride + 2 i] * factors[2 p] and of
// numbers[p * stride + 2 i + 1] * factors[2 p + 1], for i < 8.
using EightSums = void (*)(const std::int8_t* numbers, std::size_t stride,
                           const std::int16_t* factors, std::size_t pairs, std::int32_t* sums);

template <EightSums Sum>
class KernelsByEight {
 public:
  static void multiply(const std::int8_t* weights, std::size_t blocks, std::size_t columns,
                       const std::int16_t* const* inputs, std::size_t count,
                       std::int32_t* const* sums) {
    for (std::size_t block = 0; block < blocks; ++block, weights += 8 * columns) {
      for (std::size_t k = 0; k < count; ++k)
        Sum(weights, 16, inputs[k], columns / 2, sums[k] + 8 * block);
    }
  }

  static void attend(const Attention* tokens, std::size_t count) {
    for (const Attention* a = tokens; a != tokens + count; ++a) {
      for (std::size_t h = 0; h < a->heads; ++h) {
        const std::int32_t* scores = a->scores + h * a->scores_stride;
        for (std::size_t b = 0; b < a->blocks_count(); ++b) score(*a, h, b);
        a->octaves[h] = detail::octave_of(*std::max_element(scores, scores + a->tokens));
        a->weights[h] = 0;
        std::fill_n(a->mixed + h * a->head_width, a->head_width, 0);
        for (std::size_t b = 0; b < a->blocks_count(); ++b) mix(*a, h, b);
      }
    }
  }

 private:
  // The scores of a block's tokens.
  static void score(const Attention& a, std::size_t head, std::size_t block) {
    const std::int8_t* keys = a.blocks[block] + a.keys + head * a.head_width * kBlockTokens;
    const std::int8_t* shifts = a.key_shifts(head, block);
    std::int32_t* scores = a.scores + head * a.scores_stride + block * kBlockTokens;
    for (std::size_t first = 0; first < kBlockTokens; first += 8)
      Sum(keys + first * a.head_width, 16, a.queries + head * a.head_width, a.head_width / 2,
          scores + first);
    for (std::size_t t = 0; t < kBlockTokens; ++t)
      scores[t] = scores[t] * (1 << shifts[t]) >> a.score_shifts[head];
  }

  // Adds a block's values to what is mixed, and its weights to their sum.
  static void mix(const Attention& a, std::size_t head, std::size_t block) {
    const std::int32_t* scores = a.scores + head * a.scores_stride + block * kBlockTokens;
    const std::size_t tokens = std::min(kBlockTokens, a.tokens - block * kBlockTokens);
    const std::int32_t octave = detail::octave_of(*std::max_element(scores, scores + tokens));
    const int lower = a.octaves[head] - octave;
    if (lower + a.mix_shift > 31) return;
    std::array<std::int16_t, kBlockTokens> weights{};  // of values as they are kept
    std::int32_t weight = 0;
    const std::int8_t* shifts = a.value_shifts(head, block);
    for (std::size_t t = 0; t < tokens; ++t) {
      const std::uint32_t below =
          (static_cast<std::uint32_t>(octave) << 16) - static_cast<std::uint32_t>(scores[t]);
      const std::int32_t power = detail::power_of(below);
      weight += detail::halved(power, below >> 16);
      weights[t] = static_cast<std::int16_t>(detail::halved(
          power, (below >> 16) + static_cast<std::uint32_t>(kMostValueShift - shifts[t])));
    }
    a.weights[head] += static_cast<std::uint64_t>(weight) << 12 >> lower;
    const std::int8_t* values = a.blocks[block] + a.values + head * a.head_width * kBlockTokens;
    std::int32_t* mixed = a.mixed + head * a.head_width;
    for (std::size_t first = 0; first < a.head_width; first += 8) {
      std::array<std::int32_t, 8> sums;
      Sum(values + 2 * first, 2 * a.head_width, weights.data(), kBlockTokens / 2, sums.data());
      for (std::size_t i = 0; i < 8; ++i)
        mixed[first + i] += ((sums[i] >> (lower + a.mix_shift - 1)) + 1) >> 1;
    }
  }
};

template <EightSums Sum>
const Kernels& kernels_by_eight() {
  static const Kernels kernels =
      with_plain_loops(KernelsByEight<Sum>::multiply, KernelsByEight<Sum>::attend);
  return kernels;
}

}  // namespace kraft::bytelm
