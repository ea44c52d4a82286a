#include "models/zstd/tables.h"

#include <algorithm>
#include <bit>

#include "kraft/error.h"

namespace kraft::zstd {

const std::array<std::uint32_t, kLiteralLengthCodes> kLiteralLengthBase = {
    0,  1,  2,  3,  4,  5,  6,  7,  8,   9,   10,  11,   12,   13,   14,   15,    16,    18,
    20, 22, 24, 28, 32, 40, 48, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536};
const std::array<std::uint8_t, kLiteralLengthCodes> kLiteralLengthExtra = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,  0,  0,  0,  0,  1,  1,
    1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
const std::array<std::uint32_t, kMatchLengthCodes> kMatchLengthBase = {
    3,  4,  5,  6,  7,  8,  9,  10,  11,  12,  13,   14,   15,   16,   17,    18,    19,   20,
    21, 22, 23, 24, 25, 26, 27, 28,  29,  30,  31,   32,   33,   34,   35,    37,    39,   41,
    43, 47, 51, 59, 67, 83, 99, 131, 259, 515, 1027, 2051, 4099, 8195, 16387, 32771, 65539};
const std::array<std::uint8_t, kMatchLengthCodes> kMatchLengthExtra = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,  0,  0,  0,  0,  0,  0, 0,
    0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

namespace {

constexpr std::array<std::int8_t, kLiteralLengthCodes> kDefaultLiteralLengths = {
    4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1,  1,  2,  2,
    2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1};
constexpr std::array<std::int8_t, kMatchLengthCodes> kDefaultMatchLengths = {
    1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,  1,  1,  1,  1,  1,  1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1};
constexpr std::array<std::int8_t, 29> kDefaultOffsets = {
    1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1};

template <std::size_t kSize>
StateCounts defaults(const std::array<std::int8_t, kSize>& counts, int log) {
  StateCounts table{log, {}};
  for (const std::int8_t count : counts)  // -1: less than 1, which takes one place as well
    table.counts.push_back(static_cast<std::uint16_t>(count < 0 ? 1 : count));
  return table;
}

[[noreturn]] void fail() { throw Error("zstd wrote a frame that cannot be read"); }

// Bytes in order; beyond the end there is nothing.
class Reader {
 public:
  explicit Reader(ByteView bytes) : bytes_(bytes) {}

  std::uint64_t number(std::size_t bytes) {
    const ByteView piece = take(bytes);
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < bytes; ++i) value |= std::uint64_t{piece[i]} << (8 * i);
    return value;
  }
  ByteView take(std::size_t bytes) {
    if (bytes > bytes_.size()) fail();
    const ByteView piece = bytes_.first(bytes);
    bytes_ = bytes_.subspan(bytes);
    return piece;
  }
  ByteView rest() const { return bytes_; }

 private:
  ByteView bytes_;
};

// Bits from the lowest of the first byte up; zeros beyond the end.
class ForwardBits {
 public:
  explicit ForwardBits(ByteView bytes) : bytes_(bytes) {}
  unsigned read(int count) {
    const unsigned value = peek(count);
    at_ += static_cast<std::size_t>(count);
    return value;
  }
  unsigned peek(int count) const {
    unsigned value = 0;
    for (int i = 0; i < count; ++i) {
      const std::size_t bit = at_ + static_cast<std::size_t>(i);
      if (bit / 8 < bytes_.size()) value |= (bytes_[bit / 8] >> (bit % 8) & 1u) << i;
    }
    return value;
  }
  void skip(int count) { at_ += static_cast<std::size_t>(count); }
  std::size_t bytes_used() const { return (at_ + 7) / 8; }

 private:
  ByteView bytes_;
  std::size_t at_ = 0;
};

// Bits from the highest set one of the last byte down, as the entropy coder's streams stand.
class BackwardBits {
 public:
  explicit BackwardBits(ByteView bytes) : bytes_(bytes) {
    if (bytes.empty() || bytes.back() == 0) fail();
    left_ = static_cast<std::ptrdiff_t>(8 * bytes.size()) - std::countl_zero(bytes.back()) - 1;
  }
  unsigned read(int count) {
    unsigned value = 0;
    for (int i = 0; i < count; ++i) {
      --left_;
      unsigned bit = 0;
      if (left_ >= 0) {
        const auto at = static_cast<std::size_t>(left_);
        bit = bytes_[at / 8] >> (at % 8) & 1u;
      }
      value = value << 1 | bit;
    }
    return value;
  }
  bool overrun() const { return left_ < 0; }

