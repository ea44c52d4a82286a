// What the codec png and the model png have in common.
#pragma once

#include <array>

#include "kraft/registry.h"

namespace kraft::png {

// As the parameter names them: two means of all five, then each in the order of its number in a
// file.
inline constexpr int kMeans = 2;
inline constexpr std::array<const char*, 7> kFilterNames = {"product", "mix",     "none", "sub",
                                                            "up",      "average", "paeth"};

// The row of png, as far as the compressor goes: src/models/png_model.cc adds the model.
Backend codec_row();

}  // namespace kraft::png
