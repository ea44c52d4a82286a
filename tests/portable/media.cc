// The media of the portable program, in place of src/media/: those that a .kraft file can name, and
// nothing that reads them.

#include "kraft/media.h"

namespace kraft {

std::span<const MediumRow> media() {
  static constexpr MediumRow kRows[] = {
      {Medium::text, "text", "text", "", false, nullptr, nullptr},
      {Medium::image, "image", "images", "", true, nullptr, nullptr},
      {Medium::audio, "audio", "recordings", "", true, nullptr, nullptr},
      {Medium::bytes, "bytes", "text", "", false, nullptr, nullptr},
  };
  return kRows;
}

}  // namespace kraft
