// bzip3's compressor.
#pragma once

#include "kraft/registry.h"

namespace kraft::bzip3 {

// The row of bzip3, as far as the compressor goes: src/models/bwt/backends.cc adds the model.
Backend codec_row();

}  // namespace kraft::bzip3
