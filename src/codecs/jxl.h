// JPEG XL (ISO/IEC 18181), lossless, as libjxl writes it.
#pragma once

#include <memory>

#include "codecs/shape.h"
#include "kraft/codec.h"
#include "kraft/registry.h"

namespace kraft::jxl {

// The row without a model.
Backend codec_row();

// The same streams, but for what the decoder's view cannot follow: pieces that come again (letters,
// say), which the encoder would write as another frame before the picture; and colour transforms of
// 16 bits, for which the view would have to sum over 65,536 x 65,536 values. Without palettes,
// samples are what they are even where few colours occur.
enum class Palettes { as_stock, none };
std::shared_ptr<const Codec> codec_for_view(const Shape& shape, int effort,
                                            Palettes palettes = Palettes::as_stock);

}  // namespace kraft::jxl
