// bzip2's compressor.
#pragma once

#include "kraft/registry.h"

namespace kraft::bzip2 {

// The row of bzip2, as far as the compressor goes: src/models/bwt/backends.cc adds the model.
Backend codec_row();

}  // namespace kraft::bzip2
