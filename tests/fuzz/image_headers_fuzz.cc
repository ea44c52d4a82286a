// The readers of BMP, TGA and GIF, which are ours, and that of Exif, each on whatever it is given.
// The first byte chooses.
#include <cstdint>
#include <cstdlib>

#include "kraft/error.h"
#include "kraft/media.h"
#include "media/readers.h"
#include "media/signatures.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const kraft::ByteView file(data + 1, size - 1);
  if (data[0] % 4 == 3) {
    const unsigned orientation = kraft::exif_orientation(file);
    if (orientation < 1 || orientation > 8) std::abort();
    return 0;
  }
  using Read = kraft::Image (*)(kraft::ByteView);
  constexpr Read kReaders[] = {kraft::read_bmp, kraft::read_tga, kraft::read_gif};
  kraft::image_format(file);
  try {
    const kraft::Image image = kReaders[data[0] % 4](file);
    if (image.samples.size() != image.height * image.row_bytes()) std::abort();
  } catch (const kraft::Error&) {
  }
  return 0;
}
