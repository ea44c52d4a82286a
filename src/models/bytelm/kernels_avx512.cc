#include "models/bytelm/kernels_avx512.h"

#ifdef KRAFT_BYTELM_AVX512

// GCC 12 takes what its own header leaves undefined on purpose for a mistake (GCC bug 105593).
#if !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>
#if !defined(__clang__)
#pragma GCC diagnostic pop
#endif

#include <algorithm>
#include <cstring>

#include "models/bytelm/attend_by_blocks.h"
#include "models/bytelm/loops.h"

namespace kraft::bytelm {
namespace {

#define KRAFT_TARGET "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"
#define KRAFT_AVX512 __attribute__((target(KRAFT_TARGET)))
#define KRAFT_AVX512_INLINE __attribute__((target(KRAFT_TARGET), always_inline)) inline

// Sums stay in registers where loops of a fixed length are written out.
#if defined(__clang__)
#define KRAFT_UNROLL _Pragma("unroll")
#else
#define KRAFT_UNROLL _Pragma("GCC unroll 8")
#endif

constexpr std::size_t kRows = 8;
constexpr int kNothingLeft = 31;  // of sums that are shifted by so much

KRAFT_AVX512_INLINE __m128i load_16(const std::int8_t* from) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
}

KRAFT_AVX512_INLINE __m512i load(const std::int32_t* from) { return _mm512_loadu_si512(from); }

// Two numbers, sixteen times.
KRAFT_AVX512_INLINE __m512i both(const std::int16_t* pair) {
  std::int32_t two;
  std::memcpy(&two, pair, sizeof two);
  return _mm512_set1_epi32(two);
}

// Twice sixteen numbers, widened to 16 bits.
KRAFT_AVX512_INLINE __m512i widened(const std::int8_t* first, const std::int8_t* second) {
  return _mm512_cvtepi8_epi16(
      _mm256_inserti128_si256(_mm256_castsi128_si256(load_16(first)), load_16(second), 1));
}

// `Pairs` pairs of blocks of rows by `Inputs` inputs: what is loaded of one serves all of the
// other.
template <int Pairs, int Inputs>
KRAFT_AVX512 void multiply_tile(const std::int8_t* weights, std::size_t columns,
                                const std::int16_t* const* inputs, std::int32_t* const* sums,
                                std::size_t row) {
  const std::size_t of_block = kRows * columns;
  __m512i sum[Pairs][Inputs];
  KRAFT_UNROLL
  for (int p = 0; p < Pairs; ++p) {
    KRAFT_UNROLL
    for (int k = 0; k < Inputs; ++k) sum[p][k] = _mm512_setzero_si512();
  }
  for (std::size_t c = 0; c < columns; c += 2) {
    __m512i of_pair[Pairs];
    KRAFT_UNROLL
    for (int p = 0; p < Pairs; ++p) {
      const std::int8_t* first = weights + static_cast<std::size_t>(2 * p) * of_block + c * kRows;
      of_pair[p] = widened(first, first + of_block);
    }
    KRAFT_UNROLL
    for (int k = 0; k < Inputs; ++k) {
      const __m512i input = both(inputs[k] + c);
      KRAFT_UNROLL
      for (int p = 0; p < Pairs; ++p) sum[p][k] = _mm512_dpwssd_epi32(sum[p][k], of_pair[p], input);
    }
  }
  KRAFT_UNROLL
  for (int p = 0; p < Pairs; ++p) {
    KRAFT_UNROLL
    for (int k = 0; k < Inputs; ++k)
      _mm512_storeu_si512(sums[k] + row + static_cast<std::size_t>(2 * p) * kRows, sum[p][k]);
  }
}

// One block that has no second one.
KRAFT_AVX512 void multiply_last(const std::int8_t* weights, std::size_t columns,
                                const std::int16_t* input, std::int32_t* sums) {
  __m256i sum = _mm256_setzero_si256();
  for (std::size_t c = 0; c < columns; c += 2)
    sum = _mm256_dpwssd_epi32(sum, _mm256_cvtepi8_epi16(load_16(weights + c * kRows)),
                              _mm512_castsi512_si256(both(input + c)));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(sums), sum);
}

// All inputs by the same rows, which stay in the nearest cache.
template <int Pairs>
KRAFT_AVX512 void multiply_rows(const std::int8_t* weights, std::size_t columns,
                                const std::int16_t* const* inputs, std::size_t count,
                                std::int32_t* const* sums, std::size_t row) {
  std::size_t k = 0;
  for (; k + 4 <= count; k += 4)
    multiply_tile<Pairs, 4>(weights, columns, inputs + k, sums + k, row);
  for (; k + 2 <= count; k += 2)
    multiply_tile<Pairs, 2>(weights, columns, inputs + k, sums + k, row);
  if (k < count) multiply_tile<Pairs, 1>(weights, columns, inputs + k, sums + k, row);
}

