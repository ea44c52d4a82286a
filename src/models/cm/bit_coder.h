// Where the bits of a byte come from, while their probabilities are given: a byte that is known,
// one that is written to a range coder, or one that is read from it.
#pragma once

#include <cstdint>

#include "coding/wide.h"
#include "kraft/bytes.h"
#include "kraft/coder.h"
#include "models/cm/logistic.h"

namespace kraft::cm {

inline int bit_of(unsigned byte, int depth) { return static_cast<int>(byte >> (7 - depth) & 1); }

// The probability of a bit, not in units; p is that of a 1.
inline double likelihood(int p, int bit) { return (bit ? p : kOne - p) * (1.0 / kOne); }

// What a bit has of the mass at its node: as a probability, and in integers, where the shares of
// both bits sum to the whole.
inline double part_of(double whole, int p, int bit) { return whole * likelihood(p, bit); }
inline std::uint64_t part_of(std::uint64_t whole, int p, int bit) {
  const auto one = static_cast<std::uint64_t>((Wide{whole} * static_cast<unsigned>(p) + kOne - 1) /
                                              static_cast<unsigned>(kOne));
  return bit ? one : whole - one;
}

// The mass of all bytes, to be shared out.
inline constexpr std::uint64_t kAllMass = std::uint64_t{1} << 62;

struct Observing {
  Byte byte;
  int bit(int depth, int) { return bit_of(byte, depth); }
};

struct Encoding {
  Byte byte;
  RangeEncoder& encoder;
  int bit(int depth, int p) {
    const int bit = bit_of(byte, depth);
    const auto one = static_cast<std::uint64_t>(p);
    encoder.encode(bit ? 0 : one, bit ? one : kOne - one, kOne);
    return bit;
  }
};

struct Decoding {
  RangeDecoder& decoder;
  int bit(int, int p) {
    const auto one = static_cast<std::uint64_t>(p);
    const bool bit = decoder.target(kOne) < one;
    decoder.take(bit ? 0 : one, bit ? one : kOne - one, kOne);
    return bit ? 1 : 0;
  }
};

}  // namespace kraft::cm
