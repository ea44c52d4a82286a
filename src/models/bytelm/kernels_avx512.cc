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

#include "models/bytelm/attend.h"
#include "models/bytelm/loops.h"

namespace kraft::bytelm {
namespace {

#define KRAFT_TARGET "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"
#define KRAFT_KERNEL __attribute__((target(KRAFT_TARGET)))
#define KRAFT_KERNEL_INLINE __attribute__((target(KRAFT_TARGET), always_inline)) inline

// Sums stay in registers where loops of a fixed length are written out.
#if defined(__clang__)
#define KRAFT_UNROLL _Pragma("unroll")
#else
#define KRAFT_UNROLL _Pragma("GCC unroll 8")
#endif

KRAFT_KERNEL_INLINE __m128i load_16(const std::int8_t* from) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
}

KRAFT_KERNEL_INLINE __m256i load_32(const std::int8_t* from) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
}

// What tiles.inc is made of: sums by sixteen.
struct Vector {
  using Sums = __m512i;
  static constexpr std::size_t kLanes = 16;
  static constexpr int kStrips = 4, kInputs = 6;

  KRAFT_KERNEL_INLINE static Sums zero() { return _mm512_setzero_si512(); }
  KRAFT_KERNEL_INLINE static __m512i widened(const std::int8_t* from) {
    return _mm512_cvtepi8_epi16(load_32(from));
  }
  // Two numbers, sixteen times.
  KRAFT_KERNEL_INLINE static __m512i both(const std::int16_t* pair) {
    std::int32_t two;
    std::memcpy(&two, pair, sizeof two);
    return _mm512_set1_epi32(two);
  }
  KRAFT_KERNEL_INLINE static Sums with_products(Sums sums, __m512i a, __m512i b) {
    return _mm512_dpwssd_epi32(sums, a, b);
  }
  KRAFT_KERNEL_INLINE static void store(std::int32_t* to, Sums sums) {
    _mm512_storeu_si512(to, sums);
  }
};

#include "models/bytelm/tiles.inc"

struct Larger {
  KRAFT_KERNEL_INLINE static __m512i of(__m512i a, __m512i b) { return _mm512_max_epi32(a, b); }
};
struct Sum {
  KRAFT_KERNEL_INLINE static __m512i of(__m512i a, __m512i b) { return _mm512_add_epi32(a, b); }
};

