// The decoder's view of WebP, lossless: what comes out of the decompressor next?
//
// A pixel is coded as a residual to what its neighbours and its other channels say, by literals, by
// a place in the cache of colours, or as part of a copy of residuals (RFC 9649). With the codes of
// a stream held still, the probability of what comes next is a sum over all parses, as in DEFLATE
// (deflate/decoder_view.h): with B_t the mass of those with a token that begins at pixel t, A_t =
// B_t over the sum of the tokens that can begin there, and m_d the number of last residuals that
// equal those d before,
//
//     P(e) proportional to  A_t (p_lit(e) + p_cached(place of e) [cache holds e there])
//                           + sum over d of p_dist(d) G_t(m_d) [e_{t+1-d} = e]
//     G_t(m) = sum over k = 0..m of S_{t-k} P(length > k)      S_t = A_t P(copy)
//
// What a decoder reads from the stream and who predicts cannot know is how the squares of pixels to
// come are coded: which mode predicts, which factors green and red have for the other colours,
// which group of codes is in use. Each combination of what is in the stream is a hypothesis h
// (prices.h), with a weight in each square that grows with what it has said of the pixels there:
//
//     P(pixel) = sum over h of w_h P(residual of the pixel by h | group of h)
//
// When a row of a square begins, its weights are those so far (of the square above, if there were
// none), those of the square to the left, and the prior, mixed (as in Herbster and Warmuth,
// "Tracking the best expert", 1998). What was observed gets the residual by the likeliest
// hypothesis; copies copy that.
//
// Bytes of a pixel come in the order of the picture: red before green. The probability of a red is
// the sum over all greens; the sums for each group and factor are made when codes change.
//
// Held still, from one refresh to the next: transforms' parameters, codes, prior. They are those of
// the stream that the stock encoder writes for the last whole rows, `source_bytes` at most, and
// change at the first row that begins at or after each position of lz/schedule.h.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "codecs/shape.h"
#include "kraft/bytes.h"
#include "kraft/codec.h"
#include "models/lz/byte_masses.h"
#include "models/lz/row_text.h"
#include "models/webp/pixel_view.h"

namespace kraft::webp {

struct ViewParameters {
  Shape shape;
  std::shared_ptr<const Codec> codec;
  std::uint64_t refresh_bytes = 16384;
  std::uint64_t source_bytes = 1 << 17;
};

// An engine of lz::ViewState. Memory is O(source + refresh), and what was observed since the last
// trim(). One thread at a time; copies are independent.
class DecoderView {
 public:
  explicit DecoderView(const ViewParameters& parameters);

  void observe(Byte byte);
  void observe(ByteView bytes);
  std::uint64_t position_bytes() const { return text_.position(); }
  double bits_of(Byte byte);
  void next_byte(std::span<double, 256> bits);
  void rewind(std::uint64_t position_bytes);
  void trim();

 private:
  struct Block {
    std::uint64_t begin;              // where its codes come into force
    std::optional<PixelView> pixels;  // none: all bytes are alike
    std::uint64_t first_row;          // of the rows that the stream was written for
    lz::OtherColours others;
  };

  void begin_block();
  std::size_t coded_pixels() const;
  void take(Byte byte);
  void prepare();
  void prepare_from_palette();
  std::size_t palette_index(ByteView pixel) const;
  Argb colour_of(ByteView pixel) const;
  Argb coded(ByteView bytes) const;
  void count_others();

  ViewParameters parameters_;
  lz::RowText text_;
  std::vector<Block> blocks_;  // the last one is in force; those before, for rewinding
  Bytes begun_;                // of the coded pixel that is next
  bool prepared_ = false;
  lz::ByteMasses next_;
};

}  // namespace kraft::webp
