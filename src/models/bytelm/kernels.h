// The inner loops: products by matrices, and attention. The same integers with vector instructions
// and without: every sum is exact in 32 bits, so that its order does not matter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace kraft::bytelm {

inline constexpr std::size_t kRowsAtOnce = 16;   // of a matrix, side by side
inline constexpr std::size_t kBlockTokens = 16;  // whose keys and values lie together
inline constexpr std::size_t kMostInputs = 16;   // multiplied at once
inline constexpr int kInputBits = 13;            // of activations, beside the sign
inline constexpr int kGainBits = 20;             // fractions of gains
inline constexpr int kFactorBits = 15;           // of Scale, behind the point
inline constexpr int kKeptBits = 7;              // of keys and values, beside the sign
inline constexpr int kMostValueShift = 5;        // of values, as they are kept

// A token's queries in one layer, and what they are compared with. Of each block of 16 tokens they
// read, for all heads one after the other,
//     keys[head][pair][token][2]                     the numbers of a head by pairs
//     values[head][token / 2][number][token % 2]
//     shifts[head][key or value][token]              by which they are to be shifted to the left
// and mix the values by their weights: the sum of 2^score * value in units of
// 2^(octave - 15 + kMostValueShift + mix_shift), and the sum of 2^score in units of
// 2^(octave - 27), where 2^octave is not below the head's largest weight, nor twice as large.
struct Attention {
  // Of so many tokens, and those that fill up what is done at once.
  static constexpr std::size_t most_blocks(std::size_t tokens) {
    constexpr std::size_t kAtOnce = 8;
    return (tokens / kBlockTokens / kAtOnce + 2) * kAtOnce;
  }
  std::size_t blocks_count() const { return (tokens + kBlockTokens - 1) / kBlockTokens; }

  const std::int8_t* const* blocks = nullptr;
  std::size_t keys = 0, values = 0, shifts = 0;  // where they begin in each block
  std::size_t tokens = 0;
  std::size_t heads = 0;
  std::size_t head_width = 0;  // a multiple of 8
  int mix_shift = 1;           // of sums over a block: so that those over all blocks fit 32 bits

  const std::int8_t* key_shifts(std::size_t head, std::size_t block) const {
    return blocks[block] + shifts + head * 2 * kBlockTokens;
  }
  const std::int8_t* value_shifts(std::size_t head, std::size_t block) const {
    return key_shifts(head, block) + kBlockTokens;
  }

  const std::int16_t* queries = nullptr;
  const int* score_shifts = nullptr;  // 2..31, by head: of products, to octaves in Q16

  // Room for what is found of a head's blocks, most_blocks() of the longest sequence: the weights
  // of values as they are kept, relative to an octave that is not below the block's largest score;
  // how their sums are shifted at last; and the sum of the weights, or what rounds those sums.
  std::int16_t* of_tokens = nullptr;
  std::int32_t* octaves = nullptr;
  std::int32_t* sums = nullptr;

  std::int32_t* mixed = nullptr;     // what comes out, head_width for each head
  std::uint64_t* weights = nullptr;  // one for each head
};

// The cosine and sine of an angle, in units of 2^-30.
struct Rotation {
  std::int32_t cosine = 0, sine = 0;
};

// What numbers were multiplied by: value = number * factor * 2^-exponent, where factor has 16 bits.
struct Scale {
  std::int32_t factor = 0;
  int exponent = 0;
};

// Below every score.
inline constexpr std::int32_t kNoScore = -(1 << 30);

struct Kernels {
  // sums[k][r] = sum over c of weights[r][c] * inputs[k][c], for all rows of so many blocks of
  // kRowsAtOnce; weights lie as in Matrix. count <= kMostInputs.
  void (*multiply)(const std::int8_t* weights, std::size_t blocks, std::size_t columns,
                   const std::int16_t* const* inputs, std::size_t count, std::int32_t* const* sums);

  // Of so many tokens, which share what they read: their heads are of the same number and width.
  void (*attend)(const Attention* tokens, std::size_t count);

  // What lies between products, of `count` numbers each (loops.h). `wide` has room for as many.

  // to[i] = scales[i] * factor / 2^kFactorBits * sums[i] / 2^right, each rounded.
  void (*scale)(const std::uint16_t* scales, std::int32_t factor, const std::int32_t* sums,
                std::size_t count, int right, std::int32_t* to);
  // RMSNorm: x / rms(x) * gain (Zhang and Sennrich 2019, arXiv 1910.07467), as inputs.
  Scale (*normalise)(const std::int32_t* x, const std::int32_t* gain, std::size_t count,
                     std::uint64_t epsilon_q32, std::int64_t* wide, std::int16_t* to);
  // to[i] = wide[i] / 2^right, rounded to `bits` and a sign; returns `right`.
  int (*round)(const std::int64_t* wide, std::size_t count, int bits, std::int16_t* to);
  // Rounds numbers / 2^right to `most`, and then to kKeptBits; returns by how many bits that is too
  // small.
  int (*narrow)(const std::int32_t* numbers, std::size_t count, int right, std::int64_t most,
                std::int16_t* kept);
  // Turns pairs that lie side by side.
  void (*turn)(const Rotation* rotation, std::size_t pairs, std::int32_t* numbers);
  // wide[i] = from[i] * factor / 2^right, rounded, times 2^left; right > 0, products below 2^62.
  void (*mix)(const std::int32_t* from, std::size_t count, std::int64_t factor, int right, int left,
              std::int64_t* wide);
  // SiLU of gates, times `up` (Shazeer 2020, arXiv 2002.05202), in fractions of 2^-32.
  void (*activate)(const std::int32_t* gate, const std::int32_t* up, std::size_t count,
                   const std::int32_t* sigmoids, std::int64_t* wide);
};

// Those whose loops between products are compiled as all other code is.
Kernels with_plain_loops(decltype(Kernels::multiply) multiply, decltype(Kernels::attend) attend);

const Kernels& plain_kernels();
const std::vector<const Kernels*>& all_kernels();  // those of this processor, the best ones last
const Kernels& fast_kernels();                     // the best ones

namespace detail {

// 2^-x for x in 0..1, both in Q15, by a polynomial: c0 - x (c1 - x (c2 - x c3)). Off by less than
// 10^-4.
inline constexpr std::int32_t kPower0 = 32766, kPower1 = 22653, kPower2 = 7563, kPower3 = 1294;

// 2^-x for the fraction of a score that lies so far below the octave, in Q15.
inline std::int32_t power_of(std::uint32_t below_q16) {
  const auto x = static_cast<std::int32_t>((below_q16 & 0xFFFF) >> 1);
  std::int32_t power = kPower2 - (kPower3 * x >> 15);
  power = kPower1 - (power * x >> 15);
  return kPower0 - (power * x >> 15);
}

// power / 2^right, rounded.
inline std::int32_t halved(std::int32_t power, std::uint32_t right) {
  return right > 16 ? 0 : ((2 * power >> right) + 1) >> 1;
}

// The least whole octave that is not below a score.
inline std::int32_t octave_of(std::int32_t score_q16) { return (score_q16 + 0xFFFF) >> 16; }

}  // namespace detail

}  // namespace kraft::bytelm
