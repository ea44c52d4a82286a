// LZ4's compressor.
#pragma once

#include "kraft/registry.h"

namespace kraft::lz4 {

// The row of lz4, as far as the compressor goes: src/models/lz4/backends.cc adds the model.
Backend codec_row();

}  // namespace kraft::lz4
