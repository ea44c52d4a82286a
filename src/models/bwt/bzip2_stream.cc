#include "models/bwt/bzip2_stream.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "kraft/error.h"

namespace kraft::bwt {
namespace {

constexpr std::uint64_t kBlockMagic = 0x314159265359, kEndMagic = 0x177245385090;
constexpr std::size_t kFewestTables = 2, kMostTables = 6;
constexpr std::size_t kGroupSymbols = 50;
constexpr std::size_t kMostGroups = 18002;  // 900,000 / 50, and what the format leaves room for
constexpr int kMostWordBits = 20;
constexpr std::size_t kMostNumbers = 255;  // of tables that fit into a byte

[[noreturn]] void fail(const char* what) {
  throw Error(std::string("a bzip2 stream cannot be read: ") + what);
}

// Bits from the highest of the first byte down.
class Bits {
 public:
  explicit Bits(ByteView bytes) : bytes_(bytes) {}

  std::uint64_t read(int count) {
    std::uint64_t value = 0;
    for (int i = 0; i < count; ++i) value = value << 1 | bit();
    return value;
  }
  unsigned bit() {
    if (at_ / 8 >= bytes_.size()) fail("it is truncated");
    const unsigned bit = bytes_[at_ / 8] >> (7 - at_ % 8) & 1u;
    ++at_;
    return bit;
  }

 private:
  ByteView bytes_;
  std::size_t at_ = 0;
};

// A canonical code: words of one length are numbers that follow each other.
class Code {
 public:
  explicit Code(const std::vector<std::uint8_t>& word_bits) {
    for (int bits = 1; bits <= kMostWordBits; ++bits) {
      for (std::size_t s = 0; s < word_bits.size(); ++s) {
        if (word_bits[s] != bits) continue;
        ++count_[static_cast<std::size_t>(bits)];
        symbols_.push_back(static_cast<std::uint16_t>(s));
      }
    }
  }

  std::size_t read(Bits& bits) const {
    std::uint32_t word = 0, first = 0, symbol = 0;
    for (std::size_t length = 1; length < count_.size(); ++length) {
      word = word << 1 | bits.bit();
      first <<= 1;
      if (word < first) break;
      if (word - first < count_[length]) return symbols_[symbol + word - first];
      first += count_[length];
      symbol += count_[length];
    }
    fail("a word is in no code");
  }

 private:
  std::array<std::uint32_t, kMostWordBits + 1> count_{};
  std::vector<std::uint16_t> symbols_;
};

class BlockReader {
 public:
  BlockReader(Bits& bits, std::size_t most_rows) : bits_(bits), most_rows_(most_rows) {}

  // Appends the tables of the block, and of each byte of the message its table.
  void read(std::size_t most_bytes, Bzip2Tables& out, Bytes& message) {
    if (bits_.bit() != 0) fail("a block is randomised, which no encoder does any more");
    const std::uint64_t origin = bits_.read(24);
    read_bytes(out.bytes);
    read_selectors();
    read_codes(out.tables);
    read_rows(static_cast<std::uint8_t>(out.tables.size() - codes_.size()));
    if (origin >= rows_.size()) fail("the row of the text is out of the block");
    undo(origin, most_bytes, out.table_of, message);
  }

 private:
  void read_bytes(ByteSet& all) {
    const std::uint64_t used = bits_.read(16);
    for (std::size_t i = 0; i < 16; ++i) {
      const std::uint64_t of_these = (used >> (15 - i) & 1) == 0 ? 0 : bits_.read(16);
      for (std::size_t k = 0; k < 16; ++k) {
        if ((of_these >> (15 - k) & 1) == 0) continue;
        bytes_.push_back(static_cast<Byte>(16 * i + k));
        all.add(bytes_.back());
      }
    }
    if (bytes_.empty()) fail("a block uses no byte");
  }

  void read_selectors() {
    tables_ = bits_.read(3);
    if (tables_ < kFewestTables || tables_ > kMostTables) fail("too many tables, or too few");
    const std::uint64_t groups = bits_.read(15);
    if (groups == 0 || groups > kMostGroups) fail("too many groups, or none");
    std::vector<std::uint8_t> front(tables_);
    std::iota(front.begin(), front.end(), std::uint8_t{0});
    for (std::uint64_t g = 0; g < groups; ++g) {
      std::size_t rank = 0;
      while (bits_.bit() != 0) {
        if (++rank >= tables_) fail("a selector is out of range");
      }
      std::rotate(front.begin(), front.begin() + static_cast<std::ptrdiff_t>(rank),
                  front.begin() + static_cast<std::ptrdiff_t>(rank) + 1);
      selectors_.push_back(front.front());
    }
  }

