// The tables of Zstandard's blocks (RFC 8878), read from a frame.
//
//     Tables tables;
//     read_tables(frame, tables);       // those in force where the frame ends
//     tables.literal_bits['e'];         // of its Huffman word
//     tables.offsets.share(7)           // of all sequences, those whose offset has the code 7
//
// A compressed block has a Huffman code for its literals and three distributions over the codes of
// literal lengths, offsets and match lengths, by which a finite state entropy coder (Duda's
// asymmetric numeral systems) codes them in fractions of a bit: a code with c of the 2^log states
// costs log - log2(c) bits. Blocks may reuse the tables of those before.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "kraft/bytes.h"

namespace kraft::zstd {

inline constexpr int kLiteralLengthCodes = 36;
inline constexpr int kMatchLengthCodes = 53;
inline constexpr int kOffsetCodes = 32;
inline constexpr std::uint32_t kMinMatch = 3;

// Section 3.1.1.3.2.1.1: where the values of a code begin, and its extra bits.
extern const std::array<std::uint32_t, kLiteralLengthCodes> kLiteralLengthBase;
extern const std::array<std::uint8_t, kLiteralLengthCodes> kLiteralLengthExtra;
extern const std::array<std::uint32_t, kMatchLengthCodes> kMatchLengthBase;
extern const std::array<std::uint8_t, kMatchLengthCodes> kMatchLengthExtra;

// Of the 2^log states, how many stand for each code; "less than one" counts as one.
struct StateCounts {
  int log = 0;
  std::vector<std::uint16_t> counts;
  double share(std::size_t code) const {
    return code < counts.size() ? static_cast<double>(counts[code]) / (1 << log) : 0;
  }
};

struct Tables {
  // Of each byte the bits of its word; 0: it has none. All 8 where literals stand as they are.
  std::array<std::uint8_t, 256> literal_bits;
  StateCounts literal_lengths, offsets, match_lengths;
  std::uint64_t blocks = 0;  // compressed ones that were read

  // Those that the format defines, and literals of 8 bits.
  Tables();
};

// Throws Error where the frame is none, or ends early.
void read_tables(ByteView frame, Tables& tables);

}  // namespace kraft::zstd
