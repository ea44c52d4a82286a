// The pixels that the filters of PNG look back at.
#pragma once

#include "codecs/shape.h"
#include "core/history.h"
#include "models/png_filters.h"

namespace kraft::png {

// The neighbours of the byte at a position; back(n) is the byte n before it.
template <typename Back>
Neighbours neighbours_at(std::uint64_t position, const Shape& shape, Back back) {
  const std::size_t row_bytes = shape.row_bytes(), pixel_bytes = shape.pixel_bytes();
  Neighbours n;
  n.in_first_column = position % row_bytes < pixel_bytes;
  n.in_first_row = position < row_bytes;
  if (!n.in_first_column) n.left = back(pixel_bytes);
  if (!n.in_first_row) n.above = back(row_bytes);
  if (!n.in_first_column && !n.in_first_row) n.above_left = back(row_bytes + pixel_bytes);
  return n;
}

// What was observed, as far as the filters look back.
class Pixels {
 public:
  explicit Pixels(const Shape& shape)
      : shape_(shape), history_(shape.row_bytes() + shape.pixel_bytes()) {}

  // The neighbours of the byte that comes after `more`, which follows what was observed.
  Neighbours neighbours(ByteView more) const {
    return neighbours_at(history_.position_bytes() + more.size(), shape_,
                         [&](std::size_t bytes) { return back(bytes, more); });
  }

  // Whether the byte after `more` begins a row, and whether it is the high byte of its sample.
  bool begins_row(std::size_t more) const {
    return (history_.position_bytes() + more) % shape_.row_bytes() == 0;
  }
  bool is_high(std::size_t more) const {
    return (history_.position_bytes() + more) % (shape_.depth_bits / 8) == 0;
  }

  // Appends the residuals of `bytes`, which come next; `numbered`: as a file's stream holds them,
  // each row after the number of its filter.
  void filter(int filter, ByteView bytes, bool numbered, Bytes& to) const {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      if (numbered && begins_row(i)) to.push_back(static_cast<Byte>(filter));
      to.push_back(residual(bytes[i], predict(filter, neighbours(bytes.first(i)))));
    }
  }

  bool possible(int filter, ByteView before, Byte byte) const {
    return !is_high(before.size()) || !wraps(filter, byte, neighbours(before));
  }

  History& history() { return history_; }
  const History& history() const { return history_; }

 private:
  int back(std::size_t bytes, ByteView more) const {
    if (bytes <= more.size()) return more[more.size() - bytes];
    const ByteView context = history_.context();
    return context[context.size() - (bytes - more.size())];
  }

  Shape shape_;
  History history_;
};

}  // namespace kraft::png
