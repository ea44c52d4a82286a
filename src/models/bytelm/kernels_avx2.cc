#include "models/bytelm/kernels_avx2.h"

#ifdef KRAFT_BYTELM_AVX2

#include <immintrin.h>

#include <algorithm>
#include <cstring>

namespace kraft::bytelm {
namespace {

#define KRAFT_AVX2 __attribute__((target("avx2")))
#define KRAFT_AVX2_INLINE __attribute__((target("avx2"), always_inline)) inline

constexpr std::size_t kRows = 8;

KRAFT_AVX2_INLINE __m256i load(const std::int16_t* from) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
}
KRAFT_AVX2_INLINE __m256i load(const std::int32_t* from) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
}
KRAFT_AVX2_INLINE void store(std::int32_t* to, __m256i value) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), value);
}

// Two numbers, eight times.
KRAFT_AVX2_INLINE __m256i both(const std::int16_t* pair) {
  std::int32_t two;
  std::memcpy(&two, pair, sizeof two);
  return _mm256_set1_epi32(two);
}

// Two columns of eight rows, widened to 16 bits.
KRAFT_AVX2_INLINE __m256i widened(const std::int8_t* weights) {
  return _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(weights)));
}

// `Blocks` blocks of rows by `Inputs` inputs: what is loaded of one serves all of the other.
template <int Blocks, int Inputs>
KRAFT_AVX2_INLINE void multiply_tile(const std::int8_t* weights, std::size_t columns,
                                     const std::int16_t* const* inputs,
                                     std::int32_t* const* sums, std::size_t row) {
  __m256i sum[Blocks][Inputs];
  for (int b = 0; b < Blocks; ++b) {
    for (int k = 0; k < Inputs; ++k) sum[b][k] = _mm256_setzero_si256();
  }
  for (std::size_t c = 0; c < columns; c += 2) {
    __m256i of_block[Blocks];
    for (int b = 0; b < Blocks; ++b)
      of_block[b] = widened(weights + static_cast<std::size_t>(b) * kRows * columns + c * kRows);
    for (int k = 0; k < Inputs; ++k) {
      const __m256i input = both(inputs[k] + c);
      for (int b = 0; b < Blocks; ++b)
        sum[b][k] = _mm256_add_epi32(sum[b][k], _mm256_madd_epi16(of_block[b], input));
    }
  }
  for (int b = 0; b < Blocks; ++b) {
    for (int k = 0; k < Inputs; ++k)
      store(sums[k] + row + static_cast<std::size_t>(b) * kRows, sum[b][k]);
  }
}

template <int Blocks, int Inputs>
KRAFT_AVX2 std::size_t multiply_tiles(const std::int8_t* weights, std::size_t block,
                                      std::size_t blocks, std::size_t columns,
                                      const std::int16_t* const* inputs,
                                      std::int32_t* const* sums) {
  for (; block + Blocks <= blocks; block += Blocks)
    multiply_tile<Blocks, Inputs>(weights + block * kRows * columns, columns, inputs, sums,
                                  block * kRows);
  return block;
}

KRAFT_AVX2 void multiply(const std::int8_t* weights, std::size_t blocks, std::size_t columns,
                         const std::int16_t* const* inputs, std::size_t count,
                         std::int32_t* const* sums) {
  while (count >= 4) {
    const std::size_t done =
        multiply_tiles<2, 4>(weights, 0, blocks, columns, inputs, sums);
    multiply_tiles<1, 4>(weights, done, blocks, columns, inputs, sums);
    inputs += 4;
    sums += 4;
    count -= 4;
  }
  while (count >= 2) {
    const std::size_t done =
        multiply_tiles<4, 2>(weights, 0, blocks, columns, inputs, sums);
    multiply_tiles<1, 2>(weights, done, blocks, columns, inputs, sums);
    inputs += 2;
    sums += 2;
    count -= 2;
  }
  if (count == 1) {
    const std::size_t done =
        multiply_tiles<8, 1>(weights, 0, blocks, columns, inputs, sums);
    multiply_tiles<1, 1>(weights, done, blocks, columns, inputs, sums);
  }
}

KRAFT_AVX2_INLINE void score(const AttentionHead& head, const std::int16_t* keys,
                             std::int32_t* scores) {
  const std::size_t pairs = head.head_width / 2;
  const std::int16_t* later = keys + pairs * 16;  // the second eight tokens
  __m256i first = _mm256_setzero_si256(), second = first;
  for (std::size_t pair = 0; pair < pairs; ++pair) {
    const __m256i query = both(head.query + 2 * pair);
    first = _mm256_add_epi32(first, _mm256_madd_epi16(load(keys + pair * 16), query));
    second = _mm256_add_epi32(second, _mm256_madd_epi16(load(later + pair * 16), query));
  }
  const __m128i shift = _mm_cvtsi32_si128(head.score_shift);
  store(scores, _mm256_sra_epi32(first, shift));
  store(scores + 8, _mm256_sra_epi32(second, shift));
}

