// The decoder's view of PNG: what does its DEFLATE stream expect of the next residual?
//
// Each of PNG's filters predicts a byte from its neighbours (png_filters.h), and the residuals of
// all rows, each row after the number of its filter, are one DEFLATE stream. With one filter f for
// all rows that stream has a decoder's view (deflate/decoder_view.h), which sums over all of its
// parses:
//
//     p_f(b) = P(b - what f predicts | the residuals by f so far)
//
// Residuals wrap around as the format has them, so that every byte has a probability. All five
// filters are followed at once where no one is asked for, and combined by
//
//     product:  p(b) in proportion to the fifth root of the product of all p_f(b)
//     mix:      p(b) = sum over f of w_f p_f(b)
//
// with w_f in proportion to w_f p_f(b) by each byte that comes, and a part of it shared out again
// among all filters at each row, since PNG chooses a filter for each (Herbster and Warmuth,
// "Tracking the best expert", 1998).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "codecs/shape.h"
#include "kraft/bytes.h"
#include "models/deflate/decoder_view.h"
#include "models/png_filters.h"

namespace kraft::png {

enum class Combined { product, mix };

struct ViewSettings {
  Shape shape;
  deflate::ViewParameters deflate;
  std::optional<int> filter = {};  // nothing: all of them
  Combined combined = Combined::mix;
};

// An engine of lz::ViewState. It takes as long as that of DEFLATE does, for each filter. Memory is
// O(window + row), and what was observed since the last trim(). One thread at a time; copies are
// independent.
class DecoderView {
 public:
  explicit DecoderView(const ViewSettings& settings);

  void observe(Byte byte);
  void observe(ByteView bytes);
  std::uint64_t position_bytes() const { return position_bytes_; }
  double bits_of(Byte byte);
  void next_byte(std::span<double, 256> bits);
  void rewind(std::uint64_t position_bytes);
  void trim();

 private:
  using Weights = std::array<double, kFilters>;

  struct Track {  // a filter
    int filter;
    deflate::DecoderView stream;
  };

  Neighbours neighbours(std::size_t text_bytes, std::uint64_t position) const;
  std::uint64_t stream_position(std::uint64_t position) const;
  void push(Track& track, ByteView bytes);
  void learn(Byte byte);
  void prepare();
  void combine();

  ViewSettings settings_;
  std::vector<Track> tracks_;
  Bytes text_;                    // the end of it, as far as filters and rewinds look back
  std::vector<Weights> weights_;  // of the mix; after each byte since the last trim()
  std::uint64_t position_bytes_ = 0, trimmed_bytes_ = 0;
  bool prepared_ = false;
  std::vector<std::array<double, 256>> of_tracks_;  // bits
  std::array<double, 256> bits_;
};

}  // namespace kraft::png
