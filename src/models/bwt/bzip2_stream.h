// What a bzip2 stream codes its bytes by: the Huffman tables of its blocks, and the one that is in
// use for each byte.
//
// The format has no RFC. A block is run-length encoded (four equal bytes and how many more there
// are), sorted, moved to front; runs of the rank 0 are written as numbers in the digits RUNA and
// RUNB, and all is coded by 2 to 6 Huffman codes, of which one is selected for each 50 symbols.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "kraft/bytes.h"
#include "models/bwt/column.h"

namespace kraft::bwt {

// Bits of RUNA, of RUNB, of the ranks 1, 2, ... up to 255. 0: has no word.
using WordBits = std::array<std::uint8_t, 257>;

struct Bzip2Tables {
  std::vector<WordBits> tables;
  ByteSet bytes;                       // that occur
  std::vector<std::uint8_t> table_of;  // of each byte of the message
};

// Decodes the stream, checksums excepted. Throws Error where it is damaged, or where it decodes to
// more than `most_bytes` bytes.
Bzip2Tables read_bzip2(ByteView stream, std::size_t most_bytes);

// The same, and what it decodes to.
Bzip2Tables read_bzip2(ByteView stream, std::size_t most_bytes, Bytes& message);

}  // namespace kraft::bwt
