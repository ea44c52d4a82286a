// The decoder's view of bzip2: what stands in the row of the context?
//
// bzip2 sorts the bytes of a block by what follows them, and codes the column that comes out. Of a
// text that is written backwards, this is the column of what comes next, in the order of the
// contexts read backwards (models/bwt/column.h). The context has a row there, and its byte is not
// known yet. With the rows around it as they are and the code held still, the decoder makes the
// column with b in that row from coin flips with probability 2^-bits(b), where bits(b) is what the
// column costs then. So
//
//     P(b) = 2^-bits(b) / (sum over all c of 2^-bits(c))
//
// The column ends before the fifth different byte below the row (kBytesBelow). The words of ranks
// further down are short because just these ranks stand there. A b that moves ranks there would pay
// for words that nothing was fitted to; on a photograph, the whole column takes half as many bits
// again.
//
// bits(b) is what these cost:
//
//     a rank r > 0      the word of the rank, in the table of the row
//     a run of n zeros  the digits of n, in the table of its first row; of n = 2^k - 1 + d, k words
//                       RUNA or RUNB, by the binary digits of d from the lowest up
//
// where a rank counts the different bytes between a row and the last one with the same byte; bytes
// that have not occurred stand in the order of their values, those of the block first. Only what
// differs between two b needs to be known: the run around the row, and ranks of bytes where they
// occur for the first time below it. These grow by one if b last occurred further up than they did.
//
// Held still, from one refresh to the next (models/bwt/column_view.h): the codes and the
// selectors that the stock encoder writes for the last block of text, backwards. A row that has
// come since is coded by the table of the row above it. A rank without a word counts as one of
// `floor_bits`. Where there is no code yet, all words have 8 bits. The initial run-length encoding
// is left out. All is counted in whole bits.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "kraft/codec.h"
#include "models/bwt/bzip2_stream.h"
#include "models/bwt/column.h"
#include "models/bwt/column_view.h"

namespace kraft::bwt {

// Of a byte in the hole of a column, more than others: bits(b) less what is the same for all b.
using HoleBits = std::array<std::int32_t, 256>;

// The words of a block, with what is missing filled in.
class Words {
 public:
  static constexpr int kMostBits = 20;

  Words(const Bzip2Tables& tables, int floor_bits);

  int rank(std::uint8_t table, std::size_t rank) const { return tables_[table][rank + 1]; }
  int run(std::uint8_t table, std::size_t zeros) const;

  // Bytes in the order that ranks begin with.
  const std::array<Byte, 256>& front() const { return front_; }

 private:
  std::vector<WordBits> tables_;
  std::array<Byte, 256> front_;
};

// Different bytes below the hole, down to which rows count.
inline constexpr std::size_t kBytesBelow = 4;

// O(rows / 512 + bytes that occur).
HoleBits hole_bits(const Column& column, const Words& words);

// A block of ColumnView.
class Bzip2Block {
 public:
  Bzip2Block(const Codec& codec, int floor_bits, ByteView text);

  void push(Byte byte);
  void pop();
  std::size_t pushed() const { return column_->pushed(); }
  double bits_of(Byte byte);
  void next_byte(std::span<double, 256> bits);

 private:
  void prepare();

  std::shared_ptr<const Words> words_;
  std::optional<Column> column_;
  bool prepared_ = false;  // what follows, for the hole
  HoleBits hole_{};        // more than the cheapest
  double total_bits_ = 0;  // log2 of the sum of 2^-hole_
};

struct Bzip2ViewParameters {
  std::shared_ptr<const Codec> codec;
  std::uint64_t block_bytes = 900000;
  std::uint64_t refresh_bytes = 16384;
  int floor_bits = 12;
};

class Bzip2View : public ColumnView<Bzip2Block> {
 public:
  explicit Bzip2View(const Bzip2ViewParameters& parameters);
};

}  // namespace kraft::bwt
