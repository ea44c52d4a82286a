#include "models/cm/pictures.h"

#include <algorithm>
#include <cstdlib>

namespace kraft::cm {
namespace {

// The stages, in the order of expected_.
enum Stage : std::size_t {
  kSquares,
  kQuick,
  kPlane,
  kMiddle,
  kSlow,
  kByLeft,
  kByAbove,
  kLast,
  kColumn,
  kNarrow
};

// Pixels of a column that has weights of its own, and of one of which Effort::max has more.
constexpr std::uint32_t kColumnWidth = 16, kNarrowWidth = 6;
constexpr std::size_t kColumnBytes = 1024;  // of memory, a power of two

constexpr int kMostExpected = 255 * 16;

struct Offset {
  int left, up;
};
constexpr std::array<Offset, 20> kNeighbours = {
    {{1, 0}, {0, 1},  {1, 1}, {-1, 1}, {2, 0},  {0, 2}, {-1, 2}, {1, 2}, {-2, 1}, {2, 1},
     {3, 0}, {-2, 2}, {2, 2}, {0, 3},  {-3, 1}, {3, 1}, {-1, 3}, {1, 3}, {4, 0},  {-4, 1}}};

// By how much the errors of these count.
struct Weighed {
  int left, up, weight;
};
constexpr std::array<Weighed, 9> kNearErrors = {{{1, 0, 4},
                                                 {0, 1, 4},
                                                 {1, 1, 2},
                                                 {-1, 1, 3},
                                                 {2, 0, 2},
                                                 {0, 2, 2},
                                                 {-1, 2, 1},
                                                 {1, 2, 1},
                                                 {-2, 1, 1}}};

std::size_t whole_pages(std::size_t bytes) {
  constexpr std::size_t kPage = JournaledMemory::kPageBytes;
  return (bytes + kPage - 1) / kPage * kPage;
}

int median(int a, int b, int c) { return std::max(std::min(a, b), std::min(std::max(a, b), c)); }

std::int32_t clipped(std::int64_t value) {
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(value, 0, kMostExpected));
}

// The mean error over 2 ln 2.
std::int32_t scale_of(std::int32_t mean) {
  return static_cast<std::int32_t>(std::int64_t{mean} * 739 >> 10) + 2;
}

}  // namespace

// Of gray pixels, twenty neighbours; of colours, twelve and five in each of two other channels.
PictureFront::PictureFront(PixelShape shape, Effort effort)
    : shape_(shape), effort_(effort), channels_(shape.channels) {
  static_assert(sizeof(ColumnSquares) <= kColumnBytes);
  const bool most = effort == Effort::max;
  const std::size_t others = std::min(shape.channels - 1, 2u);
  const std::size_t inputs = (others == 0 ? 20 : 12) + 5 * others;
  const std::size_t quick_inputs = (others == 0 ? 10 : 6) + 3 * others;
  squares_ = {.inputs = inputs, .memory_bits = 11, .every = 8, .noise = 1};
  slow_ = {.inputs = inputs, .memory_bits = 9, .every = 8, .noise = 1};
  quick_ = {.inputs = quick_inputs, .memory_bits = 7, .every = 4, .noise = 4};
  last_ = {.inputs = most ? 8u : 7u, .memory_bits = 8, .every = 4, .noise = 4};
  column_ = narrow_ = quick_;
  narrow_.memory_bits = 6;
  for (Channel& channel : channels_) {
    channel.last.set_weight(0, 1 << (kSquaresWeightBits - 1));
    channel.last.set_weight(4, 1 << (kSquaresWeightBits - 1));
    channel.means.fill(10 * 256);
  }
  while (ring_entries_ < (3 * shape.width + 8) * shape.channels) ring_entries_ *= 2;
}

std::size_t PictureFront::lay_out(std::size_t begin) {
  pixels_ = static_cast<Address>(begin);
  errors_ = pixels_ + static_cast<Address>(whole_pages(ring_entries_));
  columns_ = errors_ + static_cast<Address>(whole_pages(ring_entries_ * sizeof(StageErrors)));
  const auto bytes_of = [this](std::uint32_t width) {
    return whole_pages((shape_.width / width + 1) * shape_.channels * kColumnBytes);
  };
  narrow_columns_ = columns_ + static_cast<Address>(bytes_of(kColumnWidth));
  return narrow_columns_ + (effort_ == Effort::max ? bytes_of(kNarrowWidth) : 0);
}

