// The reader of PNM files, which is ours, and what is done to the images it reads.
#include <cstdint>
#include <cstdlib>

#include "kraft/error.h"
#include "kraft/media.h"
#include "media/readers.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const kraft::Image image = kraft::read_pnm({data, size});
    if (image.samples.size() != image.height * image.row_bytes()) std::abort();
    if (image.samples.size() > 1 << 16) return 0;  // larger ones only take longer
    if (kraft::read_image(kraft::write_png(image)) != image) std::abort();
    if (kraft::to_gray(image).samples.empty()) std::abort();
  } catch (const kraft::Error&) {
  }
  return 0;
}
