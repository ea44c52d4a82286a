#include "models/bytelm/kernels_avx2.h"

#ifdef KRAFT_BYTELM_AVX2

#include <immintrin.h>

#include <algorithm>
#include <cstring>

namespace kraft::bytelm {
namespace {

#define KRAFT_AVX2 __attribute__((target("avx2")))
#define KRAFT_AVX2_INLINE __attribute__((target("avx2"), always_inline)) inline

// Sums stay in registers where loops of a fixed length are written out.
#if defined(__clang__)
#define KRAFT_UNROLL _Pragma("unroll")
#else
#define KRAFT_UNROLL _Pragma("GCC unroll 8")
#endif

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
                                     const std::int16_t* const* inputs, std::int32_t* const* sums,
                                     std::size_t row) {
  __m256i sum[Blocks][Inputs];
  KRAFT_UNROLL
  for (int b = 0; b < Blocks; ++b) {
    KRAFT_UNROLL
    for (int k = 0; k < Inputs; ++k) sum[b][k] = _mm256_setzero_si256();
  }
  for (std::size_t c = 0; c < columns; c += 2) {
    __m256i of_block[Blocks];
    KRAFT_UNROLL
    for (int b = 0; b < Blocks; ++b)
      of_block[b] = widened(weights + static_cast<std::size_t>(b) * kRows * columns + c * kRows);
    KRAFT_UNROLL
    for (int k = 0; k < Inputs; ++k) {
      const __m256i input = both(inputs[k] + c);
      KRAFT_UNROLL
      for (int b = 0; b < Blocks; ++b)
        sum[b][k] = _mm256_add_epi32(sum[b][k], _mm256_madd_epi16(of_block[b], input));
    }
  }
  KRAFT_UNROLL
  for (int b = 0; b < Blocks; ++b) {
    KRAFT_UNROLL
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
    const std::size_t done = multiply_tiles<2, 4>(weights, 0, blocks, columns, inputs, sums);
    multiply_tiles<1, 4>(weights, done, blocks, columns, inputs, sums);
    inputs += 4;
    sums += 4;
    count -= 4;
  }
  while (count >= 2) {
    const std::size_t done = multiply_tiles<4, 2>(weights, 0, blocks, columns, inputs, sums);
    multiply_tiles<1, 2>(weights, done, blocks, columns, inputs, sums);
    inputs += 2;
    sums += 2;
    count -= 2;
  }
  if (count == 1) {
    const std::size_t done = multiply_tiles<8, 1>(weights, 0, blocks, columns, inputs, sums);
    multiply_tiles<1, 1>(weights, done, blocks, columns, inputs, sums);
  }
}

// The scores of a block's tokens.
KRAFT_AVX2 void score(const Attention& a, std::size_t head, std::size_t block) {
  const std::int16_t* query = a.queries + head * a.head_width;
  const std::int16_t* keys = a.blocks[block] + a.keys + head * a.head_width * kBlockTokens;
  const std::int16_t* later = keys + a.head_width * 8;  // the second eight tokens
  __m256i first = _mm256_setzero_si256(), second = first;
  for (std::size_t i = 0; i < a.head_width; i += 8) {
    KRAFT_UNROLL
    for (std::size_t pair = 0; pair < 4; ++pair) {
      const std::size_t at = i + 2 * pair;
      const __m256i of_query = both(query + at);
      first = _mm256_add_epi32(first, _mm256_madd_epi16(load(keys + at * 8), of_query));
      second = _mm256_add_epi32(second, _mm256_madd_epi16(load(later + at * 8), of_query));
    }
  }
  const __m128i shift = _mm_cvtsi32_si128(a.score_shifts[head]);
  std::int32_t* scores = a.scores + head * a.scores_stride + block * kBlockTokens;
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
  return _mm256_sub_epi32(_mm256_set1_epi32(a), _mm256_srai_epi32(_mm256_mullo_epi32(b, x), 15));
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

// Adds a block's values to what is mixed, and its weights to their sum.
KRAFT_AVX2 void mix(const Attention& a, std::size_t head, std::size_t block) {
  const std::int32_t* scores = a.scores + head * a.scores_stride + block * kBlockTokens;
  const __m256i first = load(scores), second = load(scores + 8);
  const std::int32_t octave = detail::octave_of(largest(_mm256_max_epi32(first, second)));
  const int lower = a.octaves[head] - octave;
  if (lower + a.mix_shift > 31) return;
  const __m256i above = _mm256_slli_epi32(_mm256_set1_epi32(octave), 16);
  const __m256i one = weights_of(_mm256_sub_epi32(above, first));
  const __m256i other = weights_of(_mm256_sub_epi32(above, second));
  alignas(32) std::int16_t weights[kBlockTokens];
  const __m256i narrow = _mm256_permute4x64_epi64(_mm256_packs_epi32(one, other), 0b11011000);
  _mm256_store_si256(reinterpret_cast<__m256i*>(weights), narrow);
  std::int32_t weight = total(_mm256_add_epi32(one, other));
  for (std::size_t t = a.tokens; t < (block + 1) * kBlockTokens; ++t) {
    weight -= weights[t - block * kBlockTokens];
    weights[t - block * kBlockTokens] = 0;
  }
  a.weights[head] += static_cast<std::uint64_t>(weight) << 12 >> lower;

  const std::int16_t* values = a.blocks[block] + a.values + head * a.head_width * kBlockTokens;
  std::int32_t* mixed = a.mixed + head * a.head_width;
  const __m128i shift = _mm_cvtsi32_si128(lower + a.mix_shift - 1);
  for (std::size_t i = 0; i < a.head_width; i += 8) {
    __m256i sum = _mm256_setzero_si256();
    KRAFT_UNROLL
    for (std::size_t pair = 0; pair < kBlockTokens / 2; ++pair)
      sum = _mm256_add_epi32(sum, _mm256_madd_epi16(load(values + (pair * a.head_width + i) * 2),
                                                    both(weights + 2 * pair)));
    sum =
        _mm256_srai_epi32(_mm256_add_epi32(_mm256_sra_epi32(sum, shift), _mm256_set1_epi32(1)), 1);
    store(mixed + i, _mm256_add_epi32(load(mixed + i), sum));
  }
}

// What lies a block further on, before it is needed.
KRAFT_AVX2_INLINE void prefetch(const std::int16_t* from, std::size_t values) {
  for (std::size_t i = 0; i < values; i += 32) _mm_prefetch(from + i, _MM_HINT_T0);
}

// Calls step(token, head, block) of all blocks, one head of one block after the other, so that it
// is read from memory once for all tokens; `part` is where keys or values begin.
template <std::size_t Attention::*Part, auto Step>
KRAFT_AVX2_INLINE void for_each_block(const Attention* tokens, std::size_t count) {
  const Attention* longest = tokens;
  for (const Attention* a = tokens; a != tokens + count; ++a) {
    if (a->tokens > longest->tokens) longest = a;
  }
  const std::size_t blocks = longest->blocks_count();
  const std::size_t of_head = longest->head_width * kBlockTokens;
  for (std::size_t b = 0; b < blocks; ++b) {
    for (std::size_t h = 0; h < longest->heads; ++h) {
      if (b + 1 < blocks) prefetch(longest->blocks[b + 1] + longest->*Part + h * of_head, of_head);
      for (const Attention* a = tokens; a != tokens + count; ++a) {
        if (b < a->blocks_count()) Step(*a, h, b);
      }
    }
  }
}

// Scores are filled up to whole blocks: tokens that are not there weigh nothing.
KRAFT_AVX2 void find_octaves(const Attention& a) {
  for (std::size_t h = 0; h < a.heads; ++h) {
    std::int32_t* scores = a.scores + h * a.scores_stride;
    std::fill(scores + a.tokens, scores + a.blocks_count() * kBlockTokens, kNoScore);
    __m256i most = _mm256_set1_epi32(kNoScore);
    for (std::size_t t = 0; t < a.blocks_count() * kBlockTokens; t += 8)
      most = _mm256_max_epi32(most, load(scores + t));
    a.octaves[h] = detail::octave_of(largest(most));
    a.weights[h] = 0;
  }
  std::fill_n(a.mixed, a.heads * a.head_width, 0);
}

KRAFT_AVX2 void attend(const Attention* tokens, std::size_t count) {
  for_each_block<&Attention::keys, score>(tokens, count);
  for (const Attention* a = tokens; a != tokens + count; ++a) find_octaves(*a);
  for_each_block<&Attention::values, mix>(tokens, count);
}

}  // namespace

const Kernels& avx2_kernels() {
  static const Kernels kernels = {multiply, attend};
  return kernels;
}

}  // namespace kraft::bytelm

#endif