// Sixteen numbers of each of two vectors become eight of each: a's, then b's.
template <typename Operation>
KRAFT_KERNEL_INLINE __m512i halves(__m512i a, __m512i b) {
  return Operation::of(_mm512_inserti64x4(a, _mm512_castsi512_si256(b), 1),
                       _mm512_shuffle_i64x2(a, b, 0b11'10'11'10));
}

// Of eight numbers for each of 0 and 4, 1 and 5, 2 and 6, 3 and 7, all of 0 to 7.
template <typename Operation>
KRAFT_KERNEL_INLINE __m256i eight_of(const __m512i (&pairs)[4]) {
  __m512i four[2];
  KRAFT_UNROLL
  for (int i = 0; i < 2; ++i)  // by quarters: i, i + 4, i + 2, i + 6
    four[i] = Operation::of(_mm512_shuffle_i64x2(pairs[i], pairs[i + 2], 0b10'00'10'00),
                            _mm512_shuffle_i64x2(pairs[i], pairs[i + 2], 0b11'01'11'01));
  const __m512i two = Operation::of(_mm512_unpacklo_epi64(four[0], four[1]),
                                    _mm512_unpackhi_epi64(four[0], four[1]));
  const __m512i one = Operation::of(two, _mm512_shuffle_epi32(two, _MM_PERM_CDAB));
  const __m512i places = _mm512_setr_epi32(0, 2, 8, 10, 4, 6, 12, 14, 0, 0, 0, 0, 0, 0, 0, 0);
  return _mm512_castsi512_si256(_mm512_permutexvar_epi32(places, one));
}

// The lower 16 bits of twice sixteen numbers, or the upper ones.
struct Halves {
  alignas(64) std::int16_t places[2][32];
};
constexpr Halves make_halves() {
  Halves halves{};
  for (std::int16_t i = 0; i < 64; ++i) halves.places[i % 2][i / 2] = i;
  return halves;
}
constexpr Halves kHalves = make_halves();

// 2^-x for 32 scores that lie so far below their octaves, of which `low` and `high` are the lower
// and upper 16 bits: as they are, and for values as they are kept, which are `more` bits smaller.
// All of it in 16 bits: what lies above the lower 16 of a product by twice the fraction is the
// product over 2^15.
struct Powers {
  __m512i whole, of_values;
};
KRAFT_KERNEL_INLINE __m512i less(std::int16_t a, __m512i b, __m512i twice_x) {
  return _mm512_sub_epi16(_mm512_set1_epi16(a), _mm512_mulhi_epu16(b, twice_x));
}
KRAFT_KERNEL_INLINE Powers powers(__m512i low, __m512i high, __m512i more) {
  const __m512i twice_x = _mm512_and_si512(low, _mm512_set1_epi16(-2));
  __m512i power = less(detail::kPower2, _mm512_set1_epi16(detail::kPower3), twice_x);
  power = less(detail::kPower1, power, twice_x);
  power = less(detail::kPower0, power, twice_x);
  const __m512i twice = _mm512_add_epi16(power, power), zero = _mm512_setzero_si512();
  return {_mm512_avg_epu16(_mm512_srlv_epi16(twice, high), zero),
          _mm512_avg_epu16(_mm512_srlv_epi16(twice, _mm512_adds_epu16(high, more)), zero)};
}

struct Parts {
  static constexpr int kMany = 4;

  template <int Tokens>
  KRAFT_KERNEL static void weigh(const Attention* tokens, std::size_t head, std::size_t first,
                                 std::size_t last) {
    alignas(64) Scores scores[Tokens];
    for (std::size_t block = first; block < last; block += kBlocks) {
      for (std::size_t b = block; b < std::min(block + kBlocks, last); b += kBlocks / Tokens)
        find_scores<Tokens>(tokens, head, b, last, b - block, scores);
      for (int k = 0; k < Tokens; ++k) weigh_scores(tokens[k], head, block, last, scores[k]);
    }
  }

  template <int Tokens>
  KRAFT_KERNEL static void mix(const Attention* tokens, std::size_t head, std::size_t first,
                               std::size_t last) {
    std::size_t i = 0;
    for (; i + 32 <= tokens->head_width; i += 32)
      mix_numbers<Tokens, 2, 0xFFFF>(tokens, head, first, last, i);
    for (; i + 16 <= tokens->head_width; i += 16)
      mix_numbers<Tokens, 1, 0xFFFF>(tokens, head, first, last, i);
    if (i < tokens->head_width) mix_numbers<Tokens, 1, 0x00FF>(tokens, head, first, last, i);
  }

  static void settle(const Attention& a, std::size_t head, std::size_t blocks);

 private:
  static constexpr std::size_t kBlocks = 8;  // weighed at once
  using Scores = std::int32_t[kBlocks][kBlockTokens];

  // Of eight blocks and tokens at once; beyond the last block stands anything.
  template <int Tokens>
  KRAFT_KERNEL_INLINE static void find_scores(const Attention* tokens, std::size_t head,
                                              std::size_t block, std::size_t last,
                                              std::size_t place, Scores* scores) {
    constexpr int kSome = static_cast<int>(kBlocks) / Tokens;
    const std::size_t head_width = tokens->head_width;
    const std::int8_t* keys[kSome];
    __m512i left[kSome], sum[Tokens][kSome];
    KRAFT_UNROLL
    for (int b = 0; b < kSome; ++b) {
      const std::size_t at = std::min(block + static_cast<std::size_t>(b), last - 1);
      keys[b] = tokens->blocks[at] + tokens->keys + head * head_width * kBlockTokens;
      left[b] = _mm512_cvtepi8_epi32(load_16(tokens->key_shifts(head, at)));
      KRAFT_UNROLL
      for (int k = 0; k < Tokens; ++k) sum[k][b] = _mm512_setzero_si512();
    }
    for (std::size_t four = 0; four < head_width; four += 8) {
      KRAFT_UNROLL
      for (std::size_t i = four; i < four + 8; i += 2) {
        __m512i of_pair[kSome];
        KRAFT_UNROLL
        for (int b = 0; b < kSome; ++b) of_pair[b] = Vector::widened(keys[b] + i * kBlockTokens);
        KRAFT_UNROLL
        for (int k = 0; k < Tokens; ++k) {
          const __m512i query = Vector::both(tokens[k].queries + head * head_width + i);
          KRAFT_UNROLL
          for (int b = 0; b < kSome; ++b)
            sum[k][b] = _mm512_dpwssd_epi32(sum[k][b], of_pair[b], query);
        }
      }
    }
    KRAFT_UNROLL
    for (int k = 0; k < Tokens; ++k) {
      const __m128i right = _mm_cvtsi32_si128(tokens[k].score_shifts[head]);
      KRAFT_UNROLL
      for (int b = 0; b < kSome; ++b)
        _mm512_store_si512(scores[k][place + static_cast<std::size_t>(b)],
                           _mm512_sra_epi32(_mm512_sllv_epi32(sum[k][b], left[b]), right));
    }
  }

  // From scores of eight blocks of a token to weights.
  KRAFT_KERNEL_INLINE static void weigh_scores(const Attention& a, std::size_t head,
                                               std::size_t block, std::size_t last,
                                               Scores& scores) {
    const std::size_t tokens = std::min(a.tokens, last * kBlockTokens);
    if (tokens < (block + kBlocks) * kBlockTokens) {
      const std::size_t there = tokens - std::min(tokens, block * kBlockTokens);
      for (std::size_t t = there; t < kBlocks * kBlockTokens; ++t)
        scores[t / kBlockTokens][t % kBlockTokens] = kNoScore;
    }
    __m512i score[kBlocks];
    KRAFT_UNROLL
    for (std::size_t b = 0; b < kBlocks; ++b) score[b] = _mm512_load_si512(scores[b]);
    const __m512i most[4] = {halves<Larger>(score[0], score[4]), halves<Larger>(score[1], score[5]),
                             halves<Larger>(score[2], score[6]),
                             halves<Larger>(score[3], score[7])};
    const __m256i octaves =
        _mm256_srai_epi32(_mm256_add_epi32(eight_of<Larger>(most), _mm256_set1_epi32(0xFFFF)), 16);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(a.octaves + block), octaves);
    alignas(32) std::int32_t above[kBlocks];
    _mm256_store_si256(reinterpret_cast<__m256i*>(above), _mm256_slli_epi32(octaves, 16));

    const __m512i lower = _mm512_load_si512(kHalves.places[0]);
    const __m512i upper = _mm512_load_si512(kHalves.places[1]);
    __m512i sums[4];
    KRAFT_UNROLL
    for (std::size_t i = 0; i < 4; ++i) {
      const __m512i one = _mm512_sub_epi32(_mm512_set1_epi32(above[2 * i]), score[2 * i]);
      const __m512i other = _mm512_sub_epi32(_mm512_set1_epi32(above[2 * i + 1]), score[2 * i + 1]);
      const std::size_t at = block + 2 * i;
      const __m256i shifts = _mm256_inserti128_si256(
          _mm256_castsi128_si256(load_16(a.value_shifts(head, std::min(at, last - 1)))),
          load_16(a.value_shifts(head, std::min(at + 1, last - 1))), 1);
      const Powers of = powers(
          _mm512_permutex2var_epi16(one, lower, other),
          _mm512_permutex2var_epi16(one, upper, other),
          _mm512_sub_epi16(_mm512_set1_epi16(kMostValueShift), _mm512_cvtepi8_epi16(shifts)));
      _mm512_storeu_si512(a.of_tokens + at * kBlockTokens, of.of_values);
      sums[i] = _mm512_madd_epi16(of.whole, _mm512_set1_epi16(1));
    }
    // Of 0 and 1, 2 and 3, and so on: brought into the other order.
    const __m512i ordered[4] = {_mm512_shuffle_i64x2(sums[0], sums[2], 0b01'00'01'00),
                                _mm512_shuffle_i64x2(sums[0], sums[2], 0b11'10'11'10),
                                _mm512_shuffle_i64x2(sums[1], sums[3], 0b01'00'01'00),
                                _mm512_shuffle_i64x2(sums[1], sums[3], 0b11'10'11'10)};
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(a.sums + block), eight_of<Sum>(ordered));
  }

  // Of `Vectors` times sixteen numbers of the values, those that `There` has.
  template <int Tokens, int Vectors, __mmask16 There>
  KRAFT_KERNEL_INLINE static void mix_numbers(const Attention* tokens, std::size_t head,
                                              std::size_t first, std::size_t last, std::size_t i) {
    const std::size_t head_width = tokens->head_width;
    const std::size_t values = tokens->values + head * head_width * kBlockTokens + 2 * i;
    __m512i mixed[Tokens][Vectors];
    KRAFT_UNROLL
    for (int k = 0; k < Tokens; ++k) {
      KRAFT_UNROLL
      for (int v = 0; v < Vectors; ++v)
        mixed[k][v] =
            _mm512_maskz_loadu_epi32(There, tokens[k].mixed + head * head_width + i + 16 * v);
    }
    for (std::size_t block = first; block < last; ++block) {
      const std::int8_t* from = tokens->blocks[block] + values;
      __m512i sum[Tokens][Vectors];
      KRAFT_UNROLL
      for (int k = 0; k < Tokens; ++k) {
        KRAFT_UNROLL
        for (int v = 0; v < Vectors; ++v) sum[k][v] = _mm512_set1_epi32(tokens[k].sums[block]);
      }
      KRAFT_UNROLL
      for (std::size_t pair = 0; pair < kBlockTokens / 2; ++pair, from += 2 * head_width) {
        __m512i of_pair[Vectors];
        KRAFT_UNROLL
        for (int v = 0; v < Vectors; ++v)
          of_pair[v] = There == 0xFFFF
                           ? Vector::widened(from + 32 * v)
                           : _mm512_cvtepi8_epi16(_mm256_zextsi128_si256(load_16(from)));
        KRAFT_UNROLL
        for (int k = 0; k < Tokens; ++k) {
          const __m512i weights =
              Vector::both(tokens[k].of_tokens + block * kBlockTokens + 2 * pair);
          KRAFT_UNROLL
          for (int v = 0; v < Vectors; ++v)
            sum[k][v] = _mm512_dpwssd_epi32(sum[k][v], of_pair[v], weights);
        }
      }
      KRAFT_UNROLL
      for (int k = 0; k < Tokens; ++k) {
        const __m512i right = _mm512_set1_epi32(tokens[k].octaves[block]);
        KRAFT_UNROLL
        for (int v = 0; v < Vectors; ++v)
          mixed[k][v] = _mm512_add_epi32(mixed[k][v], _mm512_srav_epi32(sum[k][v], right));
      }
    }
    KRAFT_UNROLL
    for (int k = 0; k < Tokens; ++k) {
      KRAFT_UNROLL
      for (int v = 0; v < Vectors; ++v)
        _mm512_mask_storeu_epi32(tokens[k].mixed + head * head_width + i + 16 * v, There,
                                 mixed[k][v]);
    }
  }
};

// The loops between products are compiled for these instructions as well.
#if defined(__clang__)
#define KRAFT_AVX512_LOOP KRAFT_KERNEL
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
KRAFT_AVX512_LOOP void Parts::settle(const Attention& a, std::size_t head, std::size_t blocks) {
  loops::settle(a, head, blocks);
}

}  // namespace

bool has_avx512() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512vnni");
}

const Kernels& avx512_kernels() {
  static const Kernels kernels = {.multiply = multiply,
                                  .attend = Attend<Parts>::attend,
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
