// The text of a view of pictures: samples, row by row. Such a view takes new codes at the first row
// that begins at or after each position of schedule.h, from the last whole rows.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "codecs/shape.h"
#include "kraft/bytes.h"
#include "models/lz/refuse_rewind.h"
#include "models/lz/schedule.h"

namespace kraft::lz {

class RowText {
 public:
  RowText(const Shape& shape, std::uint64_t refresh_bytes, std::uint64_t source_bytes)
      : row_bytes_(shape.row_bytes()), source_bytes_(source_bytes), schedule_(refresh_bytes) {}

  std::uint64_t position() const { return position_; }
  std::uint64_t row() const { return position_ / row_bytes_; }
  std::size_t bytes_of_row() const { return static_cast<std::size_t>(position_ % row_bytes_); }
  ByteView last(std::size_t bytes) const { return ByteView(text_).last(bytes); }

  // The last begin of a block, at or before this position.
  std::uint64_t last_begin(std::uint64_t position) const {
    std::uint64_t scheduled = schedule_.last_begin(position);
    while (row_at_or_after(scheduled) > position) scheduled = schedule_.last_begin(scheduled - 1);
    return row_at_or_after(scheduled);
  }
  bool is_at_begin() const { return last_begin(position_) == position_; }

  // At the begin of a row: the last rows, of which there are source_bytes and one row at most.
  ByteView last_rows(std::uint64_t most_rows) const {
    const std::uint64_t rows =
        std::min({row(), std::max<std::uint64_t>(source_bytes_ / row_bytes_, 1), most_rows});
    return last(static_cast<std::size_t>(rows) * row_bytes_);
  }

  void push(ByteView bytes) {
    append(text_, bytes);
    position_ += bytes.size();
  }

  // Throws Error where that is before the last trim().
  void rewind(std::uint64_t position) {
    if (position > position_ || position < trimmed_) refuse_rewind(position, position_);
    text_.resize(text_.size() - static_cast<std::size_t>(position_ - position));
    position_ = position;
  }
  void trim() {
    trimmed_ = position_;
    const std::size_t needed = std::max<std::size_t>(source_bytes_, row_bytes_) + row_bytes_;
    if (text_.size() > 2 * needed)
      text_.erase(text_.begin(), text_.end() - static_cast<std::ptrdiff_t>(needed));
  }

 private:
  std::uint64_t row_at_or_after(std::uint64_t position) const {
    return (position + row_bytes_ - 1) / row_bytes_ * row_bytes_;
  }

  std::size_t row_bytes_;
  std::uint64_t source_bytes_;
  Schedule schedule_;
  Bytes text_;  // the end of it
  std::uint64_t position_ = 0, trimmed_ = 0;
};

// Pixels of colours that are not in a palette, since a block began.
class OtherColours {
 public:
  // The pixel that ends here is one.
  void push(std::uint64_t position) { ends_.push_back(position); }
  void rewind(std::uint64_t position) {
    while (!ends_.empty() && ends_.back() > position) ends_.pop_back();
  }

  // What the next pixel, after so many of the block, has for such a colour: as if 256 pixels had
  // been before, and a quarter of one of them another colour.
  double share(std::uint64_t pixels) const {
    return (static_cast<double>(ends_.size()) + 0.25) / (static_cast<double>(pixels) + 256);
  }

 private:
  std::vector<std::uint64_t> ends_;
};

// Observes several bytes of which only the block matters in which they end, and what it is made of.
template <class BeginBlock, class Observe>
void observe_rows(RowText& text, ByteView bytes, BeginBlock&& begin_block, Observe&& observe) {
  const std::uint64_t begin = text.last_begin(text.position() + bytes.size());
  if (begin > text.position()) {
    const auto before = static_cast<std::size_t>(begin - text.position());
    text.push(bytes.first(before));
    bytes = bytes.subspan(before);
    begin_block();
  }
  for (const Byte byte : bytes) observe(byte);
}

}  // namespace kraft::lz
