// Whatever a file is, reading it as an image or a recording gives one or an Error, and what was
// read is written and read back the same.
#include <cstdint>
#include <cstdlib>

#include "kraft/error.h"
#include "kraft/media.h"

namespace {

constexpr std::size_t kLongest = 1 << 16;  // more only takes longer

void check_image(kraft::ByteView file) {
  const kraft::Image image = kraft::read_image(file);
  if (image.samples.size() != image.height * image.row_bytes()) std::abort();
  if (image.samples.size() > kLongest) return;
  if (kraft::read_image(kraft::write_png(image)) != image) std::abort();
}

void check_audio(kraft::ByteView file) {
  const kraft::Audio audio = kraft::read_audio(file);
  if (audio.samples.size() != audio.frames() * audio.frame_bytes()) std::abort();
  if (audio.samples.size() > kLongest) return;
  const kraft::Bytes written = kraft::write_audio(audio, kraft::AudioFormat::wav);
  if (kraft::read_audio(written) != audio) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const kraft::ByteView file(data, size);
  try {
    (kraft::infer_medium(file) == kraft::Medium::audio ? check_audio : check_image)(file);
  } catch (const kraft::Error&) {
  }
  return 0;
}
