// Coin flips into a decompressor: what does it make of noise?
//
//     auto state = kraft::make_model("gzip")->start(context);
//     if (const kraft::StockDecoder* decoder = state->stock_decoder()) {
//       auto flips = decoder->coin_flips(/*temperature=*/1);
//       kraft::Bytes text(4096);
//       kraft::Random random(/*seed=*/1);
//       double bits = flips->draw(text, random);               // so many flips were spent
//     }
//
// The states of gzip, zlib, deflate, xz and lzma have a stock decoder; those of other models return
// null.
//
// From fair coin flips, the decoder of a prefix code makes a word of l bits with probability 2^-l:
// to decompress noise is to sample from the code. But a compressed format does not encode a text;
// it encodes a parse, a sequence of literals and copies. So this draws parses, each with the
// probability that the code has for it where the context ends, and unfolds them to text. Whether a
// copy fits what stands before it plays no part. The sampler "coinflips" draws in this way.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "kraft/bytes.h"
#include "kraft/random.h"

namespace kraft {

// What may stay of a segment while it is drawn. Places are bytes from the segment's beginning.
class SegmentFilter {
 public:
  virtual ~SegmentFilter() = default;

  // These bytes are drawn at `place`, instead of what was there and behind it. Returns how many of
  // them, from the first on, may stay.
  virtual std::size_t keep(std::size_t place, ByteView bytes) = 0;

  // What begins at `place` is to be drawn again, because not all of it may stay. False: it has been
  // often enough. Then it stays, and keep_all() says what.
  virtual bool again(std::size_t place) = 0;
  virtual void keep_all(std::size_t place, ByteView bytes) = 0;
};

// A decompressor at the end of a context. One thread at a time.
class CoinFlips {
 public:
  virtual ~CoinFlips() = default;

  // Fills a segment that follows the context; each call begins there again, so that segments are
  // independent. Returns the flips that were spent on the symbols that begin in it: all of the last
  // one, which the end may cut, and none that the decoder refused (refused()) or whose symbols did
  // not stay. Takes more from `random` than that, whole numbers at a time. O(segment), and
  // O(window) for each time that something is drawn again. Throws Error if the decoder refuses
  // whatever it is given.
  double draw(std::span<Byte> segment, Random& random) {
    return draw_filtered(segment, random, nullptr);
  }

  // The same with a filter: flips for a symbol that cannot stay whole are drawn again, as those are
  // that the decoder refuses, so that a decoder of symbols draws each of them in proportion to its
  // probability among those that may stay.
  virtual double draw_filtered(std::span<Byte> segment, Random& random, SegmentFilter* filter) = 0;

  // How often flips made no symbol, such as a copy from before the text, and were drawn again.
  virtual std::uint64_t refused() const = 0;

  // Which decompressor it is: "inflate of zlib 1.2.13".
  virtual std::string decoder() const = 0;
};

// The capability of states whose format has a decompressor that can be fed with coin flips.
class StockDecoder {
 public:
  // A decompressor where the context ends, independent of the state. O(context that it can see).
  // Throws UsageError for a temperature that the format cannot have.
  virtual std::unique_ptr<CoinFlips> coin_flips(double temperature) const = 0;

 protected:
  ~StockDecoder() = default;
};

}  // namespace kraft
