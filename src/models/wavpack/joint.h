// What a block of joint stereo expects of a frame, sample by sample.
//
// Its channel 0 holds the side S = L - R, channel 1 the mean M = (L + R) / 2, rounded down, which
// may be predicted from the side beside it. Of L, which comes first, and of R after it,
//
//     P(L) = sum over S of P(S) P(M | S),   M = L - (S + 1) / 2, rounded down
//     P(R | L) in proportion to P(S) P(M | S)
//
// Sides lie in ranges that have one share each. Of 8 bits every side is taken by itself; of 16 bits
// the ranges are cut into kPieces, and the sides of a piece taken to be the middle one. In the sum,
// sides of less than kLeastShare are passed over.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "models/lz/low_bytes.h"
#include "models/wavpack/decorrelation.h"
#include "models/wavpack/words.h"

namespace kraft::wavpack {

class Joint {
 public:
  // Before a frame; samples are from `lowest` to `highest`.
  Joint(const Words& words, const Decorrelation& decorrelation, std::int32_t lowest,
        std::int32_t highest);

  // shares[i] of the left sample first + i * step. Some ten thousand steps for all of them.
  void left_shares(std::int32_t first, std::int32_t step, std::span<double> shares) const;
  // Of a right sample where the left one is known. O(log sides).
  double right_share(std::int32_t left, std::int32_t right) const;

  // Add the shares of all samples, of 16 bits.
  void add_left(lz::LowBytes& sums) const;
  void add_right(std::int32_t left, lz::LowBytes& sums) const;

 private:
  // Sides that have one share each, and the same words after them.
  struct Sides {
    std::int64_t first, last;
    double share;
    std::size_t mean;  // of means_
  };
  // The left samples of a side that leave the right one in range, and what is expected of them.
  struct Left {
    std::int64_t least, most, expected;
  };

  std::size_t mean_after(const Words& words, std::int64_t residual);
  std::int64_t expected_mean(std::int64_t side) const;
  Left left_of(std::int64_t side) const;
  void left_shares_of_8_bits(std::int64_t first, std::span<double> shares) const;
  // Calls add(first, last, share) for ranges of left samples; some of them overlap.
  template <typename Add>
  void for_left(Add add) const;

  std::int64_t lowest_, highest_;
  std::int64_t expected_side_;
  std::vector<Words::Expectation> means_;
  std::vector<Sides> sides_;  // in order
  Decorrelation::Right right_;
};

}  // namespace kraft::wavpack
