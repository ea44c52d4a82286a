// The price of one DEFLATE block: what zlib's trees.c would spend on the symbols of a block,
// without writing them.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "models/deflate/symbols.h"

namespace kraft::deflate {

// How often each symbol occurs in the block that is being filled, and what every way of coding the
// block has to pay besides the codes. A plain value: copying it is how the engine branches.
struct BlockTally {
  std::array<std::uint16_t, 288> literals{};  // RFC 1951 literal/length symbols; 286, 287 unused
  std::array<std::uint16_t, 32> distances{};  // 30, 31 unused
  std::uint32_t extra_bits = 0;               // behind length and distance codes
  std::uint32_t fixed_bits = 0;               // symbols and extra bits under the fixed trees
  std::uint32_t symbols = 0;                  // literals and matches; the end of block is not one

  BlockTally() { literals[kEndOfBlock] = 1; }

  void add_literal(std::uint8_t byte) {
    ++literals[byte];
    fixed_bits += static_cast<std::uint32_t>(deflate::fixed_bits(byte));
    ++symbols;
  }

  void add_match(std::uint32_t length, std::uint32_t distance) {
    const int l = length_code(length);
    const int d = distance_code(distance);
    ++literals[static_cast<std::size_t>(kFirstLengthCode + l)];
    ++distances[static_cast<std::size_t>(d)];
    const auto extra = static_cast<std::uint32_t>(length_extra_bits(l) + distance_extra_bits(d));
    extra_bits += extra;
    fixed_bits += static_cast<std::uint32_t>(deflate::fixed_bits(kFirstLengthCode + l)) +
                  kFixedDistanceBits + extra;
    ++symbols;
  }
};

// A Huffman code built the way zlib builds it: from a binary heap in which equal frequencies are
// ordered by depth and then by where they happen to lie. The lengths of the codes depend on that
// order and so does the size of the header, hence nothing but the same heap gives the same answer.
struct HuffmanCode {
  std::array<std::uint8_t, kLiteralCodes> lengths{};
  int max_symbol = -1;          // the largest symbol with a code
  std::uint32_t body_bits = 0;  // sum of frequency * length over the symbols that do occur
};
HuffmanCode build_code(std::span<const std::uint16_t> frequencies, int max_bits);

// How often each code-length symbol (RFC 1951, section 3.2.7) is sent for a code, added to counts.
inline constexpr int kCodeLengthCodes = 19;
using CodeLengthCounts = std::array<std::uint16_t, kCodeLengthCodes>;
void count_code_lengths(const HuffmanCode& code, CodeLengthCounts& counts);

// Bits of the trees at the start of a block, given the code-length symbols sent for both of them.
std::uint32_t header_bits(const CodeLengthCounts& counts);

// Bits of the block under its own trees: trees, symbols and end of block, without the 3 bits of the
// block's header. The plain implementation; O(symbols in use * log).
std::uint32_t dynamic_bits(const BlockTally& tally);

// Bits of the block under the fixed trees, without the 3 bits of the block's header.
inline std::uint32_t fixed_bits(const BlockTally& tally) { return tally.fixed_bits + 7; }

// What surrounds a block and takes part in the choice of its type.
struct BlockPlace {
  std::uint64_t bits_before = 0;   // of the stream, ahead of this block
  std::uint64_t stored_bytes = 0;  // input bytes that the block stands for
  bool storable = true;            // whether zlib's window still holds all of them
  bool fixed_only = false;         // strategy Z_FIXED
};

// Bits of the stream up to and including the block, given what its trees would cost. zlib compares
// whole bytes, prefers fixed trees at a tie, and stored blocks before both.
inline std::uint64_t bits_after_block(const BlockPlace& place, std::uint32_t dynamic,
                                      std::uint32_t fixed) {
  const std::uint64_t fixed_bytes = (std::uint64_t{fixed} + 3 + 7) >> 3;
  std::uint64_t best_bytes = (std::uint64_t{dynamic} + 3 + 7) >> 3;
  if (fixed_bytes <= best_bytes || place.fixed_only) best_bytes = fixed_bytes;
  if (place.stored_bytes + 4 <= best_bytes && place.storable) {
    return ((place.bits_before + 3 + 7) & ~std::uint64_t{7}) + 32 + 8 * place.stored_bytes;
  }
  return place.bits_before + 3 + (fixed_bytes == best_bytes ? fixed : dynamic);
}

}  // namespace kraft::deflate
