// What the tokens of a DEFLATE block cost, as probabilities (RFC 1951, sections 3.2.5 to 3.2.7).
//
// A word of l bits comes out of fair coin flips with probability 2^-l. A literal has one word; a
// copy has the words of its length and of its distance, with extra bits behind each. All are sums
// of powers of two, and exact.
#pragma once

#include <array>
#include <cstdint>

#include "models/deflate/header.h"
#include "models/deflate/symbols.h"
#include "models/lz/distance_weights.h"

namespace kraft::deflate {

// A distance is a word of at most 15 bits and at most 13 extra bits: weights count units of 2^-28.
struct DistanceFormat {
  using Weight = std::uint32_t;
  static constexpr int kClasses = kDistanceCodes;
  static constexpr int kUnitBits = 28;
  static int class_of(std::uint32_t distance) { return distance_code(distance); }
  static std::uint32_t first_distance(int c) {
    return c < 2 ? 1u + static_cast<std::uint32_t>(c)
                 : 1u + ((2u + static_cast<std::uint32_t>(c) % 2) << distance_extra_bits(c));
  }
};
using DistanceWeights = lz::DistanceWeights<DistanceFormat>;

// What a symbol without a code counts as.
enum class Floor {
  none,          // impossible, as it is to the decoder
  longest_word,  // a word of 15 bits, the longest that the format has
};

struct Prices {
  // Of the codes of a block, without its end and without symbols that mean nothing. Literals that
  // have no code, lengths and distances too, get what the floor says. They are not normalised: what
  // a place can have is (begin_token).
  Prices(const CodeLengths& lengths, Floor floor, int window_bits);

  // Every byte costs 8 bits, as in a stored block.
  static Prices stored(int window_bits);

  std::array<double, 256> literal{};
  std::array<double, kMaxMatch + 1> length{};  // of a copy of so many bytes
  std::array<double, kMaxMatch + 1> longer{};  // of a copy of more than that
  DistanceWeights distance;
  double literals = 0;  // the sum over all bytes

  // The sum over all tokens that can begin at a position: copies come from what has been seen.
  double tokens_at(std::uint64_t position) const {
    return literals + longer[0] * (kUnit * distance.up_to(position));
  }

  static constexpr double kUnit = 1.0 / (1 << DistanceFormat::kUnitBits);

 private:
  Prices() = default;
};

}  // namespace kraft::deflate
