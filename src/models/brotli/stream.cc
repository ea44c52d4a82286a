#include "models/brotli/stream.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "kraft/error.h"
#include "models/brotli/dictionary.h"

namespace kraft::brotli {
namespace {

[[noreturn]] void fail(const char* what) {
  throw Error(std::string("a brotli stream cannot be read: ") + what);
}

constexpr std::size_t kBlockCounts = 26;

// Section 6: of block counts.
constexpr std::array<std::uint32_t, kBlockCounts> kCountBase = {
    1,   5,   9,   13,  17,  25,  33,  41,  49,   65,   81,   97,   113,
    145, 177, 209, 241, 305, 369, 497, 753, 1265, 2289, 4337, 8433, 16625};
constexpr std::array<std::uint8_t, kBlockCounts> kCountExtra = {
    2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 6, 6, 7, 8, 9, 10, 11, 12, 13, 24};

// Bits from the lowest of the first byte up.
class Bits {
 public:
  explicit Bits(ByteView bytes) : bytes_(bytes) {}

  std::uint32_t bit() {
    if (at_ / 8 >= bytes_.size()) fail("it is truncated");
    const std::uint32_t bit = bytes_[at_ / 8] >> (at_ % 8) & 1u;
    ++at_;
    return bit;
  }
  std::uint64_t read(int count) {
    std::uint64_t value = 0;
    for (int i = 0; i < count; ++i) value |= std::uint64_t{bit()} << i;
    return value;
  }
  std::size_t symbol(const PrefixCode& code) {
    return code.read([this] { return bit(); });
  }
  void go_to_byte() {
    while (at_ % 8 != 0) {
      if (bit() != 0) fail("bits that fill a byte are not 0");
    }
  }
  ByteView take(std::size_t count) {
    if (count > bytes_.size() - at_ / 8) fail("it is truncated");
    const ByteView piece = bytes_.subspan(at_ / 8, count);
    at_ += 8 * count;
    return piece;
  }
  bool at_end() const { return at_ == 8 * bytes_.size(); }

