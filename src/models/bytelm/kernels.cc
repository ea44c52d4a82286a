#include "models/bytelm/kernels.h"

#include <algorithm>
#include <array>

#include "models/bytelm/kernels_avx2.h"

namespace kraft::bytelm {
namespace {

constexpr std::size_t kRows = 8;

void multiply(const std::int8_t* weights, std::size_t blocks, std::size_t columns,
              const std::int16_t* const* inputs, std::size_t count, std::int32_t* const* sums) {
  for (std::size_t block = 0; block < blocks; ++block, weights += kRows * columns) {
    for (std::size_t k = 0; k < count; ++k) {
      const std::int16_t* input = inputs[k];
      std::array<std::int32_t, kRows> sum{};
      const std::int8_t* w = weights;
      for (std::size_t c = 0; c < columns; c += 2, w += 2 * kRows) {
        for (std::size_t r = 0; r < kRows; ++r)
          sum[r] += w[2 * r] * input[c] + w[2 * r + 1] * input[c + 1];
      }
      std::copy(sum.begin(), sum.end(), sums[k] + block * kRows);
    }
  }
}

void score(const AttentionHead& head, const std::int16_t* keys, std::int32_t* scores) {
  const std::size_t pairs = head.head_width / 2;
  for (std::size_t half = 0; half < kBlockTokens / 8; ++half, scores += 8) {
    std::array<std::int32_t, 8> sum{};
    for (std::size_t pair = 0; pair < pairs; ++pair, keys += 16) {
      for (std::size_t t = 0; t < 8; ++t)
        sum[t] += keys[2 * t] * head.query[2 * pair] + keys[2 * t + 1] * head.query[2 * pair + 1];
    }
    for (std::size_t t = 0; t < 8; ++t) scores[t] = sum[t] >> head.score_shift;
  }
}

void attend(const AttentionHead& head, std::int32_t* scores, Mixed& mixed) {
  const std::size_t blocks = (head.tokens + kBlockTokens - 1) / kBlockTokens;
  std::int32_t top = kNoOctave;
  for (std::size_t b = 0; b < blocks; ++b) score(head, head.blocks[b] + head.keys, scores + b * kBlockTokens);
  for (std::size_t t = 0; t < head.tokens; ++t) top = std::max(top, detail::octave_of(scores[t]));

  std::ranges::fill(mixed.values, 0);
  mixed.weight = 0;
  for (std::size_t b = 0; b < blocks; ++b) {
    const std::int32_t* of_block = scores + b * kBlockTokens;
    const std::size_t tokens = std::min(kBlockTokens, head.tokens - b * kBlockTokens);
    const std::int32_t octave =
        detail::octave_of(*std::max_element(of_block, of_block + tokens));
    const int right = top - octave + head.mix_shift;
    if (right > 31) continue;
    std::array<std::int32_t, kBlockTokens> weights{};
    std::int32_t weight = 0;
    for (std::size_t t = 0; t < tokens; ++t) {
      weights[t] = detail::weight_of((static_cast<std::uint32_t>(octave) << 16) -
                                     static_cast<std::uint32_t>(of_block[t]));
      weight += weights[t];
    }
    mixed.weight += static_cast<std::uint64_t>(weight) << 12 >> (top - octave);
    const std::int16_t* values = head.blocks[b] + head.values;
    for (std::size_t i = 0; i < head.head_width; ++i) {
      std::int32_t sum = 0;
      for (std::size_t t = 0; t < kBlockTokens; ++t)
        sum += weights[t] * values[(t / 2 * head.head_width + i) * 2 + t % 2];
      mixed.values[i] += ((sum >> (right - 1)) + 1) >> 1;
    }
  }
}

}  // namespace

const Kernels& plain_kernels() {
  static const Kernels kernels = {multiply, attend};
  return kernels;
}

const Kernels& fast_kernels() {
#ifdef KRAFT_BYTELM_AVX2
  static const bool has_avx2 = __builtin_cpu_supports("avx2") != 0;
  if (has_avx2) return avx2_kernels();
#endif
  return plain_kernels();
}

}  // namespace kraft::bytelm
