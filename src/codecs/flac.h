// FLAC's encoder, and what it chooses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "codecs/flac_frame.h"
#include "codecs/shape.h"
#include "kraft/registry.h"

namespace kraft::flac {

struct Settings {
  Shape shape;
  unsigned rate_hz = 16000;
  unsigned level = 5;

  // Of each channel in a frame, as the encoder cuts its input.
  std::size_t block_samples() const { return level < 3 ? 1152 : 4096; }
};

Settings settings_of(const Arguments& arguments);

// The row without the decoder's view: src/models/flac/backends.cc adds it.
Backend codec_row();

inline constexpr std::size_t kLeastBlockSamples = 16;  // of a frame

// Samples as the encoder sees them: of 8 bits less 128; of 16 bits the low byte comes first.
std::int32_t sample_at(const Byte* bytes, std::size_t depth_bits);

// Belongs to one thread at a time.
class FrameChooser {
 public:
  virtual ~FrameChooser() = default;

  // How the encoder would code a frame of just these samples, its channels interleaved, each channel
  // by itself: kLeastBlockSamples to block_samples() of each. Throws Error.
  virtual std::vector<Subframe> choose(std::span<const std::int32_t> samples) = 0;
};

std::unique_ptr<FrameChooser> make_frame_chooser(const Settings& settings);

}  // namespace kraft::flac
