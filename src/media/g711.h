// Mu-law (ITU-T G.711): 8 bits for a sample of 16, by sign, exponent and 4 bits of mantissa.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

namespace kraft {

inline std::uint8_t to_mulaw(std::int16_t sample) {
  constexpr int kBias = 132;  // 33 on the 14-bit scale of the standard
  constexpr int kClip = 32635;
  const int sign = sample < 0 ? 0x80 : 0;
  const int magnitude = std::min(sign ? -int{sample} : int{sample}, kClip) + kBias;
  const int exponent = static_cast<int>(std::bit_width(static_cast<unsigned>(magnitude))) - 8;
  const int mantissa = magnitude >> (exponent + 3) & 0x0f;
  return static_cast<std::uint8_t>(~(sign | exponent << 4 | mantissa));
}

inline std::int16_t from_mulaw(std::uint8_t code) {
  const int bits = ~code & 0xff;
  const int magnitude = (((bits & 0x0f) << 3) + 132) << (bits >> 4 & 7);
  return static_cast<std::int16_t>(bits & 0x80 ? 132 - magnitude : magnitude - 132);
}

}  // namespace kraft
