// WebP, lossless (RFC 9649), as libwebp writes it.
#pragma once

#include "kraft/registry.h"

namespace kraft::webp {

// The row without a model.
Backend codec_row();

}  // namespace kraft::webp