 private:
  ByteView bytes_;
  std::size_t at_ = 0;
};

// ---- Prefix codes (section 3) ----------------------------------------------------------------

PrefixCode complete_code(std::vector<std::uint8_t> word_bits) {
  std::optional<PrefixCode> code = PrefixCode::complete(std::move(word_bits));
  if (!code) fail("a code is not complete");
  return std::move(*code);
}

PrefixCode read_simple_code(Bits& bits, std::size_t symbols) {
  const auto count = static_cast<std::size_t>(bits.read(2)) + 1;
  std::array<std::size_t, 4> listed{};
  for (std::size_t i = 0; i < count; ++i) {
    listed[i] = static_cast<std::size_t>(bits.read(std::bit_width(symbols - 1)));
    if (listed[i] >= symbols) fail("a symbol is out of its alphabet");
    if (std::find(listed.begin(), listed.begin() + static_cast<std::ptrdiff_t>(i), listed[i]) !=
        listed.begin() + static_cast<std::ptrdiff_t>(i))
      fail("a code lists a symbol twice");
  }
  if (count == 1) return PrefixCode::of_one(listed[0], symbols);
  using Lengths = std::array<std::uint8_t, 4>;
  Lengths lengths = {1, 1, 0, 0};
  if (count == 3) lengths = {1, 2, 2, 0};
  if (count == 4) lengths = bits.bit() != 0 ? Lengths{1, 2, 3, 3} : Lengths{2, 2, 2, 2};
  std::vector<std::uint8_t> word_bits(symbols);
  for (std::size_t i = 0; i < count; ++i) word_bits[listed[i]] = lengths[i];
  return complete_code(std::move(word_bits));
}

// The code of the lengths of a code's words; the first `skipped` have none.
PrefixCode read_code_of_lengths(Bits& bits, std::size_t skipped) {
  constexpr std::array<std::uint8_t, 18> kOrder = {1, 2, 3, 4,  0,  5,  17, 6,  16,
                                                   7, 8, 9, 10, 11, 12, 13, 14, 15};
  // 0: 00, 4: 01 and 3: 10, the lower bit first; 2: 110, 1: 1110, 5: 1111.
  const auto read_length = [&]() -> std::uint8_t {
    switch (bits.read(2)) {
      case 0:
        return 0;
      case 1:
        return 4;
      case 2:
        return 3;
      default:
        break;
    }
    if (bits.bit() == 0) return 2;
    return bits.bit() == 0 ? 1 : 5;
  };
  std::vector<std::uint8_t> lengths(kOrder.size());
  constexpr unsigned kAll = 32;
  unsigned sum = 0;
  std::size_t some = 0, last = 0;
  for (std::size_t i = skipped; i < kOrder.size() && sum < kAll; ++i) {
    const std::uint8_t length = read_length();
    if (length == 0) continue;
    lengths[kOrder[i]] = length;
    last = kOrder[i];
    sum += kAll >> length;
    ++some;
  }
  if (some == 1) return PrefixCode::of_one(last, lengths.size());
  return complete_code(std::move(lengths));
}

PrefixCode read_code(Bits& bits, std::size_t symbols) {
  const auto kind = static_cast<std::size_t>(bits.read(2));
  if (kind == 1) return read_simple_code(bits, symbols);
  const PrefixCode of_lengths = read_code_of_lengths(bits, kind);
  constexpr std::uint64_t kAll = 1 << PrefixCode::kMostBits;
  std::vector<std::uint8_t> lengths;
  std::uint64_t sum = 0;
  std::uint8_t last = 8;                    // the last one that is not 0
  std::size_t repeated = 0, repeating = 0;  // symbols so far, by which symbol
  while (sum < kAll && lengths.size() < symbols) {
    const std::size_t symbol = bits.symbol(of_lengths);
    if (symbol < 16) {
      lengths.push_back(static_cast<std::uint8_t>(symbol));
      if (symbol > 0) {
        last = lengths.back();
        sum += kAll >> last;
      }
      repeating = 0;
      continue;
    }
    // One that follows another of its kind is the higher digit of the number of repeats.
    const int width = symbol == 16 ? 2 : 3;
    const std::size_t before = repeating == symbol ? repeated : 0;
    repeating = symbol;
    repeated = (before > 0 ? (before - 2) << width : 0) + 3 + bits.read(width);
    const std::size_t more = repeated - before;
    if (more > symbols - lengths.size()) fail("a code has too many words");
    lengths.insert(lengths.end(), more, symbol == 16 ? last : std::uint8_t{0});
    if (symbol == 16) sum += more * (kAll >> last);
  }
  lengths.resize(symbols);
  return complete_code(std::move(lengths));
}

// 1 to 256 (section 9.2).
std::size_t read_number(Bits& bits) {
  if (bits.bit() == 0) return 1;
  const auto width = static_cast<int>(bits.read(3));
  return (std::size_t{1} << width) + bits.read(width) + 1;
}

std::vector<PrefixCode> read_codes(Bits& bits, std::size_t count, std::size_t symbols) {
  std::vector<PrefixCode> codes;
  codes.reserve(count);
  for (std::size_t i = 0; i < count; ++i) codes.push_back(read_code(bits, symbols));
  return codes;
}

// ---- Block types (section 6) -----------------------------------------------------------------

class BlockTypes {
 public:
  BlockTypes(Bits& bits, std::vector<TypeRun>& runs) : bits_(bits), runs_(runs) {
    runs_.push_back({0, 0});
    count_ = read_number(bits);
    if (count_ == 1) return;
    codes_.push_back(read_code(bits, count_ + 2));
    codes_.push_back(read_code(bits, kBlockCounts));
    left_ = read_block_count();
  }

