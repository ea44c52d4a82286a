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

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kraft/bytes.h"
#include "models/brotli/symbols.h"
#include "models/lz/prefix_code.h"

namespace kraft::brotli {

using lz::PrefixCode;

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
