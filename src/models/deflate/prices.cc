#include "models/deflate/prices.h"

#include <cmath>

namespace kraft::deflate {
namespace {

constexpr int kLengthCodes = 29;

// The bits of a symbol's word; 0: it cannot come.
int word_bits(std::uint8_t length, Floor floor) {
  return length != 0 ? length : floor == Floor::longest_word ? kMaxCodeBits : 0;
}

}  // namespace

Prices::Prices(const CodeLengths& lengths, Floor floor, int window_bits) {
  for (std::size_t byte = 0; byte < literal.size(); ++byte) {
    const int bits = word_bits(lengths.literals[byte], floor);
    literal[byte] = bits == 0 ? 0 : std::ldexp(1.0, -bits);
    literals += literal[byte];
  }
  // The code before the last has one value of its extra bits too many: it says 258 as well, which
  // has a code of its own.
  std::size_t first = kMinMatch;
  for (int code = 0; code < kLengthCodes; ++code) {
    const int bits =
        word_bits(lengths.literals[static_cast<std::size_t>(kFirstLengthCode + code)], floor);
    const int extra_bits = length_extra_bits(code);
    if (code == kLengthCodes - 1) first = kMaxMatch;
    for (std::size_t i = 0; i < (std::size_t{1} << extra_bits); ++i)
      if (bits != 0) length[first + i] += std::ldexp(1.0, -bits - extra_bits);
    first += std::size_t{1} << extra_bits;
  }
  for (std::size_t bytes = kMaxMatch; bytes > 0; --bytes)
    longer[bytes - 1] = longer[bytes] + length[bytes];

  std::array<DistanceFormat::Weight, kDistanceCodes> weights{};
  for (int code = 0; code < kDistanceCodes; ++code) {
    const int bits = word_bits(lengths.distances[static_cast<std::size_t>(code)], floor);
    if (bits != 0)
      weights[static_cast<std::size_t>(code)] =
          1u << (DistanceFormat::kUnitBits - bits - distance_extra_bits(code));
  }
  distance = DistanceWeights(weights, 1u << window_bits);
}

Prices Prices::stored(int window_bits) {
  Prices prices;
  prices.literal.fill(1.0 / 256);
  prices.literals = 1;
  prices.distance =
      DistanceWeights(std::array<DistanceFormat::Weight, kDistanceCodes>{}, 1u << window_bits);
  return prices;
}

}  // namespace kraft::deflate
