// The inner loops: products by matrices, and attention. The same integers with vector instructions
// and without: every sum is exact in 32 bits, so that its order does not matter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace kraft::bytelm {

inline constexpr std::size_t kBlockTokens = 16;  // whose keys and values lie together
inline constexpr std::size_t kMostInputs = 16;   // multiplied at once
inline constexpr int kInputBits = 13;            // of activations, beside the sign

// A head's query and what it is compared with. Of each block of 16 tokens it reads
//     keys[token / 8][pair][token % 8][2]      the numbers of a head by pairs
//     values[token / 2][number][token % 2]
struct AttentionHead {
  const std::int16_t* query = nullptr;
  const std::int16_t* const* blocks = nullptr;
  std::size_t keys = 0, values = 0;  // where they begin in each block
  std::size_t tokens = 0;
  std::size_t head_width = 0;  // a multiple of 8, at most 512
  int score_shift = 2;         // 2..31; of products, to octaves in Q16
  int mix_shift = 1;           // of sums over a block: so that those over all blocks fit 32 bits
};

// What attention takes for the exponent of nothing.
inline constexpr std::int32_t kNoOctave = -(1 << 20);

// The values mixed by their weights: sum of 2^score * value, and sum of 2^score. In units of
// 2^(mix_shift - 15 + octave) and 2^(octave - 27), where 2^octave is not below the largest weight.
struct Mixed {
  std::span<std::int32_t> values;
  std::uint64_t weight = 0;
};

struct Kernels {
  // sums[k][r] = sum over c of weights[r][c] * inputs[k][c], for all rows of so many blocks of
  // eight; weights lie as in Matrix. count <= kMostInputs.
  void (*multiply)(const std::int8_t* weights, std::size_t blocks, std::size_t columns,
                   const std::int16_t* const* inputs, std::size_t count,
                   std::int32_t* const* sums);

  // `scores` has room for the tokens, and those that fill up the last block.
  void (*attend)(const AttentionHead& head, std::int32_t* scores, Mixed& mixed);
};

const Kernels& plain_kernels();
const Kernels& fast_kernels();  // the best ones that this processor has

namespace detail {

// 2^-x for x in 0..1, both in Q15, by a polynomial: c0 - x (c1 - x (c2 - x c3)). Off by less than
// 10^-4.
inline constexpr std::int32_t kPower0 = 32766, kPower1 = 22653, kPower2 = 7563, kPower3 = 1294;

// The weight of a score that lies so far below the octave, in Q15.
inline std::int32_t weight_of(std::uint32_t below_q16) {
  const std::uint32_t whole = below_q16 >> 16;
  if (whole > 16) return 0;
  const auto x = static_cast<std::int32_t>((below_q16 & 0xFFFF) >> 1);
  std::int32_t power = kPower2 - (kPower3 * x >> 15);
  power = kPower1 - (power * x >> 15);
  power = kPower0 - (power * x >> 15);
  return ((2 * power >> whole) + 1) >> 1;
}

// The least whole octave that is not below a score.
inline std::int32_t octave_of(std::int32_t score_q16) { return (score_q16 + 0xFFFF) >> 16; }

}  // namespace detail

}  // namespace kraft::bytelm
