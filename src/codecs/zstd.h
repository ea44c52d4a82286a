// Zstandard's compressor.
#pragma once

#include "kraft/registry.h"

namespace kraft::zstd {

// The row of zstd, as far as the compressor goes: src/models/zstd/backends.cc adds the model.
Backend codec_row();

}  // namespace kraft::zstd
