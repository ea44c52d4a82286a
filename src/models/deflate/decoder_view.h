// The decoder's view of DEFLATE: what comes out of the decompressor next?
//
// Stop inflate where a context ends and feed it with fair coin flips. Each token, a literal or a
// copy, comes with probability 2^-bits of its words. Many token sequences unfold to the same text,
// so that the probability of a text is a sum over all of its parses. A forward algorithm computes
// it a byte at a time. With B_t the mass of all parses of the first t bytes that have a boundary
// between two tokens there, A_t = B_t divided by the sum of the tokens that can begin there (copies
// come from what has been seen), and m_d the number of last bytes that equal those d before:
//
//     P(b) proportional to  A_t p_lit(b) + sum over d of p_dist(d) G_t(m_d) [x_{t+1-d} = b]
//     G_t(m)  = sum over k = 0..m of A_{t-k} P(length > k)
//     B_{t+1} = A_t p_lit(x_{t+1}) + sum over d of p_dist(d) H_t(m_d)
//     H_t(m)  = sum over k = 3..m of A_{t+1-k} P(length = k)        (m_d after x_{t+1})
//
// The sums over k and d are exchanged here. The weight of the distances that match k bytes or more
// is a whole number: for k = 0 and 1 histograms have it (lz/next_bytes.h), from 2 on the listed
// matches (lz/match_tracker.h).
//
// Blocks. A DEFLATE stream changes its codes from block to block. So does the view, at fixed
// positions: 0, then 256, 512, ... doubling, up to `refresh` bytes, then every `refresh` bytes. The
// code of each is that of the last dynamic block which the stock deflate, with the parameters of
// the specification, writes for the bytes before it (the last `source_bytes`); where it writes
// none, as for noise and after few bytes, the fixed code. A block of less than `fewest_bytes`, such
// as the stream's end often is, knows too little of the text: it counts only where no other holds
// more. The end of block is left out, and the rest is normalised. At such a position the masses are
// computed anew with the new code, over parses that begin kRunInBytes before. So everything depends
// on the position and on the last bytes alone: a long context need not be gone through from its
// beginning.
//
// Every number is a sum and product of doubles in a fixed order: the same bits when decoding as
// when encoding, on all machines with IEEE 754 arithmetic.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "codecs/deflate.h"
#include "kraft/bytes.h"
#include "models/deflate/flips.h"
#include "models/deflate/header.h"
#include "models/deflate/prices.h"
#include "models/lz/match_tracker.h"
#include "models/lz/next_bytes.h"
#include "models/lz/schedule.h"
#include "models/lz/token_starts.h"

namespace kraft::deflate {

struct ViewParameters {
  Parameters deflate;
  std::uint64_t refresh_bytes = 4096;
  std::uint64_t source_bytes = kFlipsContextBytes;
  std::uint64_t fewest_bytes = 4096;  // of a block whose code is taken
  Floor floor = Floor::longest_word;
  // The header of the block after these last bytes of the text; by default last_dynamic_header().
  std::function<BlockHeader(ByteView source)> header_after = {};
};

// Twice the longest copy: what was before does not matter to what is open at its end.
inline constexpr std::uint64_t kRunInBytes = 2 * kMaxMatch;

// 5 to 8 us a byte for observing, and as much for a distribution, on text; a new block takes some
// milliseconds. Memory is O(source + window), and bytes since the last trim(). One thread at a
// time; copies are independent.
class DecoderView {
 public:
  explicit DecoderView(const ViewParameters& parameters);

  void observe(Byte byte);

  // The same as observing the bytes one by one, but passes over what does not matter in the end.
  void observe(ByteView bytes);

  std::uint64_t position_bytes() const { return tracker_.position(); }

  // -log2 P(byte) for one byte, or for all.
  double bits_of(Byte byte);
  void next_byte(std::span<double, 256> bits);

  // Back to an earlier position, at or after the last trim().
  void rewind(std::uint64_t position_bytes);

  // Gives up the memory that only rewinding needs.
  void trim();

  // Pretends that the text so far ends between two tokens, and keeps the code. Rewinding to before
  // this position forgets that.
  void begin_token();

  // The block's header where the text ends.
  const BlockHeader& header() const { return blocks_.back().code->header; }

  // The stock inflate here, with this block's code, between two tokens.
  std::unique_ptr<CoinFlips> coin_flips(double temperature) const;

 private:
  ByteView window() const;

  struct Code {
    BlockHeader header;
    Prices prices;
  };
  struct Block {
    std::uint64_t begin;  // where its code comes into force
    std::shared_ptr<const Code> code;
    std::uint64_t first;  // position of the first of the starts
    lz::TokenStarts starts;
  };

  std::shared_ptr<const Code> code_at(std::uint64_t position) const;
  void begin_block(std::uint64_t position);
  void push_start(std::uint64_t position);
  void add_up_matches(std::uint64_t position);
  void prepare();
  void sum_open_copies();
  double single(Byte byte) const;
  void refresh_histograms();

  ViewParameters parameters_;
  lz::Schedule schedule_;
  lz::MatchTracker tracker_;
  lz::NextBytes<DistanceFormat> next_bytes_;
  std::vector<Block> blocks_;  // the last one is in force; those before, for rewinding
  bool prepared_ = false;      // what follows, for the position
  std::uint32_t longest_match_ = 0;
  std::array<DistanceFormat::Weight, kMaxMatch + 2> weight_of_length_{};  // matches of m or more
  std::array<double, kMaxMatch + 1> open_{};  // G_t(m) without its terms for k = 0 and 1, in units
  double token_ = 0;                          // A_t
  double after_any_ = 0, after_last_ = 0;     // factors of the histograms
  double total_ = 0;                          // the sum of P over all bytes
  double total_bits_ = 0;                     // its log2
};

}  // namespace kraft::deflate