JournaledMemory::Address PictureFront::column(std::uint32_t width) const {
  const Address begin = width == kNarrowWidth ? narrow_columns_ : columns_;
  return begin + (x_ / width * shape_.channels + color_) * Address{kColumnBytes};
}

int PictureFront::at(const JournaledMemory& memory, std::uint32_t color, int left, int up) const {
  std::int64_t above = std::min<std::int64_t>(up, y_);
  std::int64_t x = std::int64_t{x_} - left;
  if (x < 0 && above == 0) above = std::min<std::int64_t>(1, y_);
  x = std::clamp<std::int64_t>(x, 0, shape_.width - 1);
  if (above == 0) {  // in this row, up to what is known
    const std::int64_t last = color < color_ ? std::int64_t{x_} : std::int64_t{x_} - 1;
    if (last < 0) return color_ > 0 ? at(memory, color_ - 1, 0, 0) : 0;
    x = std::min(x, last);
  }
  return *memory.read<Byte>(ring(pixels_, place_of(x, y_ - above, color), 1));
}

const PictureFront::StageErrors* PictureFront::errors_at(const JournaledMemory& memory, int left,
                                                         int up) const {
  const std::int64_t x = std::int64_t{x_} - left;
  if (up > y_ || x < 0 || x >= shape_.width) return nullptr;
  return memory.read<StageErrors>(ring(errors_, place_of(x, y_ - up, color_), sizeof(StageErrors)));
}

// Differences from what lies around, plane by plane.
void PictureFront::fill_inputs(const JournaledMemory& memory) {
  near_ = {.w = at(memory, color_, 1, 0),
           .n = at(memory, color_, 0, 1),
           .nw = at(memory, color_, 1, 1),
           .ne = at(memory, color_, -1, 1),
           .ww = at(memory, color_, 2, 0),
           .nn = at(memory, color_, 0, 2),
           .nne = at(memory, color_, -1, 2)};
  base_ = (near_.w + near_.n + 1) / 2;
  const bool alone = shape_.channels == 1;
  std::size_t n = 0, quick = 0;
  for (; n < (alone ? 20u : 12u); ++n)
    inputs_[n] = at(memory, color_, kNeighbours[n].left, kNeighbours[n].up) - base_;
  for (; quick < (alone ? 10u : 6u); ++quick) quick_inputs_[quick] = inputs_[quick];
  // The channels before it in this pixel, and those after it in the pixel before.
  for (std::uint32_t other = 1; other < std::min(shape_.channels, 3u); ++other) {
    const std::uint32_t color = (color_ + shape_.channels - other) % shape_.channels;
    const int w = at(memory, color, 1, 0), north = at(memory, color, 0, 1);
    const int here = color < color_ ? at(memory, color, 0, 0) : at(memory, color, 2, 0);
    const int base = (w + north + 1) / 2;
    for (const int value : {here, w, north}) {
      inputs_[n++] = value - base;
      quick_inputs_[quick++] = value - base;
    }
    inputs_[n++] = at(memory, color, 1, 1) - base;
    inputs_[n++] = at(memory, color, -1, 1) - base;
  }
}

// By the slope of the surroundings, that of the channel before it where there is one.
void PictureFront::expect_simply(const JournaledMemory& memory) {
  const Near& p = near_;
  int by_left = p.w, by_above = p.n, plane = median(p.w, p.n, p.w + p.n - p.nw);
  if (color_ > 0) {
    const int here = at(memory, color_ - 1, 0, 0), w = at(memory, color_ - 1, 1, 0),
              n = at(memory, color_ - 1, 0, 1), nw = at(memory, color_ - 1, 1, 1);
    by_left += here - w;
    by_above += here - n;
    plane = here + median(p.w - w, p.n - n, p.w - w + p.n - n - (p.nw - nw));
  }
  expected_[kPlane] = clipped(16 * plane);
  expected_[kMiddle] = clipped(8 * (by_left + by_above));
  expected_[kByLeft] = clipped(16 * by_left);
  expected_[kByAbove] = clipped(16 * by_above);
}

