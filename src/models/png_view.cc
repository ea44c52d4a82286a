#include "models/png_view.h"

#include <algorithm>
#include <cmath>

#include "models/lz/refuse_rewind.h"
#include "models/pixels.h"

namespace kraft::png {
namespace {

constexpr double kShared = 0.05;  // of the weights, at each row

template <typename Values>
void divide_by_sum(Values& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  for (double& value : values) value /= sum;
}

}  // namespace

DecoderView::DecoderView(const ViewSettings& settings) : settings_(settings) {
  for (int filter = 0; filter < kFilters; ++filter) {
    if (settings.filter && *settings.filter != filter) continue;
    tracks_.push_back({filter, deflate::DecoderView(settings.deflate)});
    tracks_.back().stream.observe(static_cast<Byte>(filter));
  }
  of_tracks_.resize(tracks_.size());
  Weights equal;
  equal.fill(1.0 / kFilters);
  weights_ = {equal};
}

// Of a byte before which so many of those that are kept stand.
Neighbours DecoderView::neighbours(std::size_t text_bytes, std::uint64_t position) const {
  return neighbours_at(position, settings_.shape,
                       [&](std::size_t bytes) { return int{text_[text_bytes - bytes]}; });
}

// Each row that has begun has the number of its filter in front, and so has the one that is next.
std::uint64_t DecoderView::stream_position(std::uint64_t position) const {
  return position + position / settings_.shape.row_bytes() + 1;
}

// The last bytes of the text, which stand there already.
void DecoderView::push(Track& track, ByteView bytes) {
  const std::size_t row_bytes = settings_.shape.row_bytes();
  Bytes filtered;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::uint64_t position = position_bytes_ + i;
    const Neighbours near = neighbours(text_.size() - bytes.size() + i, position);
    filtered.push_back(residual(bytes[i], predict(track.filter, near)));
    if ((position + 1) % row_bytes == 0) filtered.push_back(static_cast<Byte>(track.filter));
  }
  if (filtered.size() == 1)
    track.stream.observe(filtered[0]);
  else
    track.stream.observe(filtered);
}

void DecoderView::learn(Byte byte) {
  Weights next = weights_.back();
  for (std::size_t f = 0; f < tracks_.size(); ++f) next[f] *= std::exp2(-of_tracks_[f][byte]);
  divide_by_sum(next);
  if ((position_bytes_ + 1) % settings_.shape.row_bytes() == 0) {
    for (double& weight : next) weight = (1 - kShared) * weight + kShared / kFilters;
  }
  weights_.push_back(next);
}

void DecoderView::observe(Byte byte) {
  if (tracks_.size() > 1 && settings_.combined == Combined::mix) {
    prepare();
    learn(byte);
  }
  text_.push_back(byte);
  const Byte last = byte;
  for (Track& track : tracks_) push(track, {&last, 1});
  ++position_bytes_;
  prepared_ = false;
}

void DecoderView::observe(ByteView bytes) {
  if (tracks_.size() > 1 && settings_.combined == Combined::mix) {  // which weighs each byte
    for (const Byte byte : bytes) observe(byte);
    return;
  }
  append(text_, bytes);
  for (Track& track : tracks_) push(track, bytes);
  position_bytes_ += bytes.size();
  prepared_ = false;
}

void DecoderView::rewind(std::uint64_t position) {
  if (position > position_bytes_ || position < trimmed_bytes_)
    lz::refuse_rewind(position, position_bytes_);
  for (Track& track : tracks_) track.stream.rewind(stream_position(position));
  text_.resize(text_.size() - (position_bytes_ - position));
  if (weights_.size() > 1) weights_.resize(position - trimmed_bytes_ + 1);
  position_bytes_ = position;
  prepared_ = false;
}

void DecoderView::trim() {
  for (Track& track : tracks_) track.stream.trim();
  trimmed_bytes_ = position_bytes_;
  weights_ = {weights_.back()};
  const std::size_t needed = settings_.shape.row_bytes() + settings_.shape.pixel_bytes();
  if (text_.size() > 2 * needed + 4096)
    text_.erase(text_.begin(), text_.end() - static_cast<std::ptrdiff_t>(needed));
}

void DecoderView::prepare() {
  if (prepared_) return;
  const Neighbours near = neighbours(text_.size(), position_bytes_);
  for (std::size_t f = 0; f < tracks_.size(); ++f) {
    std::array<double, 256> residuals;
    tracks_[f].stream.next_byte(residuals);
    const int prediction = predict(tracks_[f].filter, near);
    for (int b = 0; b < 256; ++b)
      of_tracks_[f][static_cast<std::size_t>(b)] = residuals[residual(b, prediction)];
  }
  combine();
  prepared_ = true;
}

void DecoderView::combine() {
  if (tracks_.size() == 1) {
    bits_ = of_tracks_[0];
    return;
  }
  std::array<double, 256> shares{};
  for (std::size_t b = 0; b < 256; ++b) {
    if (settings_.combined == Combined::product) {
      double sum_bits = 0;
      for (const auto& bits : of_tracks_) sum_bits += bits[b];
      shares[b] = std::exp2(-sum_bits / kFilters);
    } else {
      for (std::size_t f = 0; f < tracks_.size(); ++f)
        shares[b] += weights_.back()[f] * std::exp2(-of_tracks_[f][b]);
    }
  }
  divide_by_sum(shares);
  for (std::size_t b = 0; b < 256; ++b) bits_[b] = -std::log2(shares[b]);
}

double DecoderView::bits_of(Byte byte) {
  prepare();
  return bits_[byte];
}

void DecoderView::next_byte(std::span<double, 256> bits) {
  prepare();
  std::ranges::copy(bits_, bits.begin());
}

}  // namespace kraft::png