KRAFT_AVX512 void multiply(const std::int8_t* weights, std::size_t blocks, std::size_t columns,
                           const std::int16_t* const* inputs, std::size_t count,
                           std::int32_t* const* sums) {
  const std::size_t of_block = kRows * columns;
  std::size_t block = 0;
  for (; block + 8 <= blocks; block += 8)
    multiply_rows<4>(weights + block * of_block, columns, inputs, count, sums, block * kRows);
  for (; block + 2 <= blocks; block += 2)
    multiply_rows<1>(weights + block * of_block, columns, inputs, count, sums, block * kRows);
  for (std::size_t k = 0; block < blocks && k < count; ++k)
    multiply_last(weights + block * of_block, columns, inputs[k], sums[k] + block * kRows);
}

KRAFT_AVX512_INLINE __m512i joined(__m256i first, __m256i second) {
  return _mm512_inserti64x4(_mm512_castsi256_si512(first), second, 1);
}

// 2^-x for so many scores that lie `below` octaves in Q16 below theirs: as they are, and for values
// as they are kept, which are `more` bits smaller. All of it in 16 bits: what lies above the lower
// 16 of a product of two numbers, one of which was doubled, is the product over 2^15.
KRAFT_AVX512_INLINE void powers(__m512i below_first, __m512i below_second, __m512i more,
                                __m512i& whole, __m512i& of_values) {
  const __m512i x = _mm512_srli_epi16(
      joined(_mm512_cvtepi32_epi16(below_first), _mm512_cvtepi32_epi16(below_second)), 1);
  const __m512i right = joined(_mm512_cvtepi32_epi16(_mm512_srli_epi32(below_first, 16)),
                               _mm512_cvtepi32_epi16(_mm512_srli_epi32(below_second, 16)));
  __m512i power = _mm512_set1_epi16(2 * detail::kPower3);
  power = _mm512_sub_epi16(_mm512_set1_epi16(detail::kPower2), _mm512_mulhi_epu16(power, x));
  power = _mm512_sub_epi16(_mm512_set1_epi16(detail::kPower1),
                           _mm512_mulhi_epu16(_mm512_add_epi16(power, power), x));
  power = _mm512_sub_epi16(_mm512_set1_epi16(detail::kPower0),
                           _mm512_mulhi_epu16(_mm512_add_epi16(power, power), x));
  const __m512i twice = _mm512_add_epi16(power, power), one = _mm512_set1_epi16(1);
  whole = _mm512_srli_epi16(_mm512_add_epi16(_mm512_srlv_epi16(twice, right), one), 1);
  const __m512i further = _mm512_adds_epu16(right, more);
  of_values = _mm512_srli_epi16(_mm512_add_epi16(_mm512_srlv_epi16(twice, further), one), 1);
}

// A token's scores in a block.
struct BlockScores {
  std::int32_t octave;
  __m512i below;
};

KRAFT_AVX512_INLINE BlockScores scores_of(const Attention& a, std::size_t head, std::size_t block) {
  const __m512i scores = load(a.scores + head * a.scores_stride + block * kBlockTokens);
  const std::int32_t octave = detail::octave_of(_mm512_reduce_max_epi32(scores));
  const __m512i above =
      _mm512_set1_epi32(static_cast<std::int32_t>(static_cast<std::uint32_t>(octave) << 16));
  return {octave, _mm512_sub_epi32(above, scores)};
}

// Adds the weights of a block's scores to their sum. Returns by how much what they make is to be
// shifted, less 1; 31 where nothing is left of it.
KRAFT_AVX512_INLINE int add_weights(const Attention& a, std::size_t head, std::int32_t octave,
                                    __m256i whole) {
  const int lower = a.octaves[head] - octave;
  if (lower + a.mix_shift > 31) return kNothingLeft;
  const __m256i pairs = _mm256_madd_epi16(whole, _mm256_set1_epi16(1));
  __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(pairs), _mm256_extracti128_si256(pairs, 1));
  sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0b01001110));
  sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0b10110001));
  a.weights[head] += static_cast<std::uint64_t>(_mm_cvtsi128_si32(sum)) << 12 >> lower;
  return lower + a.mix_shift - 1;
}

struct Parts {
  static constexpr std::size_t kMany = 8;

