// What a Brotli stream codes its text by (RFC 7932): the prefix codes of its meta-blocks, and which
// of them was in use for how long.
//
//     Bytes message;
//     for (const MetaBlock& block : read_stream(stream, 1 << 20, message)) {
//       block.literal_codes[block.literal_map[0]].share('e');   // 2^-bits of its word
//       block.literal_types.back().type;                        // in use where the block ends
//     }
//
// A meta-block has codes for literals, for commands (symbols.h) and for distances, several of each.
// Which of them codes a symbol depends on the block type in use for its kind, and for literals and
// distances also on a context, by a map.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "kraft/bytes.h"
#include "models/brotli/symbols.h"

namespace kraft::brotli {

// A complete code, or one whose only symbol takes no bits.
class PrefixCode {
 public:
  static constexpr int kMostBits = 15;

  static PrefixCode of_one(std::size_t symbol, std::size_t symbols);
  // Of each symbol the bits of its word; 0: it has none. Throws Error unless the code is complete.
  explicit PrefixCode(std::vector<std::uint8_t> word_bits);

  std::size_t symbols() const { return word_bits_.size(); }

  // 2^-bits of the symbol's word; 0 where it has none.
  double share(std::size_t symbol) const;

  // Takes bits one by one until they are a word.
  template <typename NextBit>
  std::size_t read(NextBit&& next_bit) const {
    if (is_one_) return in_order_.front();
    std::uint32_t word = 0, first = 0, before = 0;
    for (std::size_t bits = 1;; ++bits) {  // complete: it ends at kMostBits at the latest
      word = word << 1 | next_bit();
      first <<= 1;
      if (word - first < words_[bits]) return in_order_[before + word - first];
      first += words_[bits];
      before += words_[bits];
    }
  }

 private:
  PrefixCode() = default;

  std::vector<std::uint8_t> word_bits_;
  std::vector<std::uint16_t> in_order_;               // symbols, by their words
  std::array<std::uint32_t, kMostBits + 1> words_{};  // of so many bits
  bool is_one_ = false;
};

// So many symbols in a row were of one block type.
struct TypeRun {
  std::size_t type;
  std::uint64_t symbols;
};

struct MetaBlock {
  DistanceSymbols distances;
  std::vector<LiteralMode> literal_modes;  // of each type of literals
  std::vector<std::uint8_t> literal_map;   // kLiteralContexts for each type: indices of codes
  std::vector<std::uint8_t> distance_map;  // kDistanceContexts for each type
  std::vector<PrefixCode> literal_codes, command_codes, distance_codes;
  std::vector<TypeRun> literal_types, command_types, distance_types;  // as they were used
  std::uint64_t words = 0;                                            // of the static dictionary
  std::uint64_t bytes = 0;                                            // of the message
};

// Decodes the stream, and returns its compressed meta-blocks. Throws Error where it is damaged, has
// a window that the RFC does not know, or decodes to more than `most_bytes`.
std::vector<MetaBlock> read_stream(ByteView stream, std::size_t most_bytes, Bytes& message);

}  // namespace kraft::brotli
