#include "models/bytelm/kernels_avx2.h"

#ifdef KRAFT_BYTELM_AVX2

#include <immintrin.h>

#include <algorithm>
#include <cstring>

#include "models/bytelm/attend.h"
#include "models/bytelm/loops.h"

namespace kraft::bytelm {
namespace {

#define KRAFT_KERNEL __attribute__((target("avx2")))
#define KRAFT_KERNEL_INLINE __attribute__((target("avx2"), always_inline)) inline

// Sums stay in registers where loops of a fixed length are written out.
#if defined(__clang__)
#define KRAFT_UNROLL _Pragma("unroll")
#else
#define KRAFT_UNROLL _Pragma("GCC unroll 8")
#endif

KRAFT_KERNEL_INLINE __m256i load(const std::int32_t* from) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
}
KRAFT_KERNEL_INLINE void store(std::int32_t* to, __m256i value) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), value);
}

// Two numbers, eight times.
KRAFT_KERNEL_INLINE __m256i both(const std::int16_t* pair) {
  std::int32_t two;
  std::memcpy(&two, pair, sizeof two);
  return _mm256_set1_epi32(two);
}

// Sixteen numbers, such as two columns of eight rows, widened to 16 bits.
KRAFT_KERNEL_INLINE __m256i widened(const std::int8_t* from) {
  return _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
}

// Eight, to 32 bits.
KRAFT_KERNEL_INLINE __m256i widened_to_32(const std::int8_t* from) {
  return _mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from)));
}

KRAFT_KERNEL_INLINE std::int32_t largest(__m256i a) {
  __m128i most = _mm_max_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
  most = _mm_max_epi32(most, _mm_shuffle_epi32(most, 0b01001110));
  most = _mm_max_epi32(most, _mm_shuffle_epi32(most, 0b10110001));
  return _mm_cvtsi128_si32(most);
}

KRAFT_KERNEL_INLINE std::int32_t total(__m256i a) {
  __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
  sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0b01001110));
  sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0b10110001));
  return _mm_cvtsi128_si32(sum);
}

// a - b x, in Q15.
KRAFT_KERNEL_INLINE __m256i less(std::int32_t a, __m256i b, __m256i x) {
  return _mm256_sub_epi32(_mm256_set1_epi32(a), _mm256_srai_epi32(_mm256_mullo_epi32(b, x), 15));
}

// detail::halved(), of what is twice the power. Shifts by 32 and more make zeros.
KRAFT_KERNEL_INLINE __m256i halved(__m256i twice, __m256i right) {
  return _mm256_srli_epi32(_mm256_add_epi32(_mm256_srlv_epi32(twice, right), _mm256_set1_epi32(1)),
                           1);
}

// Of eight scores: by themselves, and for values as they are kept.
struct Weights {
  __m256i whole, of_values;
};

KRAFT_KERNEL_INLINE Weights weights_of(__m256i below, const std::int8_t* value_shifts) {
  const __m256i x = _mm256_srli_epi32(_mm256_and_si256(below, _mm256_set1_epi32(0xFFFF)), 1);
  __m256i power = less(detail::kPower2, _mm256_set1_epi32(detail::kPower3), x);
  power = less(detail::kPower1, power, x);
  power = less(detail::kPower0, power, x);
  const __m256i twice = _mm256_slli_epi32(power, 1), right = _mm256_srli_epi32(below, 16);
  const __m256i more =
      _mm256_sub_epi32(_mm256_set1_epi32(kMostValueShift), widened_to_32(value_shifts));
  return {halved(twice, right), halved(twice, _mm256_add_epi32(right, more))};
}

// What tiles.inc is made of: sums by eight.
struct Vector {
  using Sums = __m256i;
  static constexpr std::size_t kLanes = 8;
  static constexpr int kStrips = 2, kInputs = 4;

  KRAFT_KERNEL_INLINE static Sums zero() { return _mm256_setzero_si256(); }
  KRAFT_KERNEL_INLINE static __m256i widened(const std::int8_t* from) {
    return bytelm::widened(from);
  }
  KRAFT_KERNEL_INLINE static __m256i both(const std::int16_t* pair) { return bytelm::both(pair); }
  KRAFT_KERNEL_INLINE static Sums with_products(Sums sums, __m256i a, __m256i b) {
    return _mm256_add_epi32(sums, _mm256_madd_epi16(a, b));
  }
  KRAFT_KERNEL_INLINE static void store(std::int32_t* to, Sums sums) { bytelm::store(to, sums); }
};

#include "models/bytelm/tiles.inc"

struct Parts {
  static constexpr int kMany = 4;

  template <int Tokens>
  KRAFT_KERNEL static void weigh(const Attention* tokens, std::size_t head, std::size_t first,
                                 std::size_t last) {
    for (std::size_t block = first; block < last; ++block) weigh_block<Tokens>(tokens, head, block);
  }

  KRAFT_KERNEL static void settle(const Attention& a, std::size_t head, std::size_t blocks) {
    loops::settle(a, head, blocks);
  }

  template <int Tokens>
  KRAFT_KERNEL static void mix(const Attention* tokens, std::size_t head, std::size_t first,
                               std::size_t last) {
    for (std::size_t block = first; block < last; ++block) mix_block<Tokens>(tokens, head, block);
  }

