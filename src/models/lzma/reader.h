// How wide is the interval that LZMA's range coder ends with?
//
// LZMA codes a chunk as an interval of [0, 1): every binary decision multiplies its width by the
// probability of what was decided, so the information in the chunk is -log2(width). The stream
// only names a point of it, in whole bytes. The reader follows the decisions once with the message
// at hand and knows the width exactly; it is what a search with the stock decoder finds, the number
// D + 1 of code values from the chunk's own upwards that decode to the same bytes:
//
//     bits = 8 (k - 1) - log2(D + 1)      for a payload of k bytes, the first of which is zero.
//
// With D + 1 between 2^24 and 2^32, the payload is as long as these bits rounded up to whole bytes,
// and 4 bytes more: the zero, and three that the coder's flush writes beyond what would be needed.
//
// The coder flushes all four bytes of the interval's lower end, and so the code value minus that
// end, which a decoder keeps, is zero after the last decision. The reader checks that, that
// the payload ends there, and that it decodes to the message: what it says is true or an Error.
//
// The format is LZMA's: I. Pavlov, "LZMA specification" (2015); the chunks are those of LZMA2, as
// the .xz file format, version 1.1.0, section 5.3.1, describes them.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "kraft/bytes.h"

namespace kraft::lzma {

// A message in two pieces, by position: what was kept of the context, and what follows it.
struct Text {
  std::uint64_t begin = 0;  // of `context` in the message
  ByteView context;
  ByteView continuation = {};

  std::uint64_t split() const { return begin + context.size(); }
  std::uint64_t end() const { return split() + continuation.size(); }
  Byte operator[](std::uint64_t position) const {
    return position < split() ? context[position - begin] : continuation[position - split()];
  }
};

// What a decoder remembers between two tokens, beside its probabilities.
struct Boundary {
  std::uint64_t position = 0;
  std::uint32_t state = 0;
  std::array<std::uint32_t, 4> distances{};  // the last ones, minus 1
};

// Copyable (16 KiB at the presets' lc = 3). One thread at a time.
class Reader {
 public:
  // lc, lp and pb as in the encoder's options.
  Reader(std::uint32_t lc, std::uint32_t lp, std::uint32_t pb);

  // Reads whole chunks, which code the message from position_bytes() on. `text` must reach back to
  // what they copy from. O(bytes coded). Throws Error when they code something else.
  void read(ByteView stream, const Text& text);

  // Of the message, up to the end of the last chunk read.
  std::uint64_t position_bytes() const { return position_; }
  // What the chunks read so far take: the widths of their intervals, and 8 bits for each byte that
  // is stored because LZMA could not make it shorter. Neither the bytes that open a chunk
  // (3 to 6 bytes) nor those that only flush its coder (the payload's first and the last 3)
  // are counted.
  double bits() const { return bits_; }
  std::uint64_t stored_bytes() const { return stored_; }

  // All of them, as layout.h says where they stand.
  const std::vector<std::uint16_t>& probabilities() const { return probabilities_; }
  // Where the last chunk ends.
  Boundary boundary() const { return {position_, state_, distances_}; }
  // From now on, remember the last boundary at or before a position.
  void note_at(std::uint64_t position) {
    note_at_ = position;
    noted_ = boundary();
  }
  const Boundary& noted() const { return noted_; }

 private:
  struct Decoder;  // of a chunk's decisions

  std::uint64_t read_chunk(ByteView stream, const Text& text);
  std::uint64_t read_stored(ByteView stream, const Text& text);
  void read_symbols(ByteView payload, std::uint64_t bytes, const Text& text);
  void read_literal(Decoder& decoder, const Text& text);
  std::uint32_t read_match(Decoder& decoder, std::uint32_t place);
  std::uint32_t read_repeat(Decoder& decoder, std::uint32_t place);
  std::uint32_t read_length(Decoder& decoder, std::size_t coder, std::uint32_t place);
  std::uint32_t read_distance(Decoder& decoder, std::uint32_t length);
  void copy(std::uint32_t length, const Text& text);
  void reset();
  void note(std::uint64_t last);

  std::uint32_t lc_, lp_, pb_;
  std::vector<std::uint16_t> probabilities_;  // of a zero, in 2048ths
  std::uint32_t state_ = 0;
  std::array<std::uint32_t, 4> distances_{};  // the last ones, minus 1
  std::uint64_t position_ = 0;
  std::uint64_t stored_ = 0;
  double bits_ = 0;
  std::uint64_t note_at_ = 0;
  Boundary noted_;
};

}  // namespace kraft::lzma
