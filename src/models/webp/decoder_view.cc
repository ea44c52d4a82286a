#include "models/webp/decoder_view.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace kraft::webp {
namespace {

constexpr std::size_t kRunInPixels = 2048;  // two of the longest copies
constexpr std::size_t kMostRows = 16383;    // of an image

// What libwebp wrote, without the number of bytes that were added to the message.
ByteView first_file(ByteView stream) { return stream.first(stream.size() - 1); }

}  // namespace

DecoderView::DecoderView(const ViewParameters& parameters)
    : parameters_(parameters),
      text_(parameters.shape, parameters.refresh_bytes, parameters.source_bytes) {
  begin_block();
}

// ---- Blocks ----------------------------------------------------------------------------------

// A row begins here.
void DecoderView::begin_block() {
  const Shape& shape = parameters_.shape;
  const ByteView rows = text_.last_rows(kMostRows);
  Block block{text_.position(), {}, text_.row() - rows.size() / shape.row_bytes(), {}};
  if (!rows.empty()) {
    const Bytes stream = parameters_.codec->encode(rows);
    const Stream read = read_stream(first_file(stream), rows.size());
    block.pixels.emplace(std::make_shared<const Prices>(read), read, shape.channels < 3,
                         shape.channels % 2 == 1, kRunInPixels);
  }
  blocks_.push_back(std::move(block));
  begun_.clear();
  prepared_ = false;
}

// ---- Bytes and pixels ------------------------------------------------------------------------

// Those that are whole, since the first row of the block.
std::size_t DecoderView::coded_pixels() const {
  const Prices& prices = blocks_.back().pixels->prices();
  const std::uint64_t row = text_.row() - blocks_.back().first_row;
  const std::size_t x = text_.bytes_of_row() / parameters_.shape.pixel_bytes();
  return static_cast<std::size_t>(row * prices.coded_width) + (x >> prices.packed_bits);
}

Argb DecoderView::colour_of(ByteView pixel) const {
  const bool gray = parameters_.shape.channels < 3;
  return argb(parameters_.shape.channels % 2 == 0 ? pixel.back() : 255, pixel[0],
              pixel[gray ? 0 : 1], pixel[gray ? 0 : 2]);
}

// Of a colour that is not there, the nearest one.
std::size_t DecoderView::palette_index(ByteView pixel) const {
  const Argb colour = colour_of(pixel);
  const std::vector<Argb>& palette = blocks_.back().pixels->prices().palette;
  const auto distance = [&](Argb other) {
    int sum = 0;
    for (int c = 0; c < 4; ++c) sum += std::abs(channel(colour, c) - channel(other, c));
    return sum;
  };
  return static_cast<std::size_t>(std::ranges::min_element(palette, std::ranges::less{}, distance) -
                                  palette.begin());
}

// The coded pixel of which these are the bytes.
Argb DecoderView::coded(ByteView bytes) const {
  const Shape& shape = parameters_.shape;
  const Prices& prices = blocks_.back().pixels->prices();
  if (!prices.palette.empty()) {
    const int index_bits = 8 >> prices.packed_bits;
    std::size_t packed = 0;
    for (std::size_t i = 0; i < bytes.size() / shape.pixel_bytes(); ++i)
      packed |= palette_index(bytes.subspan(i * shape.pixel_bytes(), shape.pixel_bytes()))
                << (static_cast<int>(i) * index_bits);
    return argb(255, 0, static_cast<int>(packed), 0);
  }
  const Argb pixel = colour_of(bytes);
  return prices.takes_green ? without_green(pixel) : pixel;
}

// Notes pixels that are not in the palette.
void DecoderView::count_others() {
  Block& block = blocks_.back();
  const std::vector<Argb>& palette = block.pixels->prices().palette;
  const std::size_t pixel_bytes = parameters_.shape.pixel_bytes();
  if (palette.empty() || text_.position() % pixel_bytes != 0) return;
  const Argb colour = colour_of(ByteView(begun_).last(pixel_bytes));
  if (palette[palette_index(ByteView(begun_).last(pixel_bytes))] != colour)
    block.others.push(text_.position());
}

