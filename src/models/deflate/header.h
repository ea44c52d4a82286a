// The header of a DEFLATE block (RFC 1951, section 3.2.7): read, made of other code lengths, and
// found in what zlib writes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "codecs/deflate.h"
#include "kraft/bytes.h"
#include "models/deflate/symbols.h"

namespace kraft::deflate {

// Of each symbol the bits of its code; 0: it has none. A fixed block has codes for 286 and 287 and
// for the distances 30 and 31, too, which mean nothing.
struct CodeLengths {
  std::array<std::uint8_t, 288> literals{};
  std::array<std::uint8_t, 32> distances{};

  bool operator==(const CodeLengths&) const = default;
};

// A block up to its first symbol, not marked as the last one.
struct BlockHeader {
  Bytes bytes;           // from the lowest bit up, as in the stream
  std::size_t bits = 0;  // of them; the others are zero
  CodeLengths lengths;
};

// Three bits: the codes are those of the format.
BlockHeader fixed_header();

// Of the last dynamic block of the stream that the linked zlib writes for the message, bit by bit;
// where it writes none, fixed_header(). A block that holds less than `fewest_bytes` of the message
// counts only where it holds more than the one before that counts. O(message), about as long as to
// compress and decompress it.
BlockHeader last_dynamic_header(ByteView message, const Parameters& parameters,
                                std::uint64_t fewest_bytes = 0);

// A dynamic header for codes of these lengths. Literals and distances must have codes that are
// complete (or a single distance of length 1), without the symbols that mean nothing.
BlockHeader make_header(const CodeLengths& lengths);

// The header at a temperature: the weight 2^-(bits / temperature) of each code makes a Huffman code
// of at most 15 bits anew. At 1 it is the very header. Throws UsageError unless it is above 0.
BlockHeader tempered(const BlockHeader& header, double temperature);

// The lengths, at most `max_bits`, of the prefix code with the least sum of weights[i] * length[i],
// by package-merge (Larmore and Hirschberg, "A fast algorithm for optimal length-limited Huffman
// codes", JACM 1990). All symbols get a code; a single one, of one bit. O(n max_bits log n) steps.
std::vector<std::uint8_t> limited_code(std::span<const double> weights, int max_bits);

}  // namespace kraft::deflate