  std::size_t count() const { return count_; }

  // Of the next symbol.
  std::size_t next() {
    if (left_ == 0) {
      change();
      left_ = read_block_count();
      runs_.push_back({type_, 0});
    }
    --left_;
    ++runs_.back().symbols;
    return type_;
  }

 private:
  void change() {
    const std::size_t symbol = bits_.symbol(codes_[0]);
    std::size_t type = symbol == 0 ? before_ : symbol == 1 ? type_ + 1 : symbol - 2;
    if (type >= count_) type -= count_;
    before_ = std::exchange(type_, type);
  }
  std::uint64_t read_block_count() {
    const std::size_t code = bits_.symbol(codes_[1]);
    return kCountBase[code] + bits_.read(kCountExtra[code]);
  }

  Bits& bits_;
  std::vector<TypeRun>& runs_;
  std::size_t count_ = 1, type_ = 0, before_ = 1;
  std::uint64_t left_ = std::numeric_limits<std::uint64_t>::max();
  std::vector<PrefixCode> codes_;  // of types, of counts
};

// Section 7.3. Returns the number of codes that the map knows.
std::size_t read_context_map(Bits& bits, std::size_t size, std::vector<std::uint8_t>& map) {
  const std::size_t codes = read_number(bits);
  map.clear();
  if (codes == 1) {
    map.assign(size, 0);
    return codes;
  }
  const std::size_t run_codes = bits.bit() == 0 ? 0 : bits.read(4) + 1;
  const PrefixCode code = read_code(bits, codes + run_codes);
  while (map.size() < size) {
    const std::size_t symbol = bits.symbol(code);
    if (symbol == 0 || symbol > run_codes) {
      map.push_back(static_cast<std::uint8_t>(symbol == 0 ? 0 : symbol - run_codes));
      continue;
    }
    const std::size_t zeros = (std::size_t{1} << symbol) + bits.read(static_cast<int>(symbol));
    if (zeros > size - map.size()) fail("a context map is too long");
    map.insert(map.end(), zeros, 0);
  }
  if (bits.bit() == 0) return codes;
  // What is written is ranks after move-to-front.
  std::array<std::uint8_t, 256> front{};
  for (std::size_t i = 0; i < front.size(); ++i) front[i] = static_cast<std::uint8_t>(i);
  for (std::uint8_t& entry : map) {
    const std::size_t rank = entry;
    entry = front[rank];
    const auto at = front.begin() + static_cast<std::ptrdiff_t>(rank);
    std::rotate(front.begin(), at, at + 1);
  }
  if (std::ranges::max(map) >= codes) fail("a context map knows codes that there are not");
  return codes;
}

// ---- Meta-blocks (section 9) -----------------------------------------------------------------

class Reader {
 public:
  Reader(ByteView stream, std::size_t most_bytes, Bytes& message)
      : bits_(stream), most_bytes_(most_bytes), text_(message) {}

  std::vector<MetaBlock> read() {
    text_.clear();
    window_bytes_ = (std::uint64_t{1} << read_window_bits()) - 16;
    while (read_meta_block()) {
    }
    bits_.go_to_byte();
    if (!bits_.at_end()) fail("there is more after its end");
    return std::move(blocks_);
  }

 private:
  int read_window_bits() {
    if (bits_.bit() == 0) return 16;
    if (const auto more = static_cast<int>(bits_.read(3)); more > 0) return 17 + more;
    const auto less = static_cast<int>(bits_.read(3));
    if (less == 1) fail("its window is one that RFC 7932 does not know");
    return less == 0 ? 17 : 8 + less;
  }

