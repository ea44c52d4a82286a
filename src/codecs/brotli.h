// Brotli's compressor.
#pragma once

#include "kraft/registry.h"

namespace kraft::brotli {

// The row of brotli, as far as the compressor goes: src/models/brotli/backends.cc adds the model.
Backend codec_row();

}  // namespace kraft::brotli
