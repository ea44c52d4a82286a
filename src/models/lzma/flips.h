// Coin flips into an LZMA2 decoder.
//
// The stock decoder reads the context's own LZMA2 stream and then the beginning of one more chunk
// that resets nothing, whose payload is flips: with the probabilities that the decoder has learned
// from the context, it takes them for decisions of the range coder, each with the probability that
// it gives it. What comes out is learned from as well, as in any chunk.
//
// Not every decision leads somewhere: distances can point before the text, which the decoder finds
// out only there. Then it goes back to where it was some bytes before, and further if that happens
// again: up to four bytes of flips, which it has in hand, may hold what it refuses.
//
// A chunk's payload has 64 KiB. What is drawn when that is used up follows the stream that liblzma
// writes for the text so far.
#pragma once

#include <lzma.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "kraft/coinflips.h"
#include "models/lzma/arena.h"

namespace kraft::lzma {

class Flips final : public CoinFlips {
 public:
  // Looks at the last options.dict_size bytes of the context.
  Flips(ByteView context, const lzma_options_lzma& options);

  // Counts whole bytes that the decoder has taken, without the five that each chunk begins with: a
  // zero, and what it has in hand at the end. That is too few by 0 to 8 flips a chunk, for the
  // width of the range coder's interval, which the decoder does not tell.
  //
  // What may not stay is treated as what the decoder refuses: the symbols do not show, so that it
  // goes back by some bytes, not to where a symbol began.
  double draw_filtered(std::span<Byte> segment, Random& random, SegmentFilter* filter) override;
  std::uint64_t refused() const override { return refused_; }
  std::string decoder() const override;

 private:
  // A decoder within the chunk that was opened for it, and what was saved of it.
  struct Chunk;
  struct Place;

  std::shared_ptr<Chunk> new_chunk() const;
  void open_chunk(Chunk& chunk, std::size_t done, ByteView text) const;
  bool draw_piece(Chunk& chunk, std::span<Byte> segment, Random& random, SegmentFilter* filter);
  void step_back(Chunk& chunk, std::size_t payload, std::size_t least_bytes,
                 std::size_t most_times);
  void add_flips(Random& random);

  lzma_options_lzma options_;
  Bytes context_;
  std::shared_ptr<Chunk> first_;  // after the context
  std::shared_ptr<Chunk> later_;  // after some of the segment; made when one is needed
  Bytes flips_;
  std::size_t flips_at_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace kraft::lzma
