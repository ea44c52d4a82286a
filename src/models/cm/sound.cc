#include "models/cm/sound.h"

#include <algorithm>
#include <cstdlib>

namespace kraft::cm {
namespace {

// The stages, in the order of expected_.
enum Stage : std::size_t {
  kSquares,
  kFar,
  kMiddle,
  kCascade,
  kQuick,
  kLine,
  kLast,
  kMean,
  kFarthest
};

constexpr LeastSquaresSettings kLastSettings{.inputs = 7, .memory_bits = 8, .every = 4, .noise = 4};

}  // namespace

void SoundFront::Errors::add(std::int32_t error) {
  last = error;
  const std::int32_t size = std::min(std::abs(error), 1 << 22) * 16;
  means[0] += (size - means[0]) / 8;
  means[1] += (size - means[1]) / 32;
  means[2] += (size - means[2]) / 128;
}

// The mean over 2 ln 2.
std::int32_t SoundFront::Errors::scale(std::size_t which) const {
  return static_cast<std::int32_t>(std::int64_t{means[which]} * 739 >> 14) + 2;
}

SoundFront::SoundFront(SoundShape shape, Effort effort)
    : shape_(shape), effort_(effort), channels_(shape.channels) {
  const bool alone = shape.channels == 1;
  const bool most = effort == Effort::max;
  own_ = most ? (alone ? 32 : 22) : 16;
  others_ = alone ? 0 : (most ? 10 : 8);
  quick_own_ = alone ? 16 : 12;
  quick_others_ = alone ? 0 : 4;
  squares_ = {.inputs = own_ + others_, .memory_bits = 10, .every = most ? 4 : 8, .noise = 1};
  quick_ = {
      .inputs = quick_own_ + quick_others_, .memory_bits = 7, .every = most ? 4 : 8, .noise = 1};
  for (Channel& channel : channels_) {
    for (std::size_t i = 0; i < 4; ++i) channel.last.set_weight(i, 1 << (kSquaresWeightBits - 2));
  }
  expect();
}

// The last samples of this channel, and of the one before it, in a frame or in the frame before.
void SoundFront::fill_inputs(std::size_t own, std::size_t others, Inputs& inputs) const {
  const std::uint32_t other = (channel_ + shape_.channels - 1) % shape_.channels;
  std::copy_n(channels_[channel_].past.begin(), own, inputs.begin());
  std::copy_n(channels_[other].past.begin(), others,
              inputs.begin() + static_cast<std::ptrdiff_t>(own));
}

void SoundFront::expect() {
  const Channel& channel = channels_[channel_];
  fill_inputs(own_, others_, inputs_);
  fill_inputs(quick_own_, quick_others_, quick_inputs_);
  farthest_ = effort_ == Effort::max ? channel.farthest.predict() : 0;
  far_ = channel.far.predict();
  middle_ = channel.middle.predict();
  near_ = channel.near.predict();
  const auto clipped = [](std::int64_t value) {
    return static_cast<std::int32_t>(std::clamp<std::int64_t>(value, -32768 * 16, 32767 * 16));
  };
  auto& e = expected_;
  e[kSquares] = clipped(channel.squares.predict(inputs_.data(), squares_.inputs) >> 16);
  e[kFarthest] = clipped(e[kSquares] + 4 * std::int64_t{farthest_});
  e[kFar] = clipped(e[kFarthest] + 4 * std::int64_t{far_});
  e[kMiddle] = clipped(e[kFar] + 4 * std::int64_t{middle_});
  e[kCascade] = clipped(e[kMiddle] + 4 * std::int64_t{near_});
  e[kQuick] = clipped(channel.quick.predict(quick_inputs_.data(), quick_.inputs) >> 16);
  e[kLine] = clipped(16 * (2 * std::int64_t{channel.past[0]} - channel.past[1]));
  last_inputs_ = {e[kSquares] / 4, e[kFar] / 4,         e[kMiddle] / 4,  e[kCascade] / 4,
                  e[kQuick] / 4,   channel.past[0] * 4, e[kFarthest] / 4};
  e[kLast] = clipped(channel.last.predict(last_inputs_.data(), kLastSettings.inputs) >> 18);
  e[kMean] = (e[kLast] + e[kCascade]) / 2;
}

void SoundFront::observe(JournaledMemory&, Byte byte, bool learns) {
  if (shape_.sample_bytes == 1) {
    observe_sample((byte - 128) * 256, learns);
  } else if (!high_) {
    low_ = byte;
    high_ = true;
  } else {
    high_ = false;
    observe_sample(static_cast<std::int8_t>(byte) * 256 + static_cast<std::int32_t>(low_), learns);
  }
}

void SoundFront::observe_sample(std::int32_t sample, bool learns) {
  Channel& channel = channels_[channel_];
  for (std::size_t i = 0; i < kStages; ++i) channel.errors[i].add(sample * 16 - expected_[i]);
  if (learns) {
    channel.squares.learn(squares_, inputs_.data(), sample, 1);
    channel.quick.learn(quick_, quick_inputs_.data(), sample, 1);
    channel.last.learn(kLastSettings, last_inputs_.data(), sample * 4, 1);
  }
  std::int32_t rest = sample * 4 - expected_[kSquares] / 4;
  if (effort_ == Effort::max) channel.farthest.observe(rest, farthest_, learns);
  rest -= farthest_;
  channel.far.observe(rest, far_, learns);
  rest -= far_;
  channel.middle.observe(rest, middle_, learns);
  rest -= middle_;
  channel.near.observe(rest, near_, learns);
  std::copy_backward(channel.past.begin(), channel.past.end() - 1, channel.past.end());
  channel.past[0] = sample;
  channel_ = (channel_ + 1) % shape_.channels;
  expect();
}

void SoundFront::add_spreads(Outlook& o) const {
  const auto& errors = channels_[channel_].errors;
  const auto add = [&](std::size_t stage, std::int32_t scale) {
    const Expected expected{expected_[stage], scale};
    o.spreads[o.spreads_count++] = shape_.sample_bytes == 1 ? Spread::of_byte(expected, 128, 256)
                                   : high_                  ? Spread::of_high_byte(expected, low_)
                                                            : Spread::of_low_byte(expected);
  };
  add(kLast, errors[kLast].mean_scale());  // the best one, which maps correct
  add(kLast, errors[kLast].scale(0));
  add(kLast, errors[kLast].scale(2));
  for (const std::size_t stage : {kCascade, kSquares, kFar, kMiddle, kQuick, kLine, kMean})
    add(stage, errors[stage].mean_scale());
  if (effort_ == Effort::max) add(kFarthest, errors[kFarthest].mean_scale());
}

// How far two stages are apart, in scales of the last one and with its sign: 0..14.
unsigned SoundFront::apart(std::size_t a, std::size_t b) const {
  const std::int32_t scale = channels_[channel_].errors[kLast].mean_scale();
  return signed_class_of((std::int64_t{expected_[a]} - expected_[b]) * 8 / scale);
}

void SoundFront::add_contexts(Outlook& o) const {
  const Channel& channel = channels_[channel_];
  const Errors& errors = channel.errors[kLast];
  const unsigned phase = high_ ? 1 : 0, place = phase * 4 + channel_;
  const unsigned wide = std::min(class_of(errors.mean_scale()), 31u);
  const auto swelling = static_cast<unsigned>(std::clamp(
      static_cast<int>(class_of(errors.scale(0))) - static_cast<int>(class_of(errors.scale(2))) + 4,
      0, 7));
  const auto last = static_cast<unsigned>(
      std::clamp<std::int64_t>(std::int64_t{errors.last} * 4 / errors.mean_scale(), -15, 15) + 16);

  for (const unsigned set :
       {place, wide * 2 + phase, (swelling * 16 + apart(kSquares, kLast)) * 2 + phase,
        apart(kQuick, kLast) * 8 + place})
    o.sets[o.sets_count++] = set;
  o.known_set = place;
  o.final_set = wide;
  o.refined = wide * 2 + phase;

  for (const unsigned map : {wide * 2 + phase, last * 2 + phase,
                             (apart(kSquares, kLast) * 16 + apart(kQuick, kLast)) * 2 + phase,
                             (apart(kCascade, kLast) * 16 + swelling) * 2 + phase})
    o.maps[o.maps_count++] = map;

  const auto step = static_cast<std::uint32_t>(expected_[kLast] >> 12);  // the byte above
  const auto add = [&](std::uint32_t a, std::uint32_t b) {
    o.contexts[o.contexts_count++] = hash_of(a, std::uint64_t{b} << 3 | phase << 2);
  };
  add(step, high_ ? low_ : 0);
  add(step, wide + 100);
  if (shape_.sample_bytes == 1) {
    add(static_cast<std::uint32_t>(channel.past[0]), static_cast<std::uint32_t>(channel.past[1]));
    add(static_cast<std::uint32_t>(channel.past[0]), step);
  }
}

void SoundFront::look_ahead(const JournaledMemory&, Outlook& outlook) {
  outlook.clear();
  add_spreads(outlook);
  add_contexts(outlook);
}

}  // namespace kraft::cm
