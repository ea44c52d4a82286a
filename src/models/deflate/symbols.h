// The alphabet of DEFLATE (RFC 1951, section 3.2): which code a match length or a distance falls
// in, how many extra bits follow the code, and how long the codes of the fixed trees are.
#pragma once

#include <array>
#include <cstdint>

namespace kraft::deflate {

inline constexpr std::uint32_t kMinMatch = 3;
inline constexpr std::uint32_t kMaxMatch = 258;
inline constexpr int kEndOfBlock = 256;
inline constexpr int kFirstLengthCode = 257;
inline constexpr int kLiteralCodes = 286;  // literals, end of block, lengths
inline constexpr int kDistanceCodes = 30;
inline constexpr int kMaxCodeBits = 15;

namespace detail {

constexpr std::array<std::uint8_t, 256> make_length_codes() {
  std::array<std::uint8_t, 256> code{};
  int length = 0;
  for (int c = 0; c < 28; ++c) {
    const int extra = c < 8 ? 0 : (c - 4) / 4;
    for (int i = 0; i < (1 << extra) && length < 256; ++i)
      code[length++] = static_cast<std::uint8_t>(c);
  }
  code[255] = 28;  // length 258 has a code of its own
  return code;
}

constexpr std::array<std::uint8_t, 512> make_distance_codes() {
  std::array<std::uint8_t, 512> code{};
  int distance = 0;
  for (int c = 0; c < 30; ++c) {
    const int extra = c < 2 ? 0 : (c - 2) / 2;
    for (int i = 0; i < (1 << extra); ++i, ++distance) {
      const int slot = distance < 256 ? distance : 256 + (distance >> 7);
      code[slot] = static_cast<std::uint8_t>(c);
    }
  }
  return code;
}

inline constexpr auto kLengthCodes = make_length_codes();
inline constexpr auto kDistanceCodesBySlot = make_distance_codes();

}  // namespace detail

// 0..28, to be added to kFirstLengthCode.
constexpr int length_code(std::uint32_t length) { return detail::kLengthCodes[length - kMinMatch]; }

constexpr int distance_code(std::uint32_t distance) {
  const std::uint32_t d = distance - 1;
  return detail::kDistanceCodesBySlot[d < 256 ? d : 256 + (d >> 7)];
}

constexpr int length_extra_bits(int code) { return code < 8 || code == 28 ? 0 : (code - 4) / 4; }

constexpr int distance_extra_bits(int code) { return code < 2 ? 0 : (code - 2) / 2; }

// Length in bits of a literal/length symbol in the fixed tree; distances take 5 bits each.
constexpr int fixed_bits(int symbol) {
  return symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8;
}
inline constexpr int kFixedDistanceBits = 5;

}  // namespace kraft::deflate
