// What the entropy coder of WavPack expects of the next residual of a lossless block (WavPack's
// words: Golomb codes about three adaptive medians).
//
// Of a residual r >= 0 the magnitude v is r, below that it is -1 - r. Three medians a, b, c of each
// channel, which adapt to every residual, cut magnitudes into zones: one of a values, one of b, and
// then one after another of c. The zone m is written in unary, the place in it in a truncated
// binary code, then the sign. One number o in unary says two zones: o / 2 is the first (one less
// after an odd number), and whether o is odd, whether the second is 0. With
//
//     P(o) = 2^-(o + 1) below 16,   2^-(17 + 2 bits(o - 16)) from there on
//
// what is expected of a zone where no number has begun, and where one has said its first zone, is
//
//     P(m) = P(2 m) + P(2 m + 1)                             afresh
//     P(0) = 1 - q,  P(m) = q (P(2 m - 2) + P(2 m - 1))      after a zone k
//     q = P(2 k + 1) / (P(2 k) + P(2 k + 1))
//
// Along a stream these multiply to what it is long. Where the medians of both channels are small
// and no number has begun, there stands a number n before the word: of n zeros, which come before
// it. P(n) = 2^-1 for 0 and 2^(-2 bits(n)) above, and a run that has lasted for k goes on with the
// probability of n > k among those of n >= k. A word after such a number, which the encoder would
// have made longer, is none of a zero: that is left out and the rest made larger.
//
// From the zone of the 24th number on, values whose numbers are equally long share evenly.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "codecs/wavpack_block.h"

namespace kraft::wavpack {

// The words of a block, up to some sample. A value: 64 bytes.
class Words {
 public:
  Words() = default;
  explicit Words(const Block& block) : medians_(block.medians) {}

  // What is expected of the next residual, which is of channel `c`. All of them sum to 1, but for
  // 2^-17 that no number has.
  class Expectation;
  Expectation expectation(std::size_t c) const;

  // Goes on after it. O(1).
  void push(std::size_t c, std::int32_t residual);

 private:
  enum class Before { nothing, word, zeros };

  std::array<std::uint32_t, 3> sizes(std::size_t c) const;
  bool may_begin_zeros() const;

  std::array<std::array<std::uint32_t, 3>, 2> medians_ = {};
  Before before_ = Before::nothing;
  std::uint32_t zeros_ = 0;  // in a row, where before_ is zeros
  double odd_share_ = 0;     // q, where before_ is word
};

class Words::Expectation {
 public:
  bool operator==(const Expectation&) const = default;

  // O(1).
  double share(std::int64_t residual) const;

  // Calls add(first, last, share) for ranges of residuals that have one share each, from 0 away on
  // either side, as far as `most` of magnitude. They do not overlap.
  template <typename Add>
  void for_ranges(std::int64_t most, Add add) const;

 private:
  friend class Words;

  static constexpr std::int64_t kExact = 24;  // numbers whose zones are taken by themselves

  // Of a zone's number, afresh.
  static double pair_share(std::int64_t k);
  double zone_share(std::int64_t zone) const;
  double word_share(std::int64_t magnitude) const;

  std::array<std::int64_t, 3> sizes_ = {1, 1, 1};
  bool after_word_ = false;
  double odd_share_ = 0;
  double scale_ = 1;       // of all words
  double zero_share_ = 0;  // of the residual 0, where has_zero_
  bool has_zero_ = false;
};

namespace words_detail {

// The truncated binary code of `size` values: the first `short_count` have `short_bits`, the others
// one more.
struct Places {
  std::int64_t short_count;
  int short_bits;
};
Places places(std::int64_t size);
double two_to_minus(int bits);

}  // namespace words_detail

template <typename Add>
void Words::Expectation::for_ranges(std::int64_t most, Add add) const {
  const auto both = [&](std::int64_t first, std::int64_t last, double share) {
    if (first > last || first > most) return;
    if (has_zero_ && first == 0) {
      add(0, 0, zero_share_);
      add(-1, -1, share);
      if (++first > last) return;
    }
    add(first, last, share);
    add(-1 - last, -1 - first, share);
  };
  std::int64_t first = 0;
  const std::int64_t begin = after_word_ ? 1 : 0;  // the zone of number 0
  for (std::int64_t zone = 0; zone < kExact + begin && first <= most; ++zone) {
    const std::int64_t size = sizes_[static_cast<std::size_t>(zone < 2 ? zone : 2)];
    const words_detail::Places code = words_detail::places(size);
    const double share =
        scale_ * zone_share(zone) / 2 * words_detail::two_to_minus(code.short_bits);
    both(first, first + code.short_count - 1, share);
    both(first + code.short_count, first + size - 1, share / 2);
    first += size;
  }
  for (std::int64_t number = kExact; first <= most; number = 2 * number - 8) {
    const std::int64_t zones = number - 8, size = zones * sizes_[2];
    const double share = scale_ * zone_share(number + begin) / 2 / static_cast<double>(sizes_[2]);
    both(first, first + size - 1, share);
    first += size;
  }
}

}  // namespace kraft::wavpack
