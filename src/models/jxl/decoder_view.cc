#include "models/jxl/decoder_view.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace kraft::jxl {
namespace {

// What colours have that no context has a token for.
constexpr double kOthersWithoutPalette = 1.0 / 16384;

// New colours that cost less, in bits a pixel, are no reason to write a stream without palettes.
constexpr double kNegligibleBits = 0.01;

}  // namespace

DecoderView::DecoderView(const ViewParameters& parameters)
    : parameters_(parameters),
      text_(parameters.shape, parameters.refresh_bytes, parameters.source_bytes) {
  begin_block();
}

// ---- Blocks ----------------------------------------------------------------------------------

// A row begins here.
void DecoderView::begin_block() {
  const ByteView rows = text_.last_rows(std::numeric_limits<std::uint64_t>::max());
  const std::uint64_t count = rows.size() / parameters_.shape.row_bytes();
  Block block{text_.position(), {}, text_.row() - count, {}};
  if (!rows.empty()) {
    block.pixels.emplace(view_after(rows));
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
  const double new_bits = view.new_colour_bits();
  if (!parameters_.codec_without_palettes || new_bits < kNegligibleBits) return view;
  // Is what palettes save more than what new colours will cost?
  const Bytes bare = parameters_.codec_without_palettes->encode(rows);
  const double saved_bits =
      8 * (static_cast<double>(bare.size()) - static_cast<double>(stream.size()));
  const std::size_t pixels = rows.size() / parameters_.shape.pixel_bytes();
  if (saved_bits > new_bits * static_cast<double>(pixels)) return view;
  return view_after(rows, bare);
}

PixelView DecoderView::view_after(ByteView rows, ByteView stream) const {
  const Shape& shape = parameters_.shape;
  // The last byte says how many completed the message: none.
  PixelView view(read_stream(stream.first(stream.size() - 1), rows.size()));
  if (parameters_.codec_without_palettes) view.watch_colours();
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
    if (parts.lack_colours() && !parts.have(begun_)) block.others.push(text_.position());
    block.pixels->push(begun_);
  }
  begun_.clear();
}

void DecoderView::observe(Byte byte) {
  text_.push({&byte, 1});
  take(byte);
  if (text_.is_at_begin()) begin_block();
}

void DecoderView::observe(ByteView bytes) {
  lz::observe_rows(
      text_, bytes, [&] { begin_block(); }, [&](Byte byte) { observe(byte); });
}

void DecoderView::rewind(std::uint64_t position) {
  text_.rewind(position);
  while (blocks_.back().begin > position) blocks_.pop_back();
  prepared_ = false;
  Block& block = blocks_.back();
  const Shape& shape = parameters_.shape;
  const ByteView begun = text_.last(text_.bytes_of_row() % shape.pixel_bytes());
  begun_.assign(begun.begin(), begun.end());
  block.others.rewind(position);
  if (!block.pixels) return;
  const auto whole = static_cast<std::size_t>((position - block.first_row * shape.row_bytes()) /
                                              shape.pixel_bytes());
  while (block.pixels->size() > whole) block.pixels->pop();
}

void DecoderView::trim() {
  // A pixel that has begun can be gone back into.
  text_.trim();
  if (blocks_.size() > 1) blocks_.erase(blocks_.begin(), blocks_.end() - 1);
  if (blocks_.back().pixels) blocks_.back().pixels->trim();
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
  if (block.pixels->parts().lack_colours())
    others = block.others.share((text_.position() - block.begin) / parameters_.shape.pixel_bytes());
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
