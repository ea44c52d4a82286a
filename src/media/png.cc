// PNG images.
#include "codecs/png_file.h"
#include "kraft/error.h"
#include "media/readers.h"

namespace kraft {

Image read_png(ByteView file) {
  try {
    PngReader reader(file, /*expand=*/true);
    const PngHeader& header = reader.header();
    Image image =
        blank_image("PNG", header.width, header.height, header.channels, header.depth_bits);
    reader.read_all(image.samples.data(), image.samples.size());
    reader.finish();
    return image;
  } catch (const PngError& error) {
    throw Error(std::string("PNG: ") + error.what());
  }
}

Bytes write_png(const Image& image) {
  constexpr int kLevel = 6;
  Bytes file;
  PngWriter().write({image.width, image.height, image.channels, image.depth_bits}, image.samples,
                    kLevel, PngFilter::adaptive, file);
  return file;
}

}  // namespace kraft
