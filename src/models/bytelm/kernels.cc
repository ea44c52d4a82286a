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

// The scores of a block's tokens.
void score(const Attention& a, std::size_t head, std::size_t block) {
  const std::int16_t* query = a.queries + head * a.head_width;
  const std::int8_t* keys = a.blocks[block] + a.keys + head * a.head_width * kBlockTokens;
  const std::int8_t* shifts = a.key_shifts(head, block);
  std::int32_t* scores = a.scores + head * a.scores_stride + block * kBlockTokens;
  for (std::size_t half = 0; half < kBlockTokens; half += 8) {
    std::array<std::int32_t, 8> sum{};
    for (std::size_t i = 0; i < a.head_width; i += 2, keys += 16) {
      for (std::size_t t = 0; t < 8; ++t)
        sum[t] += keys[2 * t] * query[i] + keys[2 * t + 1] * query[i + 1];
    }
    for (std::size_t t = 0; t < 8; ++t)
      scores[half + t] = sum[t] * (1 << shifts[half + t]) >> a.score_shifts[head];
  }
}

// Adds a block's values to what is mixed, and its weights to their sum.
void mix(const Attention& a, std::size_t head, std::size_t block) {
  const std::int32_t* scores = a.scores + head * a.scores_stride + block * kBlockTokens;
  const std::size_t tokens = std::min(kBlockTokens, a.tokens - block * kBlockTokens);
  const std::int32_t octave = detail::octave_of(*std::max_element(scores, scores + tokens));
  const int lower = a.octaves[head] - octave;
  if (lower + a.mix_shift > 31) return;
  std::array<std::int32_t, kBlockTokens> weights{};  // of values as they are kept
  std::int32_t weight = 0;
  const std::int8_t* shifts = a.value_shifts(head, block);
  for (std::size_t t = 0; t < tokens; ++t) {
    const std::uint32_t below =
        (static_cast<std::uint32_t>(octave) << 16) - static_cast<std::uint32_t>(scores[t]);
    const std::int32_t power = detail::power_of(below);
    weight += detail::halved(power, below >> 16);
    weights[t] = detail::halved(
        power, (below >> 16) + static_cast<std::uint32_t>(kMostValueShift - shifts[t]));
  }
  a.weights[head] += static_cast<std::uint64_t>(weight) << 12 >> lower;
  const std::int8_t* values = a.blocks[block] + a.values + head * a.head_width * kBlockTokens;
  std::int32_t* mixed = a.mixed + head * a.head_width;
  for (std::size_t i = 0; i < a.head_width; ++i) {
    std::int32_t sum = 0;
    for (std::size_t t = 0; t < kBlockTokens; ++t)
      sum += weights[t] * values[(t / 2 * a.head_width + i) * 2 + t % 2];
    mixed[i] += ((sum >> (lower + a.mix_shift - 1)) + 1) >> 1;
  }
}

void attend(const Attention* tokens, std::size_t count) {
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
