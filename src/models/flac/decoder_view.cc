#include "models/flac/decoder_view.h"

#include <algorithm>
#include <array>
#include <functional>

#include "models/lz/refuse_rewind.h"

namespace kraft::flac {
namespace {

constexpr std::uint64_t kFirstSamples = 32;  // before which nothing is known
constexpr std::size_t kMostOrder = 32;       // of a predictor
static_assert(kFirstSamples >= kLeastBlockSamples);

}  // namespace

DecoderView::DecoderView(const Settings& settings, const ViewParameters& view)
    : settings_(settings),
      view_(view),
      schedule_(view.refresh_samples, kFirstSamples),
      blocks_({{0, std::vector<Channel>(settings.shape.channels)}}),
      samples_(settings.shape.channels) {}

DecoderView::DecoderView(const DecoderView& other)
    : settings_(other.settings_),
      view_(other.view_),
      schedule_(other.schedule_),
      blocks_(other.blocks_),
      samples_(other.samples_),
      position_bytes_(other.position_bytes_),
      trimmed_bytes_(other.trimmed_bytes_),
      low_(other.low_) {}

std::size_t DecoderView::channel() const {
  const Shape& shape = settings_.shape;
  return static_cast<std::size_t>(position_bytes_ / (shape.depth_bits / 8) % shape.channels);
}

// ---- Going on and back -----------------------------------------------------------------------

void DecoderView::push(Byte byte) {
  prepared_ = false;
  if (is_wide() && !is_second()) {
    low_ = byte;
    ++position_bytes_;
    return;
  }
  const std::array<Byte, 2> bytes = {is_wide() ? low_ : byte, byte};
  const std::size_t c = channel();
  samples_[c].push_back(sample_at(bytes.data(), settings_.shape.depth_bits));
  ++position_bytes_;
  expectation_.reset();
  if (!weights_.empty()) learn(c, samples_[c].size() - 1);
}

void DecoderView::observe(Byte byte) {
  push(byte);
  if (position_bytes_ % settings_.shape.row_bytes() == 0 && schedule_.begins_at(position_samples()))
    begin_block(position_samples());
}

void DecoderView::observe(ByteView bytes) {
  const std::uint64_t row_bytes = settings_.shape.row_bytes();
  const std::uint64_t last = schedule_.last_begin((position_bytes_ + bytes.size()) / row_bytes);
  if (last > position_samples()) weights_.clear();
  for (const Byte byte : bytes) {
    const std::uint64_t before = position_samples();
    push(byte);
    if (position_samples() == last && before != last) begin_block(last);
  }
}

void DecoderView::begin_block(std::uint64_t position) {
  const auto count =
      static_cast<std::size_t>(std::min<std::uint64_t>(position, view_.frame_samples));
  const auto depth_bits = static_cast<int>(settings_.shape.depth_bits);
  if (!chooser_) chooser_ = make_frame_chooser(settings_);
  Block block{position, {}, false};
  for (const std::vector<std::int32_t>& samples : samples_) {
    const std::span<const std::int32_t> last = std::span(samples).last(count);
    FrameChooser::Choice choice = chooser_->choose(last, settings_.shape.depth_bits);
    if (samples_.size() == 2 && !block.channels.empty()) {
      std::vector<std::int32_t> side(samples_[0].end() - static_cast<std::ptrdiff_t>(count),
                                     samples_[0].end());
      std::ranges::transform(side, last, side.begin(), std::minus());
      FrameChooser::Choice other = chooser_->choose(side, settings_.shape.depth_bits + 1);
      block.has_side = other.bytes < choice.bytes;
      if (block.has_side) choice = std::move(other);
    }
    block.channels.emplace_back(choice.subframe, count, depth_bits + block.has_side);
  }
  blocks_.push_back(std::move(block));
  weights_.clear();
  expectation_.reset();
  prepared_ = false;
}

void DecoderView::rewind(std::uint64_t position) {
  if (position > position_bytes_ || position < trimmed_bytes_)
    lz::refuse_rewind(position, position_bytes_);
  prepared_ = false;
  while (position_bytes_ > position) {
    --position_bytes_;
    if (is_wide() && !is_second()) continue;  // the low byte alone
    std::vector<std::int32_t>& samples = samples_[channel()];
    low_ = static_cast<Byte>(samples.back());
    samples.pop_back();
    weights_.clear();
    expectation_.reset();
  }
  while (blocks_.back().begin_samples > position_samples()) blocks_.pop_back();
}

void DecoderView::trim() {
  trimmed_bytes_ = position_bytes_;
  if (blocks_.size() > 1) blocks_.erase(blocks_.begin(), blocks_.end() - 1);
  const std::size_t needed =
      std::max(view_.frame_samples, static_cast<std::size_t>(view_.refresh_samples)) + kMostOrder;
  const std::size_t kept = samples_.back().size();
  if (kept <= 2 * needed) return;
  for (std::vector<std::int32_t>& samples : samples_)  // which remain side by side
    samples.erase(samples.begin(), samples.begin() + static_cast<std::ptrdiff_t>(kept - needed));
}

// ---- Weights of the Rice parameters ----------------------------------------------------------

std::size_t DecoderView::samples_of_block(std::size_t channel) const {
  const std::uint64_t all = position_bytes_ / (settings_.shape.depth_bits / 8);
  const std::uint64_t of_channel =
      all / samples_.size() + (all % samples_.size() > channel ? 1 : 0);
  return static_cast<std::size_t>(of_channel - blocks_.back().begin_samples);
}

// What is coded of a channel's sample, the `at`-th of those that are kept.
std::int32_t DecoderView::coded(std::size_t channel, std::int32_t value, std::size_t at) const {
  return is_side(channel) ? samples_[0][at] - value : value;
}

// Of what is coded of the `at`-th sample.
Expectation DecoderView::expectation(std::size_t channel, std::size_t at) const {
  const Channel& frozen = blocks_.back().channels[channel];
  const auto depth_bits = static_cast<int>(settings_.shape.depth_bits);
  const std::int32_t half = 1 << (depth_bits - 1);
  const std::span<const std::int32_t> past = std::span(samples_[channel]).first(at);
  if (!is_side(channel)) return {frozen, depth_bits, -half, past};
  std::array<std::int32_t, kMostOrder> sides;
  const std::size_t count = std::min(at, kMostOrder);
  for (std::size_t i = 0; i < count; ++i)
    sides[i] = coded(channel, past[at - count + i], at - count + i);
  return {frozen, depth_bits, samples_[0][at] - (half - 1), std::span(sides).first(count)};
}

// From the sample that is the channel's last by now, or was when it stood there.
void DecoderView::learn(std::size_t c, std::size_t at) {
  const Channel& channel = blocks_.back().channels[c];
  if (weights_[c].empty()) return;
  expectation(c, at).learn(coded(c, samples_[c][at], at), weights_[c]);
  const std::size_t count = samples_of_block(c) - (samples_[c].size() - 1 - at);
  if (count % channel.partition_samples() == 0) weights_[c] = channel.after(weights_[c]);
}

void DecoderView::make_weights() {
  if (!weights_.empty()) return;
  weights_.resize(samples_.size());
  for (std::size_t c = 0; c < samples_.size(); ++c) {
    weights_[c] = blocks_.back().channels[c].first();
    for (std::size_t i = samples_of_block(c); i > 0; --i) learn(c, samples_[c].size() - i);
  }
}

// ---- Distributions ---------------------------------------------------------------------------

void DecoderView::prepare() {
  if (prepared_) return;
  make_weights();
  const std::size_t c = channel(), at = samples_[c].size();
  if (!expectation_) expectation_ = expectation(c, at);
  if (is_wide() && !is_second()) {
    std::array<double, 256> shares;
    expectation_->low_byte_shares(weights_[c], shares);
    for (std::int32_t b = 0; b < 256; ++b)
      next_.of[static_cast<std::size_t>(b)] =
          shares[static_cast<std::size_t>(coded(c, b, at) & 255)];
  } else {
    for (std::size_t b = 0; b < 256; ++b) {
      const auto byte = static_cast<Byte>(b);
      const std::array<Byte, 2> bytes = {is_wide() ? low_ : byte, byte};
      const std::int32_t value = sample_at(bytes.data(), settings_.shape.depth_bits);
      next_.of[b] = expectation_->share(coded(c, value, at), weights_[c]);
    }
  }
  next_.add_up();
  prepared_ = true;
}

double DecoderView::bits_of(Byte byte) {
  prepare();
  return next_.bits_of(byte);
}

void DecoderView::next_byte(std::span<double, 256> bits) {
  prepare();
  next_.all_bits(bits);
}

}  // namespace kraft::flac
