#include "models/jxl/decoder_view.h"

#include <algorithm>
#include <array>
#include <utility>

#include "models/lz/refuse_rewind.h"

namespace kraft::jxl {
namespace {

// Of pixels in the context, as if there had been so many, and so many of them of colours that are
// not in the palette.
constexpr double kPixelsBefore = 256, kOthersBefore = 0.25;
constexpr double kOthersWithoutPalette = 1.0 / 16384;

// What a colour costs that is not in a palette, and what may be neglected of it, in bits a pixel.
constexpr double kNewColourBits = 10, kNewColourBitsPerByte = 8, kNegligibleBits = 0.01;

}  // namespace

DecoderView::DecoderView(const ViewParameters& parameters)
    : parameters_(parameters), schedule_(parameters.refresh_bytes) {
  begin_block(0);
}

// ---- Blocks ----------------------------------------------------------------------------------

std::uint64_t DecoderView::row_at_or_after(std::uint64_t position) const {
  const std::size_t row_bytes = parameters_.shape.row_bytes();
  return (position + row_bytes - 1) / row_bytes * row_bytes;
}

// The last begin of a block, at or before this position.
std::uint64_t DecoderView::last_begin(std::uint64_t position) const {
  std::uint64_t scheduled = schedule_.last_begin(position);
  while (row_at_or_after(scheduled) > position) scheduled = schedule_.last_begin(scheduled - 1);
  return row_at_or_after(scheduled);
}

// The text ends at the position, or goes on; the last rows before it are there.
void DecoderView::begin_block(std::uint64_t position) {
  const Shape& shape = parameters_.shape;
  const std::uint64_t rows_before = position / shape.row_bytes();
  const std::uint64_t rows = std::min<std::uint64_t>(
      rows_before, std::max<std::uint64_t>(parameters_.source_bytes / shape.row_bytes(), 1));
  Block block{position, {}, rows_before - rows, {}};
  if (rows > 0) {
    const std::uint64_t after = position_bytes_ - position;
    const std::size_t end = text_.size() - static_cast<std::size_t>(after);
    const auto size = static_cast<std::size_t>(rows) * shape.row_bytes();
    const ByteView source = ByteView(text_).subspan(end - size, size);
    block.pixels.emplace(view_after(source));
    block.pixels->begin_counting();
  }
  blocks_.push_back(std::move(block));
  begun_.clear();
  prepared_ = false;
}

// After these rows, of the stream that is written for them.
PixelView DecoderView::view_after(ByteView rows) const {
  const Bytes stream = parameters_.codec->encode(rows);
  PixelView view = view_after(rows, stream);
  const std::size_t pixel_bytes = parameters_.shape.pixel_bytes();
  const double new_bits =
      view.new_colours() *
      (kNewColourBits + kNewColourBitsPerByte * static_cast<double>(pixel_bytes));
  if (!parameters_.codec_without_palettes || new_bits < kNegligibleBits) return view;
  // Is what palettes save more than what new colours will cost?
  const Bytes bare = parameters_.codec_without_palettes->encode(rows);
  const double saved_bytes = static_cast<double>(bare.size()) - static_cast<double>(stream.size());
  return 8 * saved_bytes * static_cast<double>(pixel_bytes) >
                 new_bits * static_cast<double>(rows.size())
             ? view
             : view_after(rows, bare);
}

PixelView DecoderView::view_after(ByteView rows, ByteView stream) const {
  const Shape& shape = parameters_.shape;
  // The last byte says how many completed the message: none.
  PixelView view(read_stream(stream.first(stream.size() - 1), rows.size()));
  for (std::size_t at = 0; at < rows.size(); at += shape.pixel_bytes()) {
    view.push(rows.subspan(at, shape.pixel_bytes()));
    if (at % shape.row_bytes() == 0) view.trim();
  }
  view.trim();
  return view;
}

// ---- Bytes and pixels ------------------------------------------------------------------------

// After it was appended to the text.
void DecoderView::take(Byte byte) {
  Block& block = blocks_.back();
  prepared_ = false;
  begun_.push_back(byte);
  if (begun_.size() < parameters_.shape.pixel_bytes()) return;
  if (block.pixels) {
    const PixelParts& parts = block.pixels->parts();
    if (parts.lack_colours() && !parts.have(begun_)) block.others.push_back(position_bytes_);
    block.pixels->push(begun_);
  }
  begun_.clear();
}

void DecoderView::observe(Byte byte) {
  text_.push_back(byte);
  ++position_bytes_;
  take(byte);
  if (last_begin(position_bytes_) == position_bytes_) begin_block(position_bytes_);
}

void DecoderView::observe(ByteView bytes) {
  const std::uint64_t begin = last_begin(position_bytes_ + bytes.size());
  if (begin > position_bytes_) {
    // Only the block in which they end matters, and what it is made of.
    const ByteView before = bytes.first(static_cast<std::size_t>(begin - position_bytes_));
    append(text_, before);
    position_bytes_ += before.size();
    bytes = bytes.subspan(before.size());
    begin_block(position_bytes_);
  }
  for (const Byte byte : bytes) observe(byte);
}

void DecoderView::rewind(std::uint64_t position) {
  if (position > position_bytes_ || position < trimmed_bytes_)
    lz::refuse_rewind(position, position_bytes_);
  text_.resize(text_.size() - static_cast<std::size_t>(position_bytes_ - position));
  position_bytes_ = position;
  while (blocks_.back().begin > position) blocks_.pop_back();
  prepared_ = false;
  Block& block = blocks_.back();
  const Shape& shape = parameters_.shape;
  const std::size_t begun =
      static_cast<std::size_t>(position % shape.row_bytes()) % shape.pixel_bytes();
  begun_.assign(text_.end() - static_cast<std::ptrdiff_t>(begun), text_.end());
  while (!block.others.empty() && block.others.back() > position) block.others.pop_back();
  if (!block.pixels) return;
  const auto whole = static_cast<std::size_t>((position - block.first_row * shape.row_bytes()) /
                                              shape.pixel_bytes());
  while (block.pixels->size() > whole) block.pixels->pop();
}

void DecoderView::trim() {
  // A pixel that has begun can be gone back into.
  trimmed_bytes_ = position_bytes_;
  if (blocks_.size() > 1) blocks_.erase(blocks_.begin(), blocks_.end() - 1);
  if (blocks_.back().pixels) blocks_.back().pixels->trim();
  const Shape& shape = parameters_.shape;
  const std::size_t needed =
      std::max<std::size_t>(parameters_.source_bytes, shape.row_bytes()) + shape.row_bytes();
  if (text_.size() > 2 * needed)
    text_.erase(text_.begin(), text_.end() - static_cast<std::ptrdiff_t>(needed));
}

// ---- Distributions ---------------------------------------------------------------------------

void DecoderView::prepare() {
  if (prepared_) return;
  prepared_ = true;
  Block& block = blocks_.back();
  if (block.pixels)
    block.pixels->masses(begun_, next_.of);
  else
    next_.of.fill(0);
  spread();
  next_.add_up();
}

// What may come instead: half of it is around the values that have masses, by two geometric
// distributions, and half of it is any value.
void DecoderView::spread() {
  constexpr double kNear = 0.75;
  Block& block = blocks_.back();
  double sum = 0;
  for (const double mass : next_.of) sum += mass;
  if (sum <= 0) {
    next_.of.fill(1);
    return;
  }
  double others = kOthersWithoutPalette;
  if (block.pixels->parts().lack_colours()) {
    const std::uint64_t pixels = (position_bytes_ - block.begin) / parameters_.shape.pixel_bytes();
    others = (static_cast<double>(block.others.size()) + kOthersBefore) /
             (static_cast<double>(pixels) + kPixelsBefore);
  }
  std::array<double, 256> around{};
  double below = 0, above = 0;
  for (std::size_t i = 0; i < around.size(); ++i) {
    around[i] += below;
    around[around.size() - 1 - i] += above;
    below = kNear * (below + next_.of[i]);
    above = kNear * (above + next_.of[around.size() - 1 - i]);
  }
  // Each mass has given away 2 * kNear / (1 - kNear) of itself, at most.
  constexpr double kShare = (1 - kNear) / (2 * kNear);
  for (std::size_t i = 0; i < around.size(); ++i)
    next_.of[i] = (1 - others) * next_.of[i] + others / 2 * (kShare * around[i] + sum / 256);
}

double DecoderView::bits_of(Byte byte) {
  prepare();
  return next_.bits_of(byte);
}

void DecoderView::next_byte(std::span<double, 256> bits) {
  prepare();
  next_.all_bits(bits);
}

}  // namespace kraft::jxl
