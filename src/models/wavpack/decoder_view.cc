#include "models/wavpack/decoder_view.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "models/lz/low_bytes.h"
#include "models/lz/powers.h"
#include "models/lz/refuse_rewind.h"

namespace kraft::wavpack {
namespace {

constexpr std::uint64_t kFirstFrames = 16;   // before which nothing is known
constexpr std::uint64_t kPlaceSamples = 64;  // from one place that is kept to the next
static_assert(kFirstFrames >= kLeastBlockFrames);

}  // namespace

// ---- One stream ------------------------------------------------------------------------------

bool has_low_bits(Block::Low low, int bits, std::int32_t sample) {
  const std::int32_t mask = (std::int32_t{1} << bits) - 1;
  switch (low) {
    case Block::Low::any:
      return true;
    case Block::Low::zeros:
      return (sample & mask) == 0;
    case Block::Low::ones:
      return (sample & mask) == mask;
    case Block::Low::alike:
      return (sample & mask) == (((sample >> bits) & 1) != 0 ? mask : 0);
  }
  return true;
}

namespace {

// The sample of which the block holds `held`.
std::int32_t with_low_bits(Block::Low low, int bits, std::int32_t held) {
  const std::int32_t shifted = held * (std::int32_t{1} << bits);
  const std::int32_t mask = (std::int32_t{1} << bits) - 1;
  const bool ones = low == Block::Low::ones || (low == Block::Low::alike && (held & 1) != 0);
  return ones ? shifted | mask : shifted;
}

}  // namespace

Follower::Follower(const Block& block)
    : is_known_(true),
      low_(block.low),
      low_bits_(static_cast<int>(block.low_bits)),
      is_doubled_(block.is_doubled),
      is_joint_(block.is_joint),
      decorrelation_(block),
      words_(block) {}

bool Follower::has(std::size_t c, std::int32_t sample) const {
  if (is_doubled_ && c == 1) return sample == left_;
  return has_low_bits(low_, low_bits_, sample);
}

Follower::Expectation Follower::expectation(std::size_t c, int depth_bits) const {
  Expectation expectation;
  expectation.is_known_ = is_known_;
  expectation.low_ = low_;
  expectation.low_bits_ = low_bits_;
  expectation.depth_bits_ = depth_bits;
  if (is_doubled_ && c == 1) {
    expectation.only_ = left_;
  } else if (is_joint_) {
    expectation.joint_.emplace(words_, decorrelation_, expectation.lowest() >> low_bits_,
                               expectation.highest() >> low_bits_);
    expectation.is_right_ = c == 1;
    expectation.left_ = left_ >> low_bits_;
  } else {
    expectation.expected_ = decorrelation_.expected(c);
    expectation.words_ = words_.expectation(c);
  }
  return expectation;
}

void Follower::push_held(std::size_t c, std::int32_t held) {
  const std::int64_t residual = std::int64_t{held} - decorrelation_.expected(c);
  words_.push(c, static_cast<std::int32_t>(static_cast<std::uint32_t>(residual)));
  decorrelation_.push(c, held);
}

void Follower::push(std::size_t c, std::int32_t sample) {
  if (!is_known_) return;
  const std::int32_t left = left_;
  if (c == 0) left_ = sample;
  if ((is_doubled_ && c == 1) || !has(c, sample)) return;
  if (!is_joint_) {
    push_held(c, sample >> low_bits_);
  } else if (c == 1) {
    const std::int32_t a = left >> low_bits_, b = sample >> low_bits_;
    push_held(0, a - b);
    push_held(1, (a + b) >> 1);
  }
}

// Where a block leaves something out, and where sides are passed over, any value may come.
double Follower::Expectation::floored(double share) const {
  return share * (1 - 1 / kBlock) + lz::power_of_two(-depth_bits_) / kBlock;
}

void Follower::Expectation::floor_all(std::span<double, 256> shares) const {
  const bool has_word_for_all = low_ == Block::Low::any && !only_ && (!joint_ || is_right_);
  if (has_word_for_all) return;
  const double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
  for (double& share : shares) share = share * (1 - 1 / kBlock) + sum / 256 / kBlock;
}

double Follower::Expectation::share(std::int32_t sample) const {
  if (!is_known_) return lz::power_of_two(-depth_bits_);
  if (only_) return floored(sample == *only_ ? 1 : 0);
  if (low_ == Block::Low::any) return words_.share(sample - expected_);
  return floored(
      has_low_bits(low_, low_bits_, sample) ? words_.share((sample >> low_bits_) - expected_) : 0);
}

void Follower::Expectation::high_byte_shares(Byte low, std::span<double, 256> shares) const {
  if (joint_) return joint_shares(low, shares);
  for (std::size_t b = 0; b < 256; ++b) {
    const auto byte = static_cast<Byte>(b);
    const std::array<Byte, 2> bytes = {depth_bits_ == 16 ? low : byte, byte};
    shares[b] = share(sample_at(bytes.data(), static_cast<std::size_t>(depth_bits_)));
  }
}

void Follower::Expectation::joint_shares(Byte low, std::span<double, 256> shares) const {
  const bool wide = depth_bits_ == 16;
  // In the order of the samples.
  const std::int32_t first = lowest() + (wide ? low : 0), step = wide ? 256 : 1;
  const std::int32_t begin = first >> low_bits_, held_step = std::max(1, step >> low_bits_);
  std::vector<double> left;
  if (!is_right_) {
    const std::int32_t last = (first + 255 * step) >> low_bits_;
    left.resize(static_cast<std::size_t>((last - begin) / held_step + 1));
    joint_->left_shares(begin, held_step, left);
  }
  for (std::int32_t i = 0; i < 256; ++i) {
    const std::int32_t sample = first + i * step, held = sample >> low_bits_;
    double share = 0;
    if (has_low_bits(low_, low_bits_, sample))
      share = is_right_ ? joint_->right_share(left_, held)
                        : left[static_cast<std::size_t>((held - begin) / held_step)];
    shares[static_cast<std::size_t>(wide ? (i + 128) & 255 : i)] = share;
  }
  floor_all(shares);
}

void Follower::Expectation::low_byte_shares(std::span<double, 256> shares) const {
  const double even = lz::power_of_two(-8);
  std::ranges::fill(shares, is_known_ ? 0 : even);
  if (!is_known_) return;
  if (only_) {
    shares[static_cast<std::size_t>(*only_ & 255)] = 1;
  } else {
    // Of what the block holds, whose lowest byte says that of the sample.
    const std::int64_t least = lowest() >> low_bits_, most = highest() >> low_bits_;
    lz::LowBytes sums(least, most);
    if (joint_ && is_right_)
      joint_->add_right(left_, sums);
    else if (joint_)
      joint_->add_left(sums);
    else
      words_.for_ranges(std::max(most - expected_, expected_ - least),
                        [&](std::int64_t first, std::int64_t last, double share) {
                          sums.add(expected_ + first, expected_ + last, share);
                        });
    std::array<double, 256> held;
    sums.sums(held);
    for (std::int32_t b = 0; b < 256; ++b)
      shares[static_cast<std::size_t>(with_low_bits(low_, low_bits_, b) & 255)] +=
          held[static_cast<std::size_t>(b)];
  }
  floor_all(shares);
}

// ---- Going on and back -----------------------------------------------------------------------

DecoderView::DecoderView(const Settings& settings, const ViewParameters& view)
    : settings_(settings),
      view_(view),
      schedule_(view.refresh_frames, kFirstFrames),
      channels_of_stream_(settings.shape.channels == 2 ? 2 : 1),
      followers_(settings.shape.channels / channels_of_stream_) {
  keep_place();
}

DecoderView::DecoderView(const DecoderView& other)
    : settings_(other.settings_),
      view_(other.view_),
      schedule_(other.schedule_),
      channels_of_stream_(other.channels_of_stream_),
      followers_(other.followers_),
      places_(other.places_),
      samples_(other.samples_),
      position_bytes_(other.position_bytes_),
      trimmed_bytes_(other.trimmed_bytes_),
      is_broken_(other.is_broken_),
      low_(other.low_) {}

std::size_t DecoderView::channel() const {
  return static_cast<std::size_t>(position_samples() % settings_.shape.channels);
}

void DecoderView::keep_place() { places_.push_back({position_samples(), followers_, is_broken_}); }

// Takes the byte in; returns whether it completes a sample.
bool DecoderView::push(Byte byte) {
  prepared_ = false;
  const bool completes = !is_wide() || is_second();
  if (completes) {
    const std::array<Byte, 2> bytes = {is_wide() ? low_ : byte, byte};
    samples_.push_back(sample_at(bytes.data(), settings_.shape.depth_bits));
    expectation_.reset();
  } else {
    low_ = byte;
  }
  ++position_bytes_;
  return completes;
}

// Runs through a sample, the so-manieth of all channels together.
void DecoderView::follow(std::uint64_t sample, std::int32_t value) {
  const auto c = static_cast<std::size_t>(sample % settings_.shape.channels);
  Follower& follower = followers_[c / channels_of_stream_];
  const std::size_t of_stream = c % channels_of_stream_;
  if (!follower.has(of_stream, value)) is_broken_ = true;
  follower.push(of_stream, value);
}

void DecoderView::observe(Byte byte) {
  if (!push(byte)) return;
  follow(position_samples() - 1, samples_.back());
  if (is_at_frame() && (is_broken_ || schedule_.begins_at(position_frames())))
    begin_block();
  else if (position_samples() >= places_.back().position_samples + kPlaceSamples)
    keep_place();
}

void DecoderView::observe(ByteView bytes) {
  const std::uint64_t row_bytes = settings_.shape.row_bytes();
  const std::uint64_t last = schedule_.last_begin((position_bytes_ + bytes.size()) / row_bytes);
  if (last > position_frames()) {
    keep_place();
    const auto before = static_cast<std::size_t>(last * row_bytes - position_bytes_);
    for (const Byte byte : bytes.first(before)) push(byte);
    begin_block();
    bytes = bytes.subspan(before);
  }
  for (const Byte byte : bytes) observe(byte);
}

void DecoderView::begin_block() {
  const std::size_t channels = settings_.shape.channels;
  const auto count =
      static_cast<std::size_t>(std::min<std::uint64_t>(position_frames(), view_.block_frames));
  const std::span<const std::int32_t> last = std::span(samples_).last(count * channels);
  if (!maker_) maker_ = make_block_maker(settings_);
  std::vector<std::int32_t> own(count * channels_of_stream_);
  for (std::size_t f = 0; f < followers_.size(); ++f) {
    for (std::size_t i = 0; i < own.size(); ++i)
      own[i] = last[i / channels_of_stream_ * channels + f * channels_of_stream_ +
                    i % channels_of_stream_];
    followers_[f] = Follower(maker_->make(own, channels_of_stream_));
    for (std::size_t i = 0; i < own.size(); ++i)
      followers_[f].push(i % channels_of_stream_, own[i]);
  }
  is_broken_ = false;
  expectation_.reset();
  prepared_ = false;
  keep_place();
}

void DecoderView::rewind(std::uint64_t position) {
  if (position > position_bytes_ || position < trimmed_bytes_)
    lz::refuse_rewind(position, position_bytes_);
  if (position == position_bytes_) return;
  const std::uint64_t begin = position_samples() - samples_.size();
  position_bytes_ = position;
  prepared_ = false;
  expectation_.reset();
  const auto kept = static_cast<std::size_t>(position_samples() - begin);
  if (kept == samples_.size()) return;  // it was the low byte of the next one
  if (is_second()) low_ = static_cast<Byte>(samples_[kept]);
  samples_.resize(kept);
  while (places_.back().position_samples > position_samples()) places_.pop_back();
  followers_ = places_.back().followers;
  is_broken_ = places_.back().is_broken;
  for (std::uint64_t i = places_.back().position_samples; i < position_samples(); ++i)
    follow(i, samples_[static_cast<std::size_t>(i - begin)]);
}

void DecoderView::trim() {
  trimmed_bytes_ = position_bytes_;
  places_.resize(1);
  places_[0].position_samples = position_samples();
  places_[0].followers = followers_;
  places_[0].is_broken = is_broken_;
  const std::size_t needed = (view_.block_frames + 1) * settings_.shape.channels;
  if (samples_.size() > 2 * needed)
    samples_.erase(samples_.begin(), samples_.end() - static_cast<std::ptrdiff_t>(needed));
}

// ---- Distributions ---------------------------------------------------------------------------

void DecoderView::prepare() {
  if (prepared_) return;
  const std::size_t c = channel();
  if (!expectation_)
    expectation_ = followers_[c / channels_of_stream_].expectation(
        c % channels_of_stream_, static_cast<int>(settings_.shape.depth_bits));
  if (is_wide() && !is_second())
    expectation_->low_byte_shares(next_.of);
  else
    expectation_->high_byte_shares(low_, next_.of);
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

}  // namespace kraft::wavpack
