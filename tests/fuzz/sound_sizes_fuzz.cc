// Whatever sizes a WAV, AIFF, AU, CAF, Wave64 or MPEG file claims: what is handed on lies inside
// the file, or there is an Error. The samples are not decoded; media_fuzz.cc does that.
#include <cstdint>
#include <cstdlib>

#include "kraft/error.h"
#include "media/containers.h"
#include "media/signatures.h"

// Of what stands in front instead: a header, or the silent frames that MPEG gets.
constexpr std::size_t kMostAdded = 4096;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const kraft::ByteView file(data, size);
  if (kraft::has_audio_header(file) && !kraft::has_audio_signature(file) &&
      !kraft::as_text(file).starts_with(".snd") && !kraft::as_text(file).starts_with("dns."))
    std::abort();
  kraft::is_audio(file);
  try {
    const kraft::Container sound = kraft::opened_container(file);
    const bool inside =
        sound.body.empty() ||
        (sound.body.data() >= data && sound.body.data() + sound.body.size() <= data + size);
    if (!inside || sound.head.size() > size + kMostAdded) std::abort();
  } catch (const kraft::Error&) {
  }
  return 0;
}