// After it was appended to the text.
void DecoderView::take(Byte byte) {
  Block& block = blocks_.back();
  prepared_ = false;
  if (!block.pixels) return;
  begun_.push_back(byte);
  count_others();
  if (coded_pixels() == block.pixels->size()) return;
  block.pixels->push(coded(begun_));
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
  begun_.clear();
  prepared_ = false;
  Block& block = blocks_.back();
  block.others.rewind(position);
  if (!block.pixels) return;
  const std::size_t whole = coded_pixels();
  while (block.pixels->size() > whole) block.pixels->pop();
  const std::size_t group_bytes = parameters_.shape.pixel_bytes()
                                  << block.pixels->prices().packed_bits;
  const ByteView begun = text_.last(text_.bytes_of_row() % group_bytes);
  begun_.assign(begun.begin(), begun.end());
}

void DecoderView::trim() {
  // A coded pixel that has begun can be gone back into.
  text_.trim();
  if (blocks_.size() > 1) blocks_.erase(blocks_.begin(), blocks_.end() - 1);
  if (blocks_.back().pixels) blocks_.back().pixels->trim();
}

// ---- Distributions ---------------------------------------------------------------------------

void DecoderView::prepare() {
  if (prepared_) return;
  prepared_ = true;
  Block& block = blocks_.back();
  if (!block.pixels) {
    next_.of.fill(1);
  } else if (!block.pixels->only_greens()) {
    block.pixels->channel_masses(begun_, next_.of);
  } else if (block.pixels->prices().palette.empty()) {
    next_.of = block.pixels->greens();
  } else {
    prepare_from_palette();
  }
  next_.add_up();
}

// The sum over all that can be packed into the coded pixel, and agrees with what has begun.
void DecoderView::prepare_from_palette() {
  const Shape& shape = parameters_.shape;
  const Prices& prices = blocks_.back().pixels->prices();
  const std::array<double, 256>& packed = blocks_.back().pixels->greens();
  const int index_bits = 8 >> prices.packed_bits;
  const std::size_t mask = (std::size_t{1} << index_bits) - 1;
  const std::size_t whole = begun_.size() / shape.pixel_bytes();
  const ByteView begun = ByteView(begun_).subspan(whole * shape.pixel_bytes());
  std::size_t before = 0;
  for (std::size_t i = 0; i < whole; ++i)
    before |= palette_index(ByteView(begun_).subspan(i * shape.pixel_bytes(), shape.pixel_bytes()))
              << (static_cast<int>(i) * index_bits);
  const int shift = static_cast<int>(whole) * index_bits;
  std::array<double, 256> of_index{};
  for (std::size_t p = 0; p < packed.size(); ++p) {
    if ((p & ((std::size_t{1} << shift) - 1)) == before) of_index[p >> shift & mask] += packed[p];
  }
  const auto byte_of = [&](Argb colour, std::size_t i) {
    if (i + 1 == shape.channels && shape.channels % 2 == 0) return channel(colour, 3);
    return channel(colour, shape.channels < 3 ? 1 : 2 - static_cast<int>(i));
  };
  next_.of.fill(0);
  double sum = 0;
  for (std::size_t index = 0; index < prices.palette.size(); ++index) {
    bool agrees = true;
    for (std::size_t i = 0; i < begun.size(); ++i)
      agrees = agrees && byte_of(prices.palette[index], i) == begun[i];
    if (!agrees) continue;
    next_.of[static_cast<std::size_t>(byte_of(prices.palette[index], begun.size()))] +=
        of_index[index];
    sum += of_index[index];
  }
  const Block& block = blocks_.back();
  const double others = block.others.share((text_.position() - block.begin) / shape.pixel_bytes());
  const double other = sum > 0 ? others * sum / 256 : 1;
  for (double& mass : next_.of) mass = (1 - others) * mass + other;
}

double DecoderView::bits_of(Byte byte) {
  prepare();
  return next_.bits_of(byte);
}

void DecoderView::next_byte(std::span<double, 256> bits) {
  prepare();
  next_.all_bits(bits);
}

}  // namespace kraft::webp
