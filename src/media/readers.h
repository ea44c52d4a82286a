// The readers of the formats that read_image() understands, each for a file of its own format.
#pragma once

#include <string>

#include "kraft/media.h"

namespace kraft {

Image read_png(ByteView file);
Image read_jpeg(ByteView file);
Image read_pnm(ByteView file);
Image read_bmp(ByteView file);
Image read_tga(ByteView file);
Image read_gif(ByteView file);

// raw_layout() of each format. Throw Error where the file is none of it or damaged.
std::optional<RawLayout> pnm_layout(ByteView beginning);
std::optional<RawLayout> wav_layout(ByteView beginning);

// Throws Error when an image of this size has no pixels or more samples than kMostMediaBytes.
void check_size(const std::string& format, std::uint64_t width, std::uint64_t height,
                std::size_t channels, std::size_t depth_bits);

// An image of this size with all samples 0. Checks the size before any memory is allocated.
Image blank_image(const std::string& format, std::size_t width, std::size_t height,
                  std::size_t channels, std::size_t depth_bits);

// Of an image with an alpha channel: whether that hides nothing, or everything; and the image
// without it.
bool opaque(const Image& image);
bool transparent(const Image& image);
Image without_alpha(const Image& image);

// What Exif's tag Orientation says (JEITA CP-3451, 4.6.4: 1 to 8); 1 where it says nothing. The
// data begin with the byte order.
unsigned exif_orientation(ByteView exif);

// The picture as it is seen when it is shown by that orientation.
Image turned(const Image& image, unsigned orientation);

}  // namespace kraft