void PictureFront::expect(const JournaledMemory& memory) {
  fill_inputs(memory);
  expect_simply(memory);
  const Channel& channel = channels_[color_];
  const std::int32_t base = base_ * 16;
  const auto fitted = [base](const auto& squares, const Inputs& inputs, std::size_t count,
                             int bits) {
    return clipped(base + (squares.predict(inputs.data(), count) >> bits));
  };
  auto& e = expected_;
  e[kSquares] = fitted(channel.squares, inputs_, squares_.inputs, 16);
  e[kSlow] = fitted(channel.slow, inputs_, slow_.inputs, 16);
  e[kQuick] = fitted(channel.quick, quick_inputs_, quick_.inputs, 16);
  e[kColumn] =
      fitted(*memory.read<ColumnSquares>(column(kColumnWidth)), quick_inputs_, column_.inputs, 16);
  e[kNarrow] = effort_ == Effort::normal ? 0
                                         : fitted(*memory.read<ColumnSquares>(column(kNarrowWidth)),
                                                  quick_inputs_, narrow_.inputs, 16);
  last_inputs_ = {e[kSquares] - base,      e[kQuick] - base, e[kPlane] - base,
                  e[kMiddle] - base,       e[kSlow] - base,  e[kColumn] - base,
                  (near_.w - near_.n) * 8, e[kNarrow] - base};
  e[kLast] = fitted(channel.last, last_inputs_, last_.inputs, 20);
  find_errors_nearby(memory);
}

void PictureFront::find_errors_nearby(const JournaledMemory& memory) {
  nearby_.fill(0);
  std::int32_t weights = 1;
  for (const Weighed& near : kNearErrors) {
    const StageErrors* errors = errors_at(memory, near.left, near.up);
    if (errors == nullptr) continue;
    for (std::size_t i = 0; i < kStages; ++i) nearby_[i] += near.weight * std::abs((*errors)[i]);
    weights += near.weight;
  }
  for (std::size_t i = 0; i < kStages; ++i)
    nearby_[i] = (nearby_[i] + channels_[color_].means[i] / 16) / weights;
}

void PictureFront::observe(JournaledMemory& memory, Byte byte, bool learns) {
  Channel& channel = channels_[color_];
  StageErrors errors{};
  for (std::size_t i = 0; i < kStages; ++i) {
    errors[i] = static_cast<std::int16_t>(byte * 16 - expected_[i]);
    channel.means[i] += (std::abs(errors[i]) * 16 - channel.means[i]) / 64;
  }
  const std::int64_t importance = std::clamp(1024 / (nearby_[kLast] + 8), 1, 128);
  if (learns) {
    const std::int32_t value = byte - base_;
    channel.squares.learn(squares_, inputs_.data(), value, importance);
    channel.slow.learn(slow_, inputs_.data(), value, importance);
    channel.quick.learn(quick_, quick_inputs_.data(), value, importance);
    channel.last.learn(last_, last_inputs_.data(), value * 16, 1);
    memory.write<ColumnSquares>(column(kColumnWidth))
        ->learn(column_, quick_inputs_.data(), value, importance);
  }
  if (learns && effort_ == Effort::max)
    memory.write<ColumnSquares>(column(kNarrowWidth))
        ->learn(narrow_, quick_inputs_.data(), byte - base_, importance);
  *memory.write<Byte>(ring(pixels_, position_, 1)) = byte;
  *memory.write<StageErrors>(ring(errors_, position_, sizeof(StageErrors))) = errors;
  ++position_;
  color_ = (color_ + 1) % shape_.channels;
  if (color_ != 0 || ++x_ < shape_.width) return;
  x_ = 0;
  ++y_;
}

std::int32_t PictureFront::scale() const { return scale_of(nearby_[kLast]); }

// How far two stages are apart, in scales of the last one and with its sign: 0..14.
unsigned PictureFront::apart(std::size_t a, std::size_t b) const {
  return signed_class_of((expected_[a] - expected_[b]) * 4 / scale());
}

void PictureFront::add_spreads(Outlook& o) const {
  const auto add = [&](std::size_t stage, std::int32_t mean) {
    o.spreads[o.spreads_count++] = Spread::of_byte({expected_[stage], scale_of(mean)}, 0, 1);
  };
  add(kLast, nearby_[kLast]);  // the best one, which maps correct
  add(kLast, channels_[color_].means[kLast] / 16);
  for (const std::size_t stage :
       {kSquares, kQuick, kPlane, kMiddle, kSlow, kByLeft, kByAbove, kColumn})
    add(stage, nearby_[stage]);
  if (effort_ == Effort::max) add(kNarrow, nearby_[kNarrow]);
}