  template <int Tokens>
  KRAFT_AVX512 static void score(const Attention* tokens, std::size_t head, std::size_t block) {
    const std::size_t head_width = tokens->head_width;
    const std::int8_t* keys =
        tokens->blocks[block] + tokens->keys + head * head_width * kBlockTokens;
    const std::int8_t* later = keys + head_width * 8;  // the second eight tokens
    const std::int16_t* query[Tokens];
    __m512i sum[Tokens];
    KRAFT_UNROLL
    for (int k = 0; k < Tokens; ++k) {
      query[k] = tokens[k].queries + head * head_width;
      sum[k] = _mm512_setzero_si512();
    }
    for (std::size_t i = 0; i < head_width; i += 2) {
      const __m512i of_pair = widened(keys + i * 8, later + i * 8);
      KRAFT_UNROLL
      for (int k = 0; k < Tokens; ++k)
        sum[k] = _mm512_dpwssd_epi32(sum[k], of_pair, both(query[k] + i));
    }
    const __m512i left = _mm512_cvtepi8_epi32(load_16(tokens->key_shifts(head, block)));
    KRAFT_UNROLL
    for (int k = 0; k < Tokens; ++k) {
      const __m128i right = _mm_cvtsi32_si128(tokens[k].score_shifts[head]);
      std::int32_t* to = tokens[k].scores + head * tokens[k].scores_stride + block * kBlockTokens;
      _mm512_storeu_si512(to, _mm512_sra_epi32(_mm512_sllv_epi32(sum[k], left), right));
    }
  }

  // Finds the weights of a block's values, and how what they make is to be shifted.
  template <int Tokens>
  KRAFT_AVX512_INLINE static void weigh(const Attention* tokens, std::size_t head,
                                        std::size_t block,
                                        std::int16_t (&weights)[Tokens][kBlockTokens],
                                        __m128i (&shifts)[Tokens]) {
    const __m256i more_of_one =
        _mm256_sub_epi16(_mm256_set1_epi16(kMostValueShift),
                         _mm256_cvtepi8_epi16(load_16(tokens->value_shifts(head, block))));
    const __m512i more = _mm512_broadcast_i64x4(more_of_one);
    for (int k = 0; k < Tokens; k += 2) {
      const bool two = k + 1 < Tokens;
      const BlockScores first = scores_of(tokens[k], head, block);
      const BlockScores second = two ? scores_of(tokens[k + 1], head, block) : first;
      __m512i whole, of_values;
      powers(first.below, second.below, more, whole, of_values);
      shifts[k] = _mm_cvtsi32_si128(
          add_weights(tokens[k], head, first.octave, _mm512_castsi512_si256(whole)));
      if (two) {
        shifts[k + 1] = _mm_cvtsi32_si128(
            add_weights(tokens[k + 1], head, second.octave, _mm512_extracti64x4_epi64(whole, 1)));
        _mm512_store_si512(weights[k], of_values);
      } else {
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(weights[k]),
                            _mm512_castsi512_si256(of_values));
      }
    }
  }

  // Sixteen numbers of the values, or the eight of them that `There` has.
  template <int Tokens, __mmask16 There>
  KRAFT_AVX512_INLINE static void mix_numbers(const Attention* tokens, std::size_t head,
                                              const std::int8_t* values, std::size_t i,
                                              const std::int16_t (&weights)[Tokens][kBlockTokens],
                                              const __m128i (&shifts)[Tokens]) {
    const std::size_t head_width = tokens->head_width;
    __m512i sum[Tokens];
    KRAFT_UNROLL
    for (int k = 0; k < Tokens; ++k) sum[k] = _mm512_setzero_si512();
    KRAFT_UNROLL
    for (std::size_t pair = 0; pair < kBlockTokens / 2; ++pair) {
      const std::int8_t* from = values + (pair * head_width + i) * 2;
      const __m512i of_pair = _mm512_cvtepi8_epi16(
          There == 0xFFFF ? _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from))
                          : _mm256_zextsi128_si256(load_16(from)));
      KRAFT_UNROLL
      for (int k = 0; k < Tokens; ++k)
        sum[k] = _mm512_dpwssd_epi32(sum[k], of_pair, both(weights[k] + 2 * pair));
    }
    KRAFT_UNROLL
    for (int k = 0; k < Tokens; ++k) {
      std::int32_t* mixed = tokens[k].mixed + head * head_width + i;
      const __m512i twice = _mm512_sra_epi32(sum[k], shifts[k]);
      const __m512i rounded = _mm512_srai_epi32(_mm512_add_epi32(twice, _mm512_set1_epi32(1)), 1);
      if (There == 0xFFFF) {
        _mm512_storeu_si512(mixed, _mm512_add_epi32(load(mixed), rounded));
      } else {
        _mm512_mask_storeu_epi32(mixed, There,
                                 _mm512_add_epi32(_mm512_maskz_loadu_epi32(There, mixed), rounded));
      }
    }
  }

  template <int Tokens>
  KRAFT_AVX512 static void mix(const Attention* tokens, std::size_t head, std::size_t block) {
    const std::size_t head_width = tokens->head_width;
    alignas(64) std::int16_t weights[Tokens][kBlockTokens];
    __m128i shifts[Tokens];
    weigh<Tokens>(tokens, head, block, weights, shifts);
    const std::int8_t* values =
        tokens->blocks[block] + tokens->values + head * head_width * kBlockTokens;
    std::size_t i = 0;
    for (; i + 16 <= head_width; i += 16)
      mix_numbers<Tokens, 0xFFFF>(tokens, head, values, i, weights, shifts);
    if (i < head_width) mix_numbers<Tokens, 0x00FF>(tokens, head, values, i, weights, shifts);
  }

  static constexpr auto score_many = score<kMany>, score_one = score<1>;
  static constexpr auto mix_many = mix<kMany>, mix_one = mix<1>;

  // Scores are filled up to whole blocks: tokens that are not there weigh nothing.
  KRAFT_AVX512 static void find_octave(const Attention& a, std::size_t head) {
    std::int32_t* scores = a.scores + head * a.scores_stride;
    std::fill(scores + a.tokens, scores + a.blocks_count() * kBlockTokens, kNoScore);
    __m512i most = _mm512_set1_epi32(kNoScore);
    for (std::size_t t = 0; t < a.blocks_count() * kBlockTokens; t += kBlockTokens)
      most = _mm512_max_epi32(most, load(scores + t));
    a.octaves[head] = detail::octave_of(_mm512_reduce_max_epi32(most));
    a.weights[head] = 0;
    std::fill_n(a.mixed + head * a.head_width, a.head_width, 0);
  }
};

