// What each next byte weighs, and the bits that it costs: a share of the sum.
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "base/portable_log2.h"
#include "kraft/bytes.h"

namespace kraft::lz {

struct ByteMasses {
  std::array<double, 256> of{};
  double total_bits = 0;  // log2 of their sum

  // To be called when all of them stand.
  void add_up() {
    double total = 0;
    for (const double mass : of) total += mass;
    total_bits = portable_log2(total);
  }

  double bits_of(Byte byte) const { return total_bits - portable_log2(of[byte]); }

  void all_bits(std::span<double, 256> bits) const {
    for (std::size_t byte = 0; byte < of.size(); ++byte)
      bits[byte] = bits_of(static_cast<Byte>(byte));
  }
};

}  // namespace kraft::lz
