// Coin flips into inflate.
//
// The stock inflate is put where a DEFLATE stream of the context would be: its window is the
// context's end, its codes are those of the last dynamic block that the stock deflate writes for
// the context. Then it is fed with flips. Each symbol comes out with probability 2^-bits of its
// code, and its extra bits are uniform. An end of block is followed by the same header again.
//
// The flips are read as bytes, from the lowest bit up. After an end of block, and after what
// inflate refuses (a copy from before the text; a symbol of the fixed codes that means nothing),
// they go on with the next whole byte, and so does the next segment after the last symbol that was
// looked at.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "codecs/deflate.h"
#include "kraft/coinflips.h"
#include "models/deflate/header.h"
#include "models/deflate/zlib_arena.h"

namespace kraft::deflate {

// How far back the stream goes whose last block's codes are taken: several blocks of a text.
inline constexpr std::uint64_t kFlipsContextBytes = std::uint64_t{1} << 17;

class Flips final : public CoinFlips {
 public:
  // Looks at the last kFlipsContextBytes of the context.
  Flips(ByteView context, const Parameters& parameters, double temperature);

  // With the codes of this block, after what the window holds.
  Flips(const BlockHeader& header, ByteView window, double temperature);

  double draw_filtered(std::span<Byte> segment, Random& random, SegmentFilter* filter) override;
  std::uint64_t refused() const override { return refused_; }
  std::string decoder() const override;

  const BlockHeader& header() const { return header_; }

 private:
  struct Segment;

  int inflate_some(Segment& segment, std::size_t until);
  void read_header();
  void set_checkpoint(Segment& segment);
  void begin_block(Segment& segment);
  void decode_again(Segment& segment, std::size_t until, std::size_t flips_bytes);
  void step_back(Segment& segment, std::size_t good, std::uint64_t refused_until);
  bool filter_drawn(Segment& segment, SegmentFilter& filter);
  std::uint64_t flips_read() const;
  std::uint64_t pending_flips();
  void add_flips(Random& random);
  void drop_flips(std::uint64_t flips);

  BlockHeader header_;
  ZlibArena arena_;
  Bytes base_;        // the decoder after the header
  Bytes checkpoint_;  // the same, later
  Bytes flips_;       // since the checkpoint, and some that have not been read
  std::uint64_t refused_ = 0;
};

}  // namespace kraft::deflate
