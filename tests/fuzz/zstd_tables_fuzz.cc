// The reader of Zstandard's tables on any bytes: it reads every frame that the stock decoder
// decodes, and what it reads are complete codes. Everything else it reads or refuses, and does not
// crash. The words of the literals are those of the stock decoder: it decodes one more block that
// is written in them.
#include "models/zstd/tables.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <numeric>

#include "models/bit_writer.h"
#include "stock_decoder.h"

namespace kraft {
namespace {

using Words = std::array<std::uint8_t, 256>;  // their bits

constexpr int kLongestWordBits = 12;

// Of all words of the longest kind, how many a code takes up.
int room(const Words& bits) {
  int sum = 0;
  for (const int b : bits) sum += b == 0 ? 0 : 1 << (kLongestWordBits - b);
  return sum;
}

void check_literals(const Words& bits) {
  if (std::ranges::max(bits) > kLongestWordBits) std::abort();
  const int all = 1 << kLongestWordBits;
  const bool one_byte = std::ranges::count(bits, 0) == 255;
  if (room(bits) != (one_byte ? all / 2 : all)) std::abort();
}

void check(const zstd::StateCounts& table, std::size_t most_codes) {
  if (table.counts.size() > most_codes) std::abort();
  if (std::accumulate(table.counts.begin(), table.counts.end(), 0) != 1 << table.log) std::abort();
}

// Whether the last block has a Huffman code. One of 256 words of 8 bits is not told from none.
bool is_huffman(const Words& bits) {
  return room(bits) == 1 << kLongestWordBits && std::ranges::count(bits, 8) != 256;
}

// Every byte that has a word, from the last one to the first: the decoder reads from the end.
Bytes in_words(const Words& bits) {
  std::array<unsigned, 256> words{};
  unsigned next = 0;
  for (int length = kLongestWordBits; length > 0; --length, next >>= 1) {
    for (std::size_t b = 0; b < 256; ++b) {
      if (bits[b] == length) words[b] = next++;
    }
  }
  BitWriter writer;
  for (std::size_t b = 256; b-- > 0;) writer.write(words[b], bits[b]);
  writer.write(1, 1);
  return writer.bytes();
}

std::uint32_t little_endian_24(ByteView bytes) {
  return std::uint32_t{bytes[0]} | std::uint32_t{bytes[1]} << 8 | std::uint32_t{bytes[2]} << 16;
}

// A block of the literals in the code of the block before, and no sequences (RFC 8878, section
// 3.1.1.3).
Bytes block_of(ByteView literals, const Words& bits) {
  constexpr unsigned kTreeless = 3, kLast = 1, kCompressed = 2;
  const Bytes stream = in_words(bits);
  const std::size_t size = 3 + stream.size() + 1;
  BitWriter block;
  block.write(kLast | kCompressed << 1 | size << 3, 24);
  block.write(kTreeless | literals.size() << 4 | stream.size() << 14, 24);
  block.write(stream);
  block.write(0, 8);
  return block.bytes();
}

// The frame's blocks, the last of which is no longer the last, in a frame of 2 MiB without size and
// checksum.
Bytes to_be_continued(ByteView frame) {
  constexpr std::array<std::size_t, 4> kDictionary = {0, 1, 2, 4}, kSize = {0, 2, 4, 8};
  const unsigned descriptor = frame[4], size = descriptor >> 6;
  const bool single = (descriptor & 32) != 0;
  std::size_t header = 5 + (single ? 0 : 1) + kDictionary[descriptor & 3] + kSize[size];
  if (single && size == 0) ++header;
  Bytes result = {0x28, 0xB5, 0x2F, 0xFD, 0, 0x58};
  for (ByteView rest = frame.subspan(header);;) {
    const std::uint32_t head = little_endian_24(rest);
    const bool repeated = (head >> 1 & 3) == 1;
    const ByteView block = rest.first(3 + (repeated ? 1 : head >> 3));
    result.push_back(static_cast<Byte>(block[0] & ~1u));
    append(result, block.subspan(1));
    if ((head & 1) != 0) return result;
    rest = rest.subspan(block.size());
  }
}

void check_words(const Codec& codec, ByteView frame, const Bytes& message, const Words& bits) {
  Bytes literals;
  for (std::size_t b = 0; b < 256; ++b) {
    if (bits[b] > 0) literals.push_back(static_cast<Byte>(b));
  }
  Bytes longer = to_be_continued(frame), expected = message;
  append(longer, block_of(literals, bits));
  append(expected, literals);
  if (codec.decode(longer, expected.size()) != expected) std::abort();
}

void run(ByteView stream) {
  static const auto codec = make_codec("zstd");
  const auto message = unless_refused([&] { return codec->decode(stream, kMostFuzzedBytes); });
  zstd::Tables tables;
  try {
    zstd::read_tables(stream, tables);
  } catch (const Error&) {
    if (message) std::abort();
    return;
  }
  check_literals(tables.literal_bits);
  check(tables.literal_lengths, zstd::kLiteralLengthCodes);
  check(tables.offsets, zstd::kOffsetCodes);
  check(tables.match_lengths, zstd::kMatchLengthCodes);
  if (message && is_huffman(tables.literal_bits))
    check_words(*codec, stream, *message, tables.literal_bits);
}

}  // namespace
}  // namespace kraft

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  kraft::run(kraft::ByteView(data, size));
  return 0;
}
