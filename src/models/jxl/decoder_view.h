// The decoder's view of JPEG XL, lossless: what comes out of the decompressor next?
//
// A sample is coded by what a tree of decisions on the samples around it finds: a predictor, and a
// context whose distribution says how far off the prediction is (ISO/IEC 18181-1, annex H). There
// is one way to code each value, copies apart, so that there is no sum over parses. With the tree
// and the distributions of a stream held still, and e = (x - prediction) / multiplier as an
// integer,
//
//     P(x) proportional to  P(token of e | context) 2^-(further bits of e)
//
// over all values that a sample may have. What was counted in the clusters of contexts since the
// codes were taken adds to P(token): pixel_view.h has the formula. Contexts look at samples of
// their own channel only, as libjxl writes them, so that a pixel's channels are independent given
// the pixels before:
//
//     P(pixel) = product over coded channels c of P_c(value of c in this pixel)
//
// Bytes of a pixel come in the order of the picture, while channels are coded after a colour
// transform, a palette, or both. The probability of a red is the sum over all greens and blues; it
// is exact, and takes two sums over 256 x 256 values (pixel_parts.cc). Of samples of 16 bits, which
// are coded without transforms here, a high byte has the sum over all low ones.
//
// Where the picture is wider than a group, columns of groups are coded apart, as the decoder does,
// but rows go on for ever: the next one is to its group as the last one was.
//
// A value that has no share may come nevertheless: a colour that is not in the palette, or a token
// that no context has. So a part of all masses is spread over values around them. It is one pixel
// in 1,024 at first where there are palettes, and grows with each such pixel.
//
// Held still, from one refresh to the next: transforms, palettes, trees, distributions. They are
// those of the stream that the stock encoder writes for the last whole rows, `source_bytes` at
// most, and change at the first row that begins at or after each position of lz/schedule.h. What
// the weighted predictor learns from pixel to pixel goes on.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "codecs/shape.h"
#include "kraft/bytes.h"
#include "kraft/codec.h"
#include "models/jxl/pixel_view.h"
#include "models/lz/byte_masses.h"
#include "models/lz/row_text.h"

namespace kraft::jxl {

struct ViewParameters {
  Shape shape;
  std::shared_ptr<const Codec> codec;  // that of codecs/jxl.h for views
  // For rows in which new colours go on to come, and palettes save less than those will cost; if
  // there is none, palettes stay.
  std::shared_ptr<const Codec> codec_without_palettes = nullptr;
  std::uint64_t refresh_bytes = 16384;
  std::uint64_t source_bytes = 1 << 17;
};

// An engine of lz::ViewState. Some 6 us for a distribution of gray pixels and 15 us for one of
// colours, 2 us a byte for observing, and at each refresh what libjxl takes. Memory is O(source +
// refresh), and what was observed since the last trim(). One thread at a time; copies are
// independent.
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
  PixelView view_after(ByteView rows) const;
  PixelView view_after(ByteView rows, ByteView stream) const;
  void take(Byte byte);
  void prepare();
  void spread();

  ViewParameters parameters_;
  lz::RowText text_;
  std::vector<Block> blocks_;  // the last one is in force; those before, for rewinding
  Bytes begun_;                // of the pixel that is next
  bool prepared_ = false;
  lz::ByteMasses next_;
};

}  // namespace kraft::jxl