  void read_codes(std::vector<WordBits>& all) {
    if (all.size() + tables_ > kMostNumbers) fail("too many blocks");
    const std::size_t symbols = bytes_.size() + 2;  // the end of the block is the last
    for (std::size_t t = 0; t < tables_; ++t) {
      std::vector<std::uint8_t> word_bits(symbols);
      int length = static_cast<int>(bits_.read(5));
      for (std::uint8_t& of_symbol : word_bits) {
        while (bits_.bit() != 0) {
          length += bits_.bit() == 0 ? 1 : -1;
          if (length < 1 || length > kMostWordBits) fail("a word is too long, or empty");
        }
        if (length < 1 || length > kMostWordBits) fail("a word is too long, or empty");
        of_symbol = static_cast<std::uint8_t>(length);
      }
      codes_.emplace_back(word_bits);
      WordBits& kept = all.emplace_back();
      kept = {};
      std::copy(word_bits.begin(), word_bits.end() - 1, kept.begin());
    }
  }

  void add_rows(Row row, std::size_t count) {
    if (count > most_rows_ - rows_.size()) fail("a block is too long");
    rows_.insert(rows_.end(), count, row);
  }

  void read_rows(std::uint8_t first_table) {
    std::vector<Byte> front = bytes_;
    const std::size_t end_of_block = bytes_.size() + 1;
    std::size_t run = 0, digit = 1;  // of rank 0 so far, and the next digit's worth
    std::uint8_t table = 0, run_table = 0;
    for (std::size_t i = 0;; ++i) {
      if (i / kGroupSymbols >= selectors_.size()) fail("there are too few selectors");
      table = static_cast<std::uint8_t>(first_table + selectors_[i / kGroupSymbols]);
      const std::size_t symbol = codes_[selectors_[i / kGroupSymbols]].read(bits_);
      if (symbol <= 1) {
        if (run == 0) run_table = table;
        run += digit << symbol;
        digit <<= 1;
        if (run > most_rows_) fail("a run is too long");
        continue;
      }
      add_rows({front.front(), run_table}, run);
      run = 0;
      digit = 1;
      if (symbol == end_of_block) return;
      const auto rank = static_cast<std::ptrdiff_t>(symbol) - 1;
      std::rotate(front.begin(), front.begin() + rank, front.begin() + rank + 1);
      add_rows({front.front(), table}, 1);
    }
  }

  // From the last column back to the block, and from there to the message.
  void undo(std::uint64_t origin, std::size_t most_bytes, std::vector<std::uint8_t>& table_of,
            Bytes& message) const {
    std::array<std::size_t, 257> begin{};
    for (const Row& row : rows_) ++begin[row.next + std::size_t{1}];
    std::partial_sum(begin.begin(), begin.end(), begin.begin());
    std::vector<std::uint32_t> following(rows_.size());
    for (std::size_t r = 0; r < rows_.size(); ++r)
      following[begin[rows_[r].next]++] = static_cast<std::uint32_t>(r);

    const auto add = [&](Row row, std::size_t count) {
      if (count > most_bytes - message.size()) fail("it decodes to more than was encoded");
      message.insert(message.end(), count, row.next);
      table_of.insert(table_of.end(), count, row.table);
    };
    std::size_t at = following[origin], equal = 0;
    Row last;
    for (std::size_t i = 0; i < rows_.size(); ++i, at = following[at]) {
      const Row& row = rows_[at];
      if (equal == 4) {
        add(last, row.next);
        equal = 0;
        continue;
      }
      equal = equal > 0 && row.next == last.next ? equal + 1 : 1;
      last = row;
      add(row, 1);
    }
  }

  Bits& bits_;
  std::size_t most_rows_;
  std::size_t tables_ = 0;
  Bytes bytes_;
  std::vector<std::uint8_t> selectors_;
  std::vector<Code> codes_;
  std::vector<Row> rows_;
};

}  // namespace

Bzip2Tables read_bzip2(ByteView stream, std::size_t most_bytes, Bytes& message) {
  Bits bits(stream);
  for (const char expected : {'B', 'Z', 'h'}) {
    if (bits.read(8) != static_cast<unsigned char>(expected)) fail("it does not begin as one");
  }
  const std::uint64_t level = bits.read(8) - '0';
  if (level < 1 || level > 9) fail("its level is not 1 to 9");
  Bzip2Tables out;
  for (;;) {
    const std::uint64_t magic = bits.read(48);
    bits.read(32);  // a checksum
    if (magic == kEndMagic) return out;
    if (magic != kBlockMagic) fail("a block does not begin as one");
    BlockReader(bits, level * 100000).read(most_bytes, out, message);
  }
}

Bzip2Tables read_bzip2(ByteView stream, std::size_t most_bytes) {
  Bytes message;
  return read_bzip2(stream, most_bytes, message);
}

}  // namespace kraft::bwt