void PictureFront::add_sets_and_maps(const JournaledMemory& memory, Outlook& o) const {
  const unsigned wide = std::min(class_of(nearby_[kLast]), 31u);
  const auto in_scales = [this](int error) {
    return static_cast<unsigned>(std::clamp(error * 2 / scale(), -7, 7) + 7);
  };
  const auto error_at = [&](int left, int up) {
    const StageErrors* errors = errors_at(memory, left, up);
    return in_scales(errors == nullptr ? 0 : (*errors)[kLast]);
  };
  const unsigned left = error_at(1, 0), above = error_at(0, 1);
  const unsigned before = color_ == 0 ? in_scales(0)
                                      : in_scales((*memory.read<StageErrors>(ring(
                                            errors_, position_ - 1, sizeof(StageErrors))))[kLast]);
  const auto best = static_cast<unsigned>(expected_[kLast] / 16);
  const Near& p = near_;
  const unsigned pattern = (p.n == p.nw ? 1u : 0u) | (p.w == p.nw ? 2u : 0u) |
                           (p.n == p.ne ? 4u : 0u) | (p.w == p.ww ? 8u : 0u) |
                           (p.n == p.nn ? 16u : 0u) | (p.ne == p.nne ? 32u : 0u);

  for (const unsigned set :
       {color_, wide * 4 + color_, apart(kSquares, kLast) * 16 + apart(kPlane, kLast),
        left * 16 + above, best, before * 4 + color_, pattern * 4 + color_})
    o.sets[o.sets_count++] = set;
  o.known_set = color_;
  o.final_set = wide;
  o.refined = wide * 4 + color_;

  for (const unsigned map : {wide * 4 + color_, (left * 16 + above) * 4 + color_,
                             (apart(kSquares, kLast) * 16 + apart(kQuick, kLast)) * 4 + color_,
                             (apart(kPlane, kLast) * 16 + apart(kMiddle, kLast)) * 4 + color_,
                             best * 4 + color_, (before * 16 + left) * 4 + color_})
    o.maps[o.maps_count++] = map;

  const unsigned same = pattern * 4 + color_;
  for (const int value : {p.w, p.n, static_cast<int>(best)})
    o.copies[o.copies_count++] = {static_cast<unsigned>(value), same};
  if (shape_.channels > 1) {
    const int value = color_ > 0 ? at(memory, color_ - 1, 0, 0) : 0;
    o.copies[o.copies_count++] = {static_cast<unsigned>(value), same};
  }
}

void PictureFront::add_hashes(const JournaledMemory& memory, Outlook& o) const {
  const auto best = static_cast<unsigned>(expected_[kLast] / 16);
  const int before = color_ > 0 ? at(memory, color_ - 1, 0, 0) : 0;
  const int before_that = color_ > 1 ? at(memory, color_ - 2, 0, 0) : 0;
  const Near& p = near_;
  const auto add = [&](std::int64_t a, std::int64_t b = 0, std::int64_t c = 0) {
    const std::size_t n = o.contexts_count++;
    o.contexts[n] = hash_of(static_cast<std::uint64_t>(a << 40 | b << 20 | c), n * 4 + color_);
  };
  add(0);
  add(best);
  add(expected_[kLast] / 4, class_of(nearby_[kLast]) / 2);
  add(p.w, p.n);
  add(p.w, before);
  add(p.n, before);
  add(best, before / 4, p.w / 4);
  add(before, before_that);
  add(p.w, p.nw);
  if (effort_ == Effort::normal) return;
  add(p.w, p.n / 4, p.nw / 4 * 64 + p.ne / 4);
  add(expected_[kPlane] / 16, expected_[kSquares] / 16);
  add(p.n, p.ne);
  add(p.ww, p.w);
  add(p.nn, p.n);
  add(best, p.w);
  add(best, p.n);
}

void PictureFront::look_ahead(const JournaledMemory& memory, Outlook& outlook) {
  expect(memory);
  outlook.clear();
  add_spreads(outlook);
  add_sets_and_maps(memory, outlook);
  add_hashes(memory, outlook);
}

}  // namespace kraft::cm