 private:
  ByteView bytes_;
  std::ptrdiff_t left_;
};

// Section 4.1.1. -1 stands for "less than one".
std::vector<int> read_counts(Reader& reader, int most_log, std::size_t most_codes, int& log) {
  ForwardBits bits(reader.rest());
  log = static_cast<int>(bits.read(4)) + 5;
  if (log > most_log) fail();
  std::vector<int> counts;
  int remaining = 1 << log;
  while (remaining > 0) {
    const int width = std::bit_width(static_cast<unsigned>(remaining + 1));
    const unsigned low_mask = (1u << (width - 1)) - 1;
    const unsigned threshold = (1u << width) - 1 - static_cast<unsigned>(remaining + 1);
    unsigned value = bits.peek(width);
    if ((value & low_mask) < threshold) {
      value &= low_mask;
      bits.skip(width - 1);
    } else {
      if (value > low_mask) value -= threshold;
      bits.skip(width);
    }
    const int count = static_cast<int>(value) - 1;
    remaining -= std::abs(count);
    counts.push_back(count);
    for (bool more = count == 0; more && counts.size() <= most_codes;) {
      const unsigned zeros = bits.read(2);
      counts.insert(counts.end(), zeros, 0);
      more = zeros == 3;
    }
    if (counts.size() > most_codes) fail();
  }
  if (remaining < 0) fail();
  reader.take(bits.bytes_used());
  return counts;
}

// ---- Huffman weights (section 4.2.1) ---------------------------------------------------------

constexpr int kLongestWordBits = 12;  // of the stock decoder; the encoder's words have 11 at most

struct State {
  std::uint8_t symbol;
  int bits;
  unsigned base;
};

std::vector<State> decoding_table(const std::vector<int>& counts, int log) {
  const unsigned size = 1u << log;
  std::vector<State> table(size);
  std::vector<unsigned> next(counts.size());
  unsigned high = size;
  for (std::size_t s = 0; s < counts.size(); ++s) {
    next[s] = static_cast<unsigned>(std::abs(counts[s]));
    if (counts[s] == -1) table[--high].symbol = static_cast<std::uint8_t>(s);
  }
  const unsigned step = (size >> 1) + (size >> 3) + 3;
  unsigned at = 0;
  for (std::size_t s = 0; s < counts.size(); ++s) {
    for (int i = 0; i < counts[s]; ++i) {
      table[at].symbol = static_cast<std::uint8_t>(s);
      do at = (at + step) & (size - 1);
      while (at >= high);
    }
  }
  for (State& state : table) {
    const unsigned n = next[state.symbol]++;
    state.bits = log - (static_cast<int>(std::bit_width(n)) - 1);
    state.base = (n << state.bits) - size;
  }
  return table;
}

// Two states take turns until the stream has been read.
std::vector<int> read_compressed_weights(ByteView bytes) {
  Reader reader(bytes);
  int log = 0;
  const std::vector<int> counts = read_counts(reader, 6, 13, log);
  const std::vector<State> table = decoding_table(counts, log);
  BackwardBits bits(reader.rest());
  std::array<unsigned, 2> states = {bits.read(log), bits.read(log)};
  std::vector<int> weights;
  for (std::size_t turn = 0;; turn ^= 1) {
    const State& state = table[states[turn]];
    weights.push_back(state.symbol);
    states[turn] = state.base + bits.read(state.bits);
    if (bits.overrun()) {
      weights.push_back(table[states[turn ^ 1]].symbol);
      return weights;
    }
    if (weights.size() > 255) fail();
  }
}

void read_literal_code(Reader& reader, std::array<std::uint8_t, 256>& literal_bits) {
  const auto first = static_cast<unsigned>(reader.number(1));
  std::vector<int> weights;
  if (first < 128) {
    weights = read_compressed_weights(reader.take(first));
  } else {
    const std::size_t count = first - 127;
    const ByteView nibbles = reader.take((count + 1) / 2);
    for (std::size_t i = 0; i < count; ++i)
      weights.push_back(i % 2 == 0 ? nibbles[i / 2] >> 4 : nibbles[i / 2] & 15);
  }
  // The last one is what makes the code complete.
  std::uint32_t sum = 0;
  for (const int w : weights) sum += w > 0 ? 1u << (w - 1) : 0;
  if (sum == 0 || weights.size() > 255) fail();
  const int longest = std::bit_width(sum);
  if (longest > kLongestWordBits) fail();
  const std::uint32_t rest = (1u << longest) - sum;
  if (!std::has_single_bit(rest)) fail();
  weights.push_back(std::bit_width(rest));
  literal_bits.fill(0);
  for (std::size_t s = 0; s < weights.size(); ++s)
    literal_bits[s] = static_cast<std::uint8_t>(weights[s] > 0 ? longest + 1 - weights[s] : 0);
}

// ---- Sections of a block ---------------------------------------------------------------------

// `code` is that of the last block that had one.
void read_literals(Reader& reader, std::array<std::uint8_t, 256>& code, Tables& tables) {
  const unsigned first = reader.rest().empty() ? 0 : reader.rest()[0];
  const unsigned type = first & 3, format = first >> 2 & 3;
  if (type < 2) {  // as they are, or one byte for all
    const std::size_t header = format == 1 ? 2 : format == 3 ? 3 : 1;
    const std::uint64_t word = reader.number(header);
    const std::uint64_t size = header == 1 ? word >> 3 : word >> 4;
    const ByteView literals = reader.take(type == 0 ? size : 1);
    tables.literal_bits.fill(8);
    if (type == 1) {
      tables.literal_bits.fill(0);
      tables.literal_bits[literals[0]] = 1;
    }
    return;
  }
  const std::size_t header = format < 2 ? 3 : format + 2;
  const int width = format < 2 ? 10 : format == 2 ? 14 : 18;
  const std::uint64_t word = reader.number(header);
  const std::uint64_t size = word >> (4 + width) & ((1u << width) - 1);
  Reader section(reader.take(size));
  if (type == 2) read_literal_code(section, code);
  tables.literal_bits = code;
}

void read_table(Reader& reader, unsigned mode, const StateCounts& predefined, int most_log,
                std::size_t most_codes, StateCounts& table) {
  if (mode == 0) table = predefined;
  if (mode == 1) {
    const std::size_t code = reader.number(1);
    if (code >= most_codes) fail();
    table.log = 0;
    table.counts.assign(1 + code, 0);
    table.counts.back() = 1;
  }
  if (mode == 2) {
    table.counts.clear();
    for (const int count : read_counts(reader, most_log, most_codes, table.log))
      table.counts.push_back(static_cast<std::uint16_t>(std::abs(count)));
  }
}

void read_sequences(Reader& reader, Tables& tables) {
  const std::uint64_t first = reader.number(1);
  if (first == 0) return;
  if (first >= 128) reader.number(first == 255 ? 2 : 1);
  const auto modes = static_cast<unsigned>(reader.number(1));
  const Tables predefined;
  read_table(reader, modes >> 6, predefined.literal_lengths, 9, kLiteralLengthCodes,
             tables.literal_lengths);
  read_table(reader, modes >> 4 & 3, predefined.offsets, 8, kOffsetCodes, tables.offsets);
  read_table(reader, modes >> 2 & 3, predefined.match_lengths, 9, kMatchLengthCodes,
             tables.match_lengths);
}

void skip_frame_header(Reader& reader) {
  if (reader.number(4) != 0xFD2FB528u) fail();
  const auto descriptor = static_cast<unsigned>(reader.number(1));
  const bool single = (descriptor & 32) != 0;
  if (!single) reader.take(1);
  constexpr std::array<std::size_t, 4> kDictionary = {0, 1, 2, 4};
  reader.take(kDictionary[descriptor & 3]);
  const unsigned size = descriptor >> 6;
  reader.take(size == 0 ? (single ? 1u : 0u) : std::size_t{1} << size);
}

}  // namespace

Tables::Tables()
    : literal_lengths(defaults(kDefaultLiteralLengths, 6)),
      offsets(defaults(kDefaultOffsets, 5)),
      match_lengths(defaults(kDefaultMatchLengths, 6)) {
  literal_bits.fill(8);
}

void read_tables(ByteView frame, Tables& tables) {
  Reader reader(frame);
  skip_frame_header(reader);
  std::array<std::uint8_t, 256> code = tables.literal_bits;
  for (bool last = false; !last;) {
    const auto header = static_cast<std::uint32_t>(reader.number(3));
    last = (header & 1) != 0;
    const unsigned type = header >> 1 & 3;
    if (type == 3) fail();
    Reader block(reader.take(type == 1 ? 1 : header >> 3));
    // The stock decoder passes over a block of nothing, of whatever type.
    if (type != 2 || block.rest().empty()) continue;
    read_literals(block, code, tables);
    read_sequences(block, tables);
    ++tables.blocks;
  }
}

}  // namespace kraft::zstd