  // Returns whether another one follows.
  bool read_meta_block() {
    const bool is_last = bits_.bit() != 0;
    if (is_last && bits_.bit() != 0) return false;
    const auto nibbles = static_cast<int>(bits_.read(2)) + 4;
    if (nibbles == 7) {
      skip();
      return !is_last;
    }
    const std::uint64_t length = bits_.read(4 * nibbles) + 1;
    if (nibbles > 4 && (length - 1) >> (4 * nibbles - 4) == 0) fail("a length begins with 0");
    if (length > most_bytes_ - text_.size()) fail("it decodes to more than was encoded");
    if (!is_last && bits_.bit() != 0) {
      bits_.go_to_byte();
      const ByteView bytes = bits_.take(static_cast<std::size_t>(length));
      text_.insert(text_.end(), bytes.begin(), bytes.end());
      return true;
    }
    read_compressed(length);
    return !is_last;
  }

  // What is not part of the message.
  void skip() {
    if (bits_.bit() != 0) fail("a reserved bit is not 0");
    const auto width = static_cast<int>(bits_.read(2));
    const std::uint64_t length = width == 0 ? 0 : bits_.read(8 * width) + 1;
    if (width > 1 && (length - 1) >> (8 * width - 8) == 0) fail("a length begins with 0");
    bits_.go_to_byte();
    bits_.take(static_cast<std::size_t>(length));
  }

  void read_compressed(std::uint64_t length) {
    MetaBlock& block = blocks_.emplace_back();
    block.bytes = length;
    BlockTypes literals(bits_, block.literal_types);
    BlockTypes commands(bits_, block.command_types);
    BlockTypes distances(bits_, block.distance_types);
    block.distances.postfix_bits = static_cast<int>(bits_.read(2));
    block.distances.direct =
        static_cast<std::uint32_t>(bits_.read(4) << block.distances.postfix_bits);
    for (std::size_t t = 0; t < literals.count(); ++t)
      block.literal_modes.push_back(static_cast<LiteralMode>(bits_.read(2)));
    const std::size_t literal_codes =
        read_context_map(bits_, kLiteralContexts * literals.count(), block.literal_map);
    const std::size_t distance_codes =
        read_context_map(bits_, kDistanceContexts * distances.count(), block.distance_map);
    block.literal_codes = read_codes(bits_, literal_codes, 256);
    block.command_codes = read_codes(bits_, commands.count(), kCommands);
    block.distance_codes = read_codes(bits_, distance_codes, block.distances.count());

    const std::uint64_t end = text_.size() + length;
    while (text_.size() < end) {
      const Command now = command(bits_.symbol(block.command_codes[commands.next()]));
      const std::uint64_t run = kRunBase[now.run_code] + bits_.read(kRunExtra[now.run_code]);
      const std::uint64_t copy = kCopyBase[now.copy_code] + bits_.read(kCopyExtra[now.copy_code]);
      if (run > end - text_.size()) fail("a run of literals is too long");
      for (std::uint64_t i = 0; i < run; ++i) read_literal(block, literals.next());
      if (text_.size() == end) return;
      std::size_t symbol = 0;
      if (!now.last_distance) {
        const std::size_t at = kDistanceContexts * distances.next() + distance_context(copy);
        symbol = bits_.symbol(block.distance_codes[block.distance_map[at]]);
      }
      read_copy(block, symbol, copy, end);
    }
  }

  void read_literal(const MetaBlock& block, std::size_t type) {
    const Byte last = text_.empty() ? Byte{0} : text_.back();
    const Byte before = text_.size() < 2 ? Byte{0} : text_[text_.size() - 2];
    const std::size_t context = literal_context(block.literal_modes[type], last, before);
    const std::uint8_t code = block.literal_map[kLiteralContexts * type + context];
    text_.push_back(static_cast<Byte>(bits_.symbol(block.literal_codes[code])));
  }