 private:
  template <int Tokens>
  KRAFT_KERNEL_INLINE static void weigh_block(const Attention* tokens, std::size_t head,
                                              std::size_t block) {
    const std::size_t head_width = tokens->head_width;
    const std::int8_t* keys =
        tokens->blocks[block] + tokens->keys + head * head_width * kBlockTokens;
    const std::int16_t* query[Tokens];
    __m256i low[Tokens], high[Tokens];
    KRAFT_UNROLL
    for (int k = 0; k < Tokens; ++k) {
      query[k] = tokens[k].queries + head * head_width;
      low[k] = high[k] = _mm256_setzero_si256();
    }
    for (std::size_t i = 0; i < head_width; i += 2, keys += 2 * kBlockTokens) {
      const __m256i one = widened(keys), other = widened(keys + kBlockTokens);
      KRAFT_UNROLL
      for (int k = 0; k < Tokens; ++k) {
        const __m256i of_query = both(query[k] + i);
        low[k] = _mm256_add_epi32(low[k], _mm256_madd_epi16(one, of_query));
        high[k] = _mm256_add_epi32(high[k], _mm256_madd_epi16(other, of_query));
      }
    }
    const std::int8_t* shifts = tokens->key_shifts(head, block);
    const __m256i left = widened_to_32(shifts), left_later = widened_to_32(shifts + 8);
    KRAFT_UNROLL
    for (int k = 0; k < Tokens; ++k) {
      const __m128i right = _mm_cvtsi32_si128(tokens[k].score_shifts[head]);
      keep_weights(tokens[k], head, block, _mm256_sra_epi32(_mm256_sllv_epi32(low[k], left), right),
                   _mm256_sra_epi32(_mm256_sllv_epi32(high[k], left_later), right));
    }
  }

  // Of a block's scores.
  KRAFT_KERNEL_INLINE static void keep_weights(const Attention& a, std::size_t head,
                                               std::size_t block, __m256i low, __m256i high) {
    const auto there =
        static_cast<std::int32_t>(a.tokens) - static_cast<std::int32_t>(block * kBlockTokens);
    if (there < static_cast<std::int32_t>(kBlockTokens)) {
      const __m256i none = _mm256_set1_epi32(kNoScore), end = _mm256_set1_epi32(there);
      const __m256i place = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
      low = _mm256_blendv_epi8(none, low, _mm256_cmpgt_epi32(end, place));
      high = _mm256_blendv_epi8(
          none, high, _mm256_cmpgt_epi32(end, _mm256_add_epi32(place, _mm256_set1_epi32(8))));
    }
    const std::int32_t octave = detail::octave_of(largest(_mm256_max_epi32(low, high)));
    const __m256i above = _mm256_slli_epi32(_mm256_set1_epi32(octave), 16);
    const std::int8_t* shifts = a.value_shifts(head, block);
    const Weights one = weights_of(_mm256_sub_epi32(above, low), shifts);
    const Weights other = weights_of(_mm256_sub_epi32(above, high), shifts + 8);
    const __m256i narrow =
        _mm256_permute4x64_epi64(_mm256_packs_epi32(one.of_values, other.of_values), 0b11011000);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(a.of_tokens + block * kBlockTokens), narrow);
    a.octaves[block] = octave;
    a.sums[block] = total(_mm256_add_epi32(one.whole, other.whole));
  }

  template <int Tokens>
  KRAFT_KERNEL_INLINE static void mix_block(const Attention* tokens, std::size_t head,
                                            std::size_t block) {
    const std::size_t head_width = tokens->head_width;
    const std::int8_t* values =
        tokens->blocks[block] + tokens->values + head * head_width * kBlockTokens;
    for (std::size_t i = 0; i < head_width; i += 8) {
      __m256i sum[Tokens];
      KRAFT_UNROLL
      for (int k = 0; k < Tokens; ++k) sum[k] = _mm256_set1_epi32(tokens[k].sums[block]);
      KRAFT_UNROLL
      for (std::size_t pair = 0; pair < kBlockTokens / 2; ++pair) {
        const __m256i of_pair = widened(values + (pair * head_width + i) * 2);
        KRAFT_UNROLL
        for (int k = 0; k < Tokens; ++k)
          sum[k] = _mm256_add_epi32(
              sum[k], _mm256_madd_epi16(
                          of_pair, both(tokens[k].of_tokens + block * kBlockTokens + 2 * pair)));
      }
      KRAFT_UNROLL
      for (int k = 0; k < Tokens; ++k) {
        std::int32_t* mixed = tokens[k].mixed + head * head_width + i;
        const __m128i right = _mm_cvtsi32_si128(tokens[k].octaves[block]);
        store(mixed, _mm256_add_epi32(load(mixed), _mm256_sra_epi32(sum[k], right)));
      }
    }
  }
};

}  // namespace

const Kernels& avx2_kernels() {
  static const Kernels kernels = with_plain_loops(multiply, Attend<Parts>::attend);
  return kernels;
}

}  // namespace kraft::bytelm

#endif