KRAFT_AVX2_INLINE std::int32_t largest(__m256i a) {
  __m128i most = _mm_max_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
  most = _mm_max_epi32(most, _mm_shuffle_epi32(most, 0b01001110));
  most = _mm_max_epi32(most, _mm_shuffle_epi32(most, 0b10110001));
  return _mm_cvtsi128_si32(most);
}

KRAFT_AVX2_INLINE std::int32_t total(__m256i a) {
  __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
  sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0b01001110));
  sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0b10110001));
  return _mm_cvtsi128_si32(sum);
}

// a - b x, in Q15.
KRAFT_AVX2_INLINE __m256i less(std::int32_t a, __m256i b, __m256i x) {
  return _mm256_sub_epi32(_mm256_set1_epi32(a),
                          _mm256_srai_epi32(_mm256_mullo_epi32(b, x), 15));
}

// detail::weight_of() of eight scores. Shifts by 32 and more make zeros.
KRAFT_AVX2_INLINE __m256i weights_of(__m256i below) {
  const __m256i x = _mm256_srli_epi32(_mm256_and_si256(below, _mm256_set1_epi32(0xFFFF)), 1);
  __m256i power = less(detail::kPower2, _mm256_set1_epi32(detail::kPower3), x);
  power = less(detail::kPower1, power, x);
  power = less(detail::kPower0, power, x);
  power = _mm256_srlv_epi32(_mm256_slli_epi32(power, 1), _mm256_srli_epi32(below, 16));
  return _mm256_srli_epi32(_mm256_add_epi32(power, _mm256_set1_epi32(1)), 1);
}

// Adds the values of a block, by weights that lie as pairs in `weights`.
KRAFT_AVX2_INLINE void mix(const std::int16_t* values, const std::int16_t* weights,
                           std::size_t head_width, int right, std::int32_t* mixed) {
  const __m128i shift = _mm_cvtsi32_si128(right - 1);
  const __m256i one = _mm256_set1_epi32(1);
  for (std::size_t i = 0; i < head_width; i += 8) {
    __m256i sum = _mm256_setzero_si256();
    for (std::size_t pair = 0; pair < kBlockTokens / 2; ++pair)
      sum = _mm256_add_epi32(sum, _mm256_madd_epi16(load(values + (pair * head_width + i) * 2),
                                                    both(weights + 2 * pair)));
    sum = _mm256_srai_epi32(_mm256_add_epi32(_mm256_sra_epi32(sum, shift), one), 1);
    store(mixed + i, _mm256_add_epi32(load(mixed + i), sum));
  }
}

KRAFT_AVX2 void attend(const AttentionHead& head, std::int32_t* scores, Mixed& mixed) {
  const std::size_t blocks = (head.tokens + kBlockTokens - 1) / kBlockTokens;
  __m256i most = _mm256_set1_epi32(kNoOctave * 1024);
  for (std::size_t b = 0; b < blocks; ++b) {
    std::int32_t* of_block = scores + b * kBlockTokens;
    score(head, head.blocks[b] + head.keys, of_block);
    // Tokens that are not there weigh nothing: below what any score can be.
    for (std::size_t t = head.tokens; t < (b + 1) * kBlockTokens; ++t)
      scores[t] = kNoOctave * 1024;
    most = _mm256_max_epi32(most, _mm256_max_epi32(load(of_block), load(of_block + 8)));
  }
  const std::int32_t top = detail::octave_of(largest(most));

  std::ranges::fill(mixed.values, 0);
  mixed.weight = 0;
  for (std::size_t b = 0; b < blocks; ++b) {
    const __m256i first = load(scores + b * kBlockTokens);
    const __m256i second = load(scores + b * kBlockTokens + 8);
    const std::int32_t octave = detail::octave_of(largest(_mm256_max_epi32(first, second)));
    const int right = top - octave + head.mix_shift;
    if (right > 31) continue;
    const __m256i above = _mm256_slli_epi32(_mm256_set1_epi32(octave), 16);
    const __m256i one = weights_of(_mm256_sub_epi32(above, first));
    const __m256i other = weights_of(_mm256_sub_epi32(above, second));
    alignas(32) std::int16_t weights[kBlockTokens];
    const __m256i narrow = _mm256_permute4x64_epi64(_mm256_packs_epi32(one, other), 0b11011000);
    _mm256_store_si256(reinterpret_cast<__m256i*>(weights), narrow);
    std::int32_t weight = total(_mm256_add_epi32(one, other));
    for (std::size_t t = head.tokens; t < (b + 1) * kBlockTokens; ++t) {
      weight -= weights[t - b * kBlockTokens];
      weights[t - b * kBlockTokens] = 0;
    }
    mixed.weight += static_cast<std::uint64_t>(weight) << 12 >> (top - octave);
    mix(head.blocks[b] + head.values, weights, head.head_width, right, mixed.values.data());
  }
}

}  // namespace

const Kernels& avx2_kernels() {
  static const Kernels kernels = {multiply, attend};
  return kernels;
}

}  // namespace kraft::bytelm

#endif
