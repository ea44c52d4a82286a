#include "models/flac/decoder_view.h"

#include <algorithm>
#include <bit>

#include "models/lz/refuse_rewind.h"

namespace kraft::flac {
namespace {

constexpr std::uint64_t kFirstSamples = 32;  // before which nothing is known
constexpr std::size_t kMostOrder = 32;       // of a predictor
static_assert(kFirstSamples >= kLeastBlockSamples);

}  // namespace

DecoderView::DecoderView(const Settings& settings, std::uint64_t refresh_samples)
    : settings_(settings),
      schedule_(refresh_samples, kFirstSamples),
      blocks_({{0, std::vector<Subframe>(settings.shape.channels)}}),
      samples_(settings.shape.channels) {}

DecoderView::DecoderView(const DecoderView& other)
    : settings_(other.settings_),
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
  } else {
    const std::array<Byte, 2> bytes = {is_wide() ? low_ : byte, byte};
    samples_[channel()].push_back(sample_at(bytes.data(), settings_.shape.depth_bits));
    expectation_.reset();
  }
  ++position_bytes_;
}

void DecoderView::observe(Byte byte) {
  push(byte);
  if (position_bytes_ % settings_.shape.row_bytes() == 0 &&
      schedule_.begins_at(position_samples()))
    begin_block(position_samples());
}

void DecoderView::observe(ByteView bytes) {
  const std::uint64_t row_bytes = settings_.shape.row_bytes();
  const std::uint64_t last = schedule_.last_begin((position_bytes_ + bytes.size()) / row_bytes);
  for (const Byte byte : bytes) {
    const std::uint64_t before = position_samples();
    push(byte);
    if (position_samples() == last && before != last) begin_block(last);
  }
}

void DecoderView::begin_block(std::uint64_t position) {
  const std::size_t channels = samples_.size();
  const auto count = static_cast<std::size_t>(
      std::min<std::uint64_t>(position, settings_.block_samples()));
  if (count < kLeastBlockSamples) return;
  std::vector<std::int32_t> last(count * channels);
  for (std::size_t c = 0; c < channels; ++c) {
    for (std::size_t i = 0; i < count; ++i)
      last[i * channels + c] = samples_[c][samples_[c].size() - count + i];
  }
  if (!chooser_) chooser_ = make_frame_chooser(settings_);
  blocks_.push_back({position, chooser_->choose(last)});
  expectation_.reset();
  prepared_ = false;
}

void DecoderView::rewind(std::uint64_t position) {
  if (position > position_bytes_ || position < trimmed_bytes_)
    lz::refuse_rewind(position, position_bytes_);
  while (position_bytes_ > position) {
    --position_bytes_;
    if (is_wide() && !is_second()) continue;  // the low byte alone
    std::vector<std::int32_t>& samples = samples_[channel()];
    low_ = static_cast<Byte>(samples.back());
    samples.pop_back();
  }
  while (blocks_.back().begin_samples > position_samples()) blocks_.pop_back();
  expectation_.reset();
  prepared_ = false;
}

void DecoderView::trim() {
  trimmed_bytes_ = position_bytes_;
  if (blocks_.size() > 1) blocks_.erase(blocks_.begin(), blocks_.end() - 1);
  const std::size_t needed = settings_.block_samples() + kMostOrder;
  for (std::vector<std::int32_t>& samples : samples_) {
    if (samples.size() > 2 * needed)
      samples.erase(samples.begin(), samples.end() - static_cast<std::ptrdiff_t>(needed));
  }
}

// ---- Distributions ---------------------------------------------------------------------------

void DecoderView::prepare() {
  if (prepared_) return;
  const std::size_t c = channel();
  const auto depth_bits = static_cast<int>(settings_.shape.depth_bits);
  if (!expectation_) expectation_.emplace(blocks_.back().channels[c], depth_bits, samples_[c]);
  if (is_wide() && !is_second()) {
    expectation_->low_byte_shares(next_.of);
  } else {
    for (std::size_t b = 0; b < 256; ++b) {
      const auto byte = static_cast<Byte>(b);
      const std::array<Byte, 2> bytes = {is_wide() ? low_ : byte, byte};
      next_.of[b] = expectation_->share(sample_at(bytes.data(), settings_.shape.depth_bits));
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