// The loops between products are compiled for these instructions as well.
#if defined(__clang__)
#define KRAFT_AVX512_LOOP KRAFT_AVX512
#else
#define KRAFT_AVX512_LOOP \
  __attribute__((target(KRAFT_TARGET ",prefer-vector-width=512"), optimize("O3")))
#endif

KRAFT_AVX512_LOOP void scale(const std::uint16_t* scales, std::int32_t factor,
                             const std::int32_t* sums, std::size_t count, int right,
                             std::int32_t* to) {
  loops::scale(scales, factor, sums, count, right, to);
}
KRAFT_AVX512_LOOP Scale normalise(const std::int32_t* x, const std::int32_t* gain,
                                  std::size_t count, std::uint64_t epsilon_q32, std::int64_t* wide,
                                  std::int16_t* to) {
  return loops::normalise(x, gain, count, epsilon_q32, wide, to);
}
KRAFT_AVX512_LOOP int round(const std::int64_t* wide, std::size_t count, int bits,
                            std::int16_t* to) {
  return loops::round(wide, count, bits, to);
}
KRAFT_AVX512_LOOP int narrow(const std::int32_t* numbers, std::size_t count, int right,
                             std::int64_t most, std::int16_t* kept) {
  return loops::narrow(numbers, count, right, most, kept);
}
KRAFT_AVX512_LOOP void turn(const Rotation* rotation, std::size_t pairs, std::int32_t* numbers) {
  loops::turn(rotation, pairs, numbers);
}
KRAFT_AVX512_LOOP void mix_values(const std::int32_t* from, std::size_t count, std::int64_t factor,
                                  int right, int left, std::int64_t* wide) {
  loops::mix(from, count, factor, right, left, wide);
}
KRAFT_AVX512_LOOP void activate(const std::int32_t* gate, const std::int32_t* up, std::size_t count,
                                const std::int32_t* sigmoids, std::int64_t* wide) {
  loops::activate(gate, up, count, sigmoids, wide);
}

}  // namespace

bool has_avx512() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512vnni");
}

const Kernels& avx512_kernels() {
  static const Kernels kernels = {.multiply = multiply,
                                  .attend = AttendByBlocks<Parts>::attend,
                                  .scale = scale,
                                  .normalise = normalise,
                                  .round = round,
                                  .narrow = narrow,
                                  .turn = turn,
                                  .mix = mix_values,
                                  .activate = activate};
  return kernels;
}

}  // namespace kraft::bytelm

#endif
