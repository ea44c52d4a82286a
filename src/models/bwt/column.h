// The last column of a Burrows-Wheeler transform (Burrows and Wheeler 1994) that grows by a byte at
// a time: what followed each context, with the contexts in the order of their bytes read backwards.
//
//     bwt::Column column(as_bytes("abracadabra"), tables);
//     column.hole();       // the row of "abracadabra" itself: what follows is not known yet
//     column.push('x');    // it was an x; the hole is now at the row of "abracadabrax"
//     column.pop();
//
// A transform sorts what follows each byte and keeps what comes before. Of a text that is written
// backwards it therefore sorts the contexts and keeps what comes next. The row of a context that is
// one byte longer follows from its own: contexts that end in the same byte stand in the order of
// the rows that have this byte next (the mapping from the last column to the first).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kraft/bytes.h"

namespace kraft::bwt {

// A set of bytes.
class ByteSet {
 public:
  bool has(Byte byte) const { return (words_[byte / 64] >> (byte % 64) & 1) != 0; }
  void add(Byte byte) { words_[byte / 64] |= std::uint64_t{1} << (byte % 64); }
  void remove(Byte byte) { words_[byte / 64] &= ~(std::uint64_t{1} << (byte % 64)); }
  bool has_more_than(const ByteSet& other) const {
    std::uint64_t more = 0;
    for (std::size_t i = 0; i < words_.size(); ++i) more |= words_[i] & ~other.words_[i];
    return more != 0;
  }
  bool is_only(Byte byte) const {
    ByteSet only;
    only.add(byte);
    return words_ == only.words_;
  }
  bool operator==(const ByteSet&) const = default;

 private:
  std::array<std::uint64_t, 4> words_{};
};

// A row: the byte that follows its context, and the number of the table that codes it.
struct Row {
  Byte next = 0;
  std::uint8_t table = 0;
};

// A byte where it occurs nearest to the hole, on one side of it.
struct Nearest {
  Row row;
  std::size_t index = 0;
};

// Rows are kept in chunks, so that a byte pushed costs O(rows / kChunkRows + kChunkRows). Memory is
// some 4 bytes a row. One thread at a time; copies are independent.
class Column {
 public:
  // Of the contexts that are beginnings of `text`, the empty one included; `tables` are those that
  // code each of its bytes. Sorts in linear time.
  Column(ByteView text, std::span<const std::uint8_t> tables);

  // The hole's row is filled, and is coded by the table of the row above it.
  void push(Byte next);

  // Undoes the last push(); not beyond what the column began with, or the last forget().
  void pop();
  std::size_t pushed() const { return holes_.size(); }
  void forget() { holes_.clear(); }

  std::size_t size() const { return size_; }  // rows, without the hole
  std::size_t hole() const { return hole_; }  // the rows above it
  Row at(std::size_t index) const;

  // The bytes of so many rows.
  Bytes read(std::size_t begin, std::size_t count) const;

  // Each byte that occurs above the hole, or from the hole down, where it is nearest, in that
  // order: as many as there is room for. Returns how many.
  std::size_t above(std::span<Nearest> found) const;
  std::size_t below(std::span<Nearest> found) const;

  // Rows next to each other with the same byte: how many, from one row up, or down.
  std::size_t run_up(std::size_t index) const;
  std::size_t run_down(std::size_t index) const;

 private:
  static constexpr std::size_t kChunkRows = 512;

  struct Chunk {
    std::array<Byte, kChunkRows> next;
    std::array<std::uint8_t, kChunkRows> table;
    ByteSet bytes;
  };
  struct Place {
    std::size_t chunk, row;
  };

  Place place_of(std::size_t index) const;
  Place place_to_insert() const;
  void split(std::size_t chunk);
  void recount(std::size_t chunk);
  std::size_t count_above(Byte byte, Place hole) const;

  std::vector<Chunk> chunks_;
  std::vector<std::uint16_t> sizes_;
  std::array<std::vector<std::uint16_t>, 256> counts_;  // of each byte in each chunk
  std::array<std::uint32_t, 256> totals_{};
  std::size_t size_ = 0;
  std::size_t hole_ = 0;
  std::vector<std::uint32_t> holes_;  // where it was, before each push
};

}  // namespace kraft::bwt
