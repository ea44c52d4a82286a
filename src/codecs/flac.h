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
};

Settings settings_of(const Arguments& arguments);

// The row without the decoder's view: src/models/flac/backends.cc adds it.
Backend codec_row();

inline constexpr std::size_t kLeastBlockSamples = 16, kMostBlockSamples = 4608;  // of a frame

// Belongs to one thread at a time.
class FrameChooser {
 public:
  virtual ~FrameChooser() = default;

  struct Choice {
    Subframe subframe;
    std::size_t bytes = 0;  // of the frame
  };

  // How the encoder would code these samples of one channel, in a frame of their own:
  // kLeastBlockSamples to kMostBlockSamples of them. Throws Error.
  virtual Choice choose(std::span<const std::int32_t> samples, std::size_t depth_bits) = 0;
};

std::unique_ptr<FrameChooser> make_frame_chooser(const Settings& settings);

}  // namespace kraft::flac
