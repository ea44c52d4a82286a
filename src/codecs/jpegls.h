// JPEG-LS (ISO/IEC 14495-1; ITU-T T.87), lossless, as CharLS writes it.
#pragma once

#include "kraft/registry.h"

namespace kraft::jpegls {

// The row without a model.
Backend codec_row();

}  // namespace kraft::jpegls