  void read_copy(MetaBlock& block, std::size_t symbol, std::uint64_t length, std::uint64_t end) {
    std::uint64_t distance = 0;
    if (symbol < kRecentDistances) {
      distance = recent_distance(last_, symbol);
      if (distance == 0) fail("a distance is not positive");
    } else {
      distance = block.distances.first_distance(symbol) +
                 (bits_.read(block.distances.extra_bits(symbol)) << block.distances.postfix_bits);
    }
    const std::uint64_t farthest = std::min<std::uint64_t>(window_bytes_, text_.size());
    if (distance > farthest) {
      read_word(length, distance - farthest - 1, end);
      ++block.words;
      return;
    }
    if (symbol != 0) push(last_, static_cast<std::uint32_t>(distance));
    if (length > end - text_.size()) fail("a copy is too long");
    for (std::uint64_t i = 0; i < length; ++i)
      text_.push_back(text_[text_.size() - static_cast<std::size_t>(distance)]);
  }

  void read_word(std::uint64_t length, std::uint64_t number, std::uint64_t end) {
    const ByteView word = Dictionary::word(static_cast<std::size_t>(length), number);
    if (word.size() > end - text_.size()) fail("a word is too long");
    text_.insert(text_.end(), word.begin(), word.end());
  }

  Bits bits_;
  std::size_t most_bytes_;
  Bytes& text_;
  std::uint64_t window_bytes_ = 0;
  LastDistances last_ = kFirstLastDistances;
  std::vector<MetaBlock> blocks_;
};

// ---- Contexts (section 7.1) ------------------------------------------------------------------

// Of the last byte, in UTF-8: what kind of character, for ASCII.
constexpr std::array<std::uint8_t, 128> kAsciiKinds = {
    0,  0,  0,  0,  0,  0,  0,  0,  0,  4,  4,  0,  0,  4,  0,  0,   // 0
    0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,   // 16
    8,  12, 16, 12, 12, 20, 12, 16, 24, 28, 12, 12, 32, 12, 36, 12,  // 32
    44, 44, 44, 44, 44, 44, 44, 44, 44, 44, 32, 32, 24, 40, 28, 12,  // 48
    12, 48, 52, 52, 52, 48, 52, 52, 52, 48, 52, 52, 52, 52, 52, 48,  // 64
    52, 52, 52, 52, 52, 48, 52, 52, 52, 52, 52, 24, 12, 28, 12, 12,  // 80
    12, 56, 60, 60, 60, 56, 60, 60, 60, 56, 60, 60, 60, 60, 60, 56,  // 96
    60, 60, 60, 60, 60, 56, 60, 60, 60, 60, 60, 24, 12, 28, 12, 0};  // 112

std::size_t of_last(std::uint8_t byte) {
  if (byte < 128) return kAsciiKinds[byte];
  return (byte < 192 ? 0u : 2u) + (byte & 1u);
}

std::size_t of_before(std::uint8_t byte) {
  if (byte >= 128) return byte < 224 ? 0 : 2;
  if (byte >= 'a' && byte <= 'z') return 3;
  if ((byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z')) return 2;
  return byte > ' ' && byte < 127 ? 1 : 0;
}

std::size_t magnitude(std::uint8_t byte) {
  constexpr std::array<std::uint8_t, 7> kFirst = {1, 16, 64, 128, 192, 240, 255};
  return static_cast<std::size_t>(std::ranges::upper_bound(kFirst, byte) - kFirst.begin());
}

}  // namespace

std::size_t literal_context(LiteralMode mode, std::uint8_t last, std::uint8_t before) {
  switch (mode) {
    case LiteralMode::lowest_6_bits:
      return last & 63u;
    case LiteralMode::highest_6_bits:
      return last >> 2;
    case LiteralMode::utf8:
      return of_last(last) | of_before(before);
    case LiteralMode::signed_bytes:
      return magnitude(last) << 3 | magnitude(before);
  }
  return 0;
}

std::vector<MetaBlock> read_stream(ByteView stream, std::size_t most_bytes, Bytes& message) {
  return Reader(stream, most_bytes, message).read();
}

}  // namespace kraft::brotli
