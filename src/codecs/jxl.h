// JPEG XL (ISO/IEC 18181), lossless, as libjxl writes it.
#pragma once

#include <memory>

#include "codecs/shape.h"
#include "kraft/codec.h"
#include "kraft/registry.h"

namespace kraft::jxl {

// The row without a model.
Backend codec_row();

// The same streams, but for pictures in which the encoder finds pieces that come again (letters,
// say): there it would write those as another frame before the picture.
std::shared_ptr<const Codec> codec_without_patches(const Shape& shape, int effort);

}  // namespace kraft::jxl
