// Exif: which way up a camera was held.
#include <algorithm>
#include <utility>

#include "media/file_reader.h"
#include "media/readers.h"

namespace kraft {
namespace {

constexpr unsigned kOrientation = 0x0112, kShort = 3;

unsigned read_orientation(FileReader in) {
  in.seek(4);
  in.seek(in.u32());
  const unsigned entries = in.u16();
  for (unsigned i = 0; i < entries; ++i) {
    const unsigned tag = in.u16(), type = in.u16();
    const std::uint32_t count = in.u32();
    const unsigned value = in.u16();
    in.skip(2);
    if (tag == kOrientation && type == kShort && count == 1)
      return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}

}  // namespace

unsigned exif_orientation(ByteView exif) {
  const std::string_view text = as_text(exif);
  const bool little = text.starts_with(std::string_view("II*\0", 4));
  if (!little && !text.starts_with(std::string_view("MM\0*", 4))) return 1;
  try {
    return read_orientation(
        FileReader("Exif", exif, little ? FileReader::Order::little : FileReader::Order::big));
  } catch (const Error&) {  // then it says nothing
    return 1;
  }
}

Image turned(const Image& image, unsigned orientation) {
  if (orientation <= 1) return image;
  const bool swaps = orientation >= 5;
  const bool mirrors_x =
      orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool mirrors_y =
      orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  Image result = blank_image("image", swaps ? image.height : image.width,
                             swaps ? image.width : image.height, image.channels, image.depth_bits);
  result.appearance = image.appearance;
  result.warnings = image.warnings;
  if (auto& density = result.appearance.density; density && swaps)
    std::swap(density->x, density->y);
  const std::size_t pixel_bytes = image.pixel_bytes();
  auto to = result.samples.begin();
  for (std::size_t y = 0; y < result.height; ++y) {
    for (std::size_t x = 0; x < result.width; ++x) {
      std::size_t from_x = swaps ? y : x, from_y = swaps ? x : y;
      if (mirrors_x) from_x = image.width - 1 - from_x;
      if (mirrors_y) from_y = image.height - 1 - from_y;
      const std::size_t at = from_y * image.row_bytes() + from_x * pixel_bytes;
      to = std::copy_n(image.samples.begin() + static_cast<std::ptrdiff_t>(at), pixel_bytes, to);
    }
  }
  return result;
}

}  // namespace kraft
