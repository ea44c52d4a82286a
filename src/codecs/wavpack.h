// WavPack's encoder, and the blocks that it makes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "codecs/shape.h"
#include "codecs/wavpack_block.h"
#include "kraft/registry.h"

namespace kraft::wavpack {

struct Settings {
  enum class Mode { fast, normal, high, very_high };

  Shape shape;
  unsigned rate_hz = 16000;
  Mode mode = Mode::normal;
  unsigned extra = 0;  // how long the encoder looks for better passes, 0 to 6
};

Settings settings_of(const Arguments& arguments);

// The row without the decoder's view: src/models/wavpack/backends.cc adds it.
Backend codec_row();

inline constexpr std::size_t kLeastBlockFrames = 16, kMostBlockFrames = 65536;

// Belongs to one thread at a time.
class BlockMaker {
 public:
  virtual ~BlockMaker() = default;

  // The block as which the encoder would write these frames of one or two channels, left before
  // right: kLeastBlockFrames to kMostBlockFrames of them. It is valid until the next call.
  // Throws Error.
  virtual Block make(std::span<const std::int32_t> samples, std::size_t channels) = 0;
};

std::unique_ptr<BlockMaker> make_block_maker(const Settings& settings);

}  // namespace kraft::wavpack
