#include "models/bytelm/kernels_avx2.h"

#ifdef KRAFT_BYTELM_AVX2

#include <immintrin.h>

#include <algorithm>
#include <cstring>

#include "models/bytelm/attend_by_blocks.h"

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

// Sixteen numbers, such as two columns of eight rows, widened to 16 bits.
KRAFT_AVX2_INLINE __m256i widened(const std::int8_t* from) {
  return _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
}

// Eight, to 32 bits.
KRAFT_AVX2_INLINE __m256i widened_to_32(const std::int8_t* from) {
  return _mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from)));
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

// The scores of a block's tokens, for `Tokens` queries that read the same block.
template <int Tokens>
KRAFT_AVX2 void score(const Attention* tokens, std::size_t head, std::size_t block) {
  const std::size_t head_width = tokens->head_width;
  const std::int8_t* keys = tokens->blocks[block] + tokens->keys + head * head_width * kBlockTokens;
  const std::int8_t* later = keys + head_width * 8;  // the second eight tokens
  const std::int16_t* query[Tokens];
  __m256i first[Tokens], second[Tokens];
  KRAFT_UNROLL
  for (int k = 0; k < Tokens; ++k) {
    query[k] = tokens[k].queries + head * head_width;
    first[k] = second[k] = _mm256_setzero_si256();
  }
  for (std::size_t i = 0; i < head_width; i += 2) {
    const __m256i one = widened(keys + i * 8), other = widened(later + i * 8);
    KRAFT_UNROLL
    for (int k = 0; k < Tokens; ++k) {
      const __m256i of_query = both(query[k] + i);
      first[k] = _mm256_add_epi32(first[k], _mm256_madd_epi16(one, of_query));
      second[k] = _mm256_add_epi32(second[k], _mm256_madd_epi16(other, of_query));
    }
  }
  const std::int8_t* shifts = tokens->key_shifts(head, block);
  const __m256i left = widened_to_32(shifts), left_later = widened_to_32(shifts + 8);
  KRAFT_UNROLL
  for (int k = 0; k < Tokens; ++k) {
    const __m128i right = _mm_cvtsi32_si128(tokens[k].score_shifts[head]);
    std::int32_t* to = tokens[k].scores + head * tokens[k].scores_stride + block * kBlockTokens;
    store(to, _mm256_sra_epi32(_mm256_sllv_epi32(first[k], left), right));
    store(to + 8, _mm256_sra_epi32(_mm256_sllv_epi32(second[k], left_later), right));
  }
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

// detail::halved(), of what is twice the power. Shifts by 32 and more make zeros.
KRAFT_AVX2_INLINE __m256i halved(__m256i twice, __m256i right) {
  return _mm256_srli_epi32(_mm256_add_epi32(_mm256_srlv_epi32(twice, right), _mm256_set1_epi32(1)),
                           1);
}

// Of eight scores: by themselves, and for values as they are kept.
struct Weights {
  __m256i whole, of_values;
};

KRAFT_AVX2_INLINE Weights weights_of(__m256i below, const std::int8_t* value_shifts) {
  const __m256i x = _mm256_srli_epi32(_mm256_and_si256(below, _mm256_set1_epi32(0xFFFF)), 1);
  __m256i power = less(detail::kPower2, _mm256_set1_epi32(detail::kPower3), x);
  power = less(detail::kPower1, power, x);
  power = less(detail::kPower0, power, x);
  const __m256i twice = _mm256_slli_epi32(power, 1), right = _mm256_srli_epi32(below, 16);
  const __m256i more =
      _mm256_sub_epi32(_mm256_set1_epi32(kMostValueShift), widened_to_32(value_shifts));
  return {halved(twice, right), halved(twice, _mm256_add_epi32(right, more))};
}

using BlockWeights = std::int16_t[kBlockTokens];

// Finds the weights of a block's values, and adds those of its scores to their sum. Returns by how
// much what they make is to be shifted, less 1.
KRAFT_AVX2 int weigh(const Attention& a, std::size_t head, std::size_t block,
                     BlockWeights& weights) {
  const std::int32_t* scores = a.scores + head * a.scores_stride + block * kBlockTokens;
  const __m256i first = load(scores), second = load(scores + 8);
  const std::int32_t octave = detail::octave_of(largest(_mm256_max_epi32(first, second)));
  const int lower = a.octaves[head] - octave;
  if (lower + a.mix_shift > 31) {
    std::fill_n(weights, kBlockTokens, std::int16_t{0});
    return 0;
  }
  const __m256i above = _mm256_slli_epi32(_mm256_set1_epi32(octave), 16);
  const std::int8_t* shifts = a.value_shifts(head, block);
  const Weights one = weights_of(_mm256_sub_epi32(above, first), shifts);
  const Weights other = weights_of(_mm256_sub_epi32(above, second), shifts + 8);
  const __m256i narrow =
      _mm256_permute4x64_epi64(_mm256_packs_epi32(one.of_values, other.of_values), 0b11011000);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(weights), narrow);
  const std::int32_t weight = total(_mm256_add_epi32(one.whole, other.whole));
  a.weights[head] += static_cast<std::uint64_t>(weight) << 12 >> lower;
  return lower + a.mix_shift - 1;
}

