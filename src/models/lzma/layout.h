// Where LZMA's adaptive probabilities stand in one table, which is how the reader keeps them.
//
// States and places (positions modulo 2^pb) are those of the specification (I. Pavlov, "LZMA
// specification", 2015). A probability is that of a zero, in 2048ths.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kraft::lzma {

inline constexpr std::size_t kStates = 12;
inline constexpr std::size_t kPlaces = 16;
inline constexpr std::size_t kIsMatch = 0;
inline constexpr std::size_t kIsRepeat = kIsMatch + kStates * kPlaces;
inline constexpr std::size_t kIsRepeat0 = kIsRepeat + kStates;
inline constexpr std::size_t kIsRepeat1 = kIsRepeat0 + kStates;
inline constexpr std::size_t kIsRepeat2 = kIsRepeat1 + kStates;
inline constexpr std::size_t kIsRepeat0Long = kIsRepeat2 + kStates;
inline constexpr std::size_t kSlot =
    kIsRepeat0Long + kStates * kPlaces;  // of a distance, 4 by length
inline constexpr std::size_t kSlotTree = 64;
inline constexpr std::size_t kMiddle = kSlot + 4 * kSlotTree;  // bits of distances in slots 4 to 13
inline constexpr std::size_t kAlign = kMiddle + 115;  // the lowest four bits of longer ones
inline constexpr std::size_t kMatchLength = kAlign + 16;
inline constexpr std::size_t kLengthShort = 2;  // after the two choices: 3 bits, by place
inline constexpr std::size_t kLengthMiddle = kLengthShort + kPlaces * 8;
inline constexpr std::size_t kLengthLong = kLengthMiddle + kPlaces * 8;
inline constexpr std::size_t kLengthCoder = kLengthLong + 256;
inline constexpr std::size_t kRepeatLength = kMatchLength + kLengthCoder;
inline constexpr std::size_t kLiteral = kRepeatLength + kLengthCoder;
inline constexpr std::size_t kLiteralCoder = 0x300;

inline constexpr std::uint32_t kShortestMatch = 2;
inline constexpr std::uint32_t kFirstMatchedState =
    7;  // from here on the last symbol was no literal
inline constexpr std::uint32_t kLongestMatch = 273;

// The state after a token.
inline std::uint32_t after_literal(std::uint32_t state) {
  return state < 4 ? 0 : state < 10 ? state - 3 : state - 6;
}
inline std::uint32_t after_match(std::uint32_t state) {
  return state < kFirstMatchedState ? 7 : 10;
}
inline std::uint32_t after_repeat(std::uint32_t state) {
  return state < kFirstMatchedState ? 8 : 11;
}
inline std::uint32_t after_short_repeat(std::uint32_t state) {
  return state < kFirstMatchedState ? 9 : 11;
}

}  // namespace kraft::lzma
