// The readers of the formats that read_image() understands, each for a file of its own format.
#pragma once

#include <string>

#include "kraft/media.h"

namespace kraft {

Image read_png(ByteView file);
Image read_jpeg(ByteView file);
Image read_pnm(ByteView file);
Image read_with_stb(ByteView file, const std::string& format);  // BMP, TGA, GIF

// raw_layout() of each format. Throw Error where the file is none of it or damaged.
std::optional<RawLayout> pnm_layout(ByteView beginning);
std::optional<RawLayout> wav_layout(ByteView beginning);

// An image of this size with all samples 0. Throws Error when it has no pixels or more samples than
// kMostMediaBytes; before any memory is allocated.
Image blank_image(const std::string& format, std::size_t width, std::size_t height,
                  std::size_t channels, std::size_t depth_bits);

}  // namespace kraft