// Adds a block's values to what is mixed, for `Tokens` tokens that read the same block.
template <int Tokens>
KRAFT_AVX2 void mix(const Attention* tokens, std::size_t head, std::size_t block) {
  const std::size_t head_width = tokens->head_width;
  BlockWeights weights[Tokens];
  __m128i shifts[Tokens];
  for (int k = 0; k < Tokens; ++k)
    shifts[k] = _mm_cvtsi32_si128(weigh(tokens[k], head, block, weights[k]));
  const std::int8_t* values =
      tokens->blocks[block] + tokens->values + head * head_width * kBlockTokens;
  for (std::size_t i = 0; i < head_width; i += 8) {
    __m256i sum[Tokens];
    KRAFT_UNROLL
    for (int k = 0; k < Tokens; ++k) sum[k] = _mm256_setzero_si256();
    KRAFT_UNROLL
    for (std::size_t pair = 0; pair < kBlockTokens / 2; ++pair) {
      const __m256i of_pair = widened(values + (pair * head_width + i) * 2);
      KRAFT_UNROLL
      for (int k = 0; k < Tokens; ++k)
        sum[k] = _mm256_add_epi32(sum[k], _mm256_madd_epi16(of_pair, both(weights[k] + 2 * pair)));
    }
    KRAFT_UNROLL
    for (int k = 0; k < Tokens; ++k) {
      std::int32_t* mixed = tokens[k].mixed + head * head_width + i;
      const __m256i twice = _mm256_sra_epi32(sum[k], shifts[k]);
      const __m256i rounded = _mm256_srai_epi32(_mm256_add_epi32(twice, _mm256_set1_epi32(1)), 1);
      store(mixed, _mm256_add_epi32(load(mixed), rounded));
    }
  }
}

// Scores are filled up to whole blocks: tokens that are not there weigh nothing.
KRAFT_AVX2 void find_octave(const Attention& a, std::size_t head) {
  std::int32_t* scores = a.scores + head * a.scores_stride;
  std::fill(scores + a.tokens, scores + a.blocks_count() * kBlockTokens, kNoScore);
  __m256i most = _mm256_set1_epi32(kNoScore);
  for (std::size_t t = 0; t < a.blocks_count() * kBlockTokens; t += 8)
    most = _mm256_max_epi32(most, load(scores + t));
  a.octaves[head] = detail::octave_of(largest(most));
  a.weights[head] = 0;
  std::fill_n(a.mixed + head * a.head_width, a.head_width, 0);
}

struct Parts {
  static constexpr std::size_t kMany = 4;
  static constexpr auto score_many = score<4>, score_one = score<1>;
  static constexpr auto mix_many = mix<4>, mix_one = mix<1>;
  static constexpr auto find_octave = bytelm::find_octave;
};

}  // namespace

const Kernels& avx2_kernels() {
  static const Kernels kernels = with_plain_loops(multiply, AttendByBlocks<Parts>::attend);
  return kernels;
}

}  // namespace kraft::bytelm

#endif
