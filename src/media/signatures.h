// How files of each image format begin or, for TGA, end.
#pragma once

#include <string_view>

#include "kraft/bytes.h"

namespace kraft {

// `format` is PNG, JPEG, GIF, BMP, PNM or TGA.
bool has_signature(ByteView file, std::string_view format);

}  // namespace kraft
