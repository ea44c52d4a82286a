#include "models/jpegls/decoder_view.h"

#include "models/lz/refuse_rewind.h"

namespace kraft::jpegls {

DecoderView::DecoderView(const Shape& shape)
    : shape_(shape),
      scans_(shape.channels, Scan(shape.width, static_cast<int>(shape.depth_bits))) {}

std::size_t DecoderView::channel() const {
  return static_cast<std::size_t>(position_bytes_ / (shape_.depth_bits / 8) % shape_.channels);
}

void DecoderView::observe(Byte byte) {
  prepared_ = false;
  if (is_wide() && !is_low()) {
    high_ = byte;
    ++position_bytes_;
    return;
  }
  const int sample = is_wide() ? high_ << 8 | byte : byte;
  steps_.push_back({scans_[channel()].push(sample), high_});
  code_.reset();
  ++position_bytes_;
}

void DecoderView::observe(ByteView bytes) {
  for (const Byte byte : bytes) {
    observe(byte);
    trim();
  }
}

void DecoderView::rewind(std::uint64_t position) {
  if (position > position_bytes_ || position < trimmed_bytes_)
    lz::refuse_rewind(position, position_bytes_);
  while (position_bytes_ > position) {
    --position_bytes_;
    prepared_ = false;
    if (is_wide() && !is_low()) continue;  // the high byte alone
    const Step& step = steps_.back();
    high_ = step.high;
    scans_[channel()].pop(step.undo);
    steps_.pop_back();
    code_.reset();
  }
}

void DecoderView::trim() {
  trimmed_bytes_ = position_bytes_;
  steps_.clear();
  for (Scan& scan : scans_) scan.trim();
}

void DecoderView::prepare() {
  if (prepared_) return;
  if (!code_) code_ = scans_[channel()].code();
  for (int b = 0; b < 256; ++b) {
    double& mass = next_.of[static_cast<std::size_t>(b)];
    if (is_low())
      mass = code_->share(high_ << 8 | b);
    else if (is_wide())
      mass = code_->share(b << 8, b << 8 | 255);
    else
      mass = code_->share(b);
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

}  // namespace kraft::jpegls
