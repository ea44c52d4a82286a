#include "models/bwt/bzip2_view.h"

#include <algorithm>

#include "base/portable_log2.h"
#include "models/lz/powers.h"

namespace kraft::bwt {
namespace {

constexpr int kBitsWithoutCode = 8;

}  // namespace

// ---- Words -----------------------------------------------------------------------------------

Words::Words(const Bzip2Tables& tables, int floor_bits) : tables_(tables.tables) {
  for (WordBits& words : tables_) {
    for (std::uint8_t& bits : words) {
      if (bits == 0) bits = static_cast<std::uint8_t>(floor_bits);
    }
  }
  if (tables_.empty()) tables_.emplace_back().fill(kBitsWithoutCode);
  std::size_t n = 0;
  for (const bool occurs : {true, false}) {
    for (std::size_t b = 0; b < 256; ++b) {
      if (tables.bytes.has(static_cast<Byte>(b)) == occurs) front_[n++] = static_cast<Byte>(b);
    }
  }
}

int Words::run(std::uint8_t table, std::size_t zeros) const {
  const WordBits& words = tables_[table];
  int bits = 0;
  for (; zeros > 0; zeros = (zeros - 1) / 2) bits += words[(zeros - 1) % 2];
  return bits;
}

// ---- The hole --------------------------------------------------------------------------------

namespace {

// What stands around a hole.
struct Around {
  Around(const Column& column, const Words& words) {
    std::array<Nearest, 256> above;
    const std::size_t seen = column.above(above);
    ByteSet known;
    for (std::size_t r = 0; r < seen; ++r) {
      known.add(above[r].row.next);
      front[r] = above[r].row.next;
    }
    std::size_t n = seen;
    for (const Byte byte : words.front()) {
      if (!known.has(byte)) front[n++] = byte;
    }
    for (std::size_t r = 0; r < 256; ++r) rank[front[r]] = static_cast<std::uint8_t>(r);
    below_count = column.below(below);
    if (seen > 0) {
      const std::size_t equal = column.run_up(column.hole() - 1);
      const std::size_t first = column.hole() - equal;
      const bool from_start = first == 0 && front[0] == words.front()[0];
      zeros_above = from_start ? equal : equal - 1;
      table = column.at(column.hole() - 1).table;
      if (zeros_above > 0) run_table = column.at(column.hole() - zeros_above).table;
    } else if (below_count > 0) {
      table = below[0].row.table;
    }
    if (zeros_above == 0) run_table = table;
    if (below_count > 0) {
      equal_below = column.run_down(column.hole());
      if (equal_below > 1) second_table = column.at(column.hole() + 1).table;
    }
  }

  std::array<Byte, 256> front;         // bytes by their ranks
  std::array<std::uint8_t, 256> rank;  // and back
  std::uint8_t table = 0;              // of the hole
  std::size_t zeros_above = 0;         // rows of rank 0 right above it,
  std::uint8_t run_table = 0;          // and what codes them
  std::array<Nearest, kBytesBelow> below;
  std::size_t below_count = 0;
  std::size_t equal_below = 0;    // rows right below it with the same byte
  std::uint8_t second_table = 0;  // of the second of these
};

// Of the run above, the hole with the byte in it, and the run below.
int bits_next_to_hole(const Around& around, const Words& words, std::size_t rank) {
  const Byte byte = around.front[rank];
  const bool any_below = around.below_count > 0;
  const Row first = any_below ? around.below[0].row : Row{};
  const std::size_t more_below = any_below ? around.equal_below - 1 : 0;
  const std::size_t first_rank = any_below ? around.rank[first.next] : 0;
  if (rank == 0) {
    if (any_below && first_rank == 0)
      return words.run(around.run_table, around.zeros_above + 1 + around.equal_below);
    const int zeros = words.run(around.run_table, around.zeros_above + 1);
    if (!any_below) return zeros;
    return zeros + words.rank(first.table, first_rank) + words.run(around.second_table, more_below);
  }
  const int here = words.run(around.run_table, around.zeros_above) + words.rank(around.table, rank);
  if (!any_below) return here;
  if (first.next == byte) return here + words.run(first.table, more_below + 1);
  const std::size_t pushed_back = first_rank + (first_rank < rank ? 1 : 0);
  return here + words.rank(first.table, pushed_back) + words.run(around.second_table, more_below);
}

}  // namespace

HoleBits hole_bits(const Column& column, const Words& words) {
  const Around around(column, words);
  std::array<std::int32_t, 256> by_rank{};  // further below
  HoleBits bits{};
  ByteSet met;
  for (std::size_t i = 0; i < around.below_count; ++i) {
    const Row row = around.below[i].row;
    const std::size_t rank = around.rank[row.next];
    met.add(row.next);
    if (i == 0) continue;
    std::size_t rank_here = rank;  // without the hole
    for (std::size_t k = 0; k < i; ++k) {
      if (around.rank[around.below[k].row.next] > rank) ++rank_here;
    }
    const int before = words.rank(row.table, rank_here);
    bits[row.next] = by_rank[rank] + words.rank(row.table, i) - before;
    if (rank_here == 255) continue;
    const int more = words.rank(row.table, rank_here + 1) - before;
    if (more == 0) continue;
    for (std::size_t r = rank + 1; r < 256; ++r) by_rank[r] += more;
  }
  for (std::size_t rank = 0; rank < 256; ++rank) {
    const Byte byte = around.front[rank];
    if (!met.has(byte)) bits[byte] = by_rank[rank];
    bits[byte] += bits_next_to_hole(around, words, rank);
  }
  return bits;
}

// ---- The block -------------------------------------------------------------------------------

Bzip2Block::Bzip2Block(const Codec& codec, int floor_bits, ByteView text) {
  Bzip2Tables tables;
  if (!text.empty()) {
    const Bytes backwards(text.rbegin(), text.rend());
    tables = read_bzip2(codec.encode(backwards), backwards.size());
  }
  std::ranges::reverse(tables.table_of);
  words_ = std::make_shared<const Words>(tables, floor_bits);
  column_.emplace(text, tables.table_of);
}

void Bzip2Block::push(Byte byte) {
  column_->push(byte);
  prepared_ = false;
}

void Bzip2Block::pop() {
  column_->pop();
  prepared_ = false;
}

void Bzip2Block::prepare() {
  if (prepared_) return;
  hole_ = hole_bits(*column_, *words_);
  const std::int32_t least = *std::ranges::min_element(hole_);
  double sum = 0;
  for (std::int32_t& bits : hole_) {
    bits -= least;
    sum += lz::power_of_two(-bits);
  }
  total_bits_ = portable_log2(sum);
  prepared_ = true;
}

double Bzip2Block::bits_of(Byte byte) {
  prepare();
  return hole_[byte] + total_bits_;
}

void Bzip2Block::next_byte(std::span<double, 256> bits) {
  prepare();
  for (std::size_t b = 0; b < 256; ++b) bits[b] = hole_[b] + total_bits_;
}

Bzip2View::Bzip2View(const Bzip2ViewParameters& parameters)
    : ColumnView([codec = parameters.codec, floor_bits = parameters.floor_bits](
                     ByteView text) { return Bzip2Block(*codec, floor_bits, text); },
                 parameters.block_bytes, parameters.refresh_bytes) {}

}  // namespace kraft::bwt
