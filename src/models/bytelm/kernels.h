// The inner loops: products by matrices, and attention. The same integers with vector instructions
// and without: every sum is exact in 32 bits, so that its order does not matter.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kraft::bytelm {

inline constexpr std::size_t kBlockTokens = 16;  // whose keys and values lie together
inline constexpr std::size_t kMostInputs = 16;   // multiplied at once
inline constexpr int kInputBits = 13;            // of activations, beside the sign
inline constexpr int kKeptBits = 7;              // of keys and values, beside the sign
inline constexpr int kMostValueShift = 5;        // of values, as they are kept

// A token's queries in one layer, and what they are compared with. Of each block of 16 tokens they
// read, for all heads one after the other,
//     keys[head][token / 8][pair][token % 8][2]      the numbers of a head by pairs
//     values[head][token / 2][number][token % 2]
//     shifts[head][key or value][token]              by which they are to be shifted to the left
// and mix the values by their weights: the sum of 2^score * value in units of
// 2^(octave - 15 + kMostValueShift + mix_shift), and the sum of 2^score in units of
// 2^(octave - 27), where 2^octave is not below the head's largest weight, nor twice as large.
struct Attention {
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

  // Room for a head's scores, and those that fill up the last block, for each head.
  std::int32_t* scores = nullptr;
  std::size_t scores_stride = 0;
  std::int32_t* octaves = nullptr;  // room for one for each head

  std::int32_t* mixed = nullptr;     // what comes out, head_width for each head
  std::uint64_t* weights = nullptr;  // one for each head
};

// Below every score.
inline constexpr std::int32_t kNoScore = -(1 << 30);

struct Kernels {
  // sums[k][r] = sum over c of weights[r][c] * inputs[k][c], for all rows of so many blocks of
  // eight; weights lie as in Matrix. count <= kMostInputs.
  void (*multiply)(const std::int8_t* weights, std::size_t blocks, std::size_t columns,
                   const std::int16_t* const* inputs, std::size_t count, std::int32_t* const* sums);

  // Of so many tokens, which share what they read: their heads are of the same number and width.
  void (*attend)(const Attention* tokens, std::size_t count);
};

const Kernels& plain_kernels();
const Kernels& fast_kernels();  // the best ones that this processor has

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
