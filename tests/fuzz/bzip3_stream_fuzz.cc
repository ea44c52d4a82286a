// The decoder of bzip3 on any bytes: it decodes them, or refuses them, and does not crash. What it
// decodes, it decodes again from what the encoder makes of it.
#include <cstdint>
#include <cstdlib>

#include "kraft/error.h"
#include "kraft/registry.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kMostBytes = 1 << 20;
  static const auto codec = kraft::make_codec("bzip3,block=1");
  static const auto encoder = codec->encoder();
  kraft::Bytes message, stream;
  try {
    message = codec->decode(kraft::ByteView(data, size), kMostBytes);
  } catch (const kraft::Error&) {
    return 0;
  }
  encoder->encode(message, stream);
  if (codec->decode(stream, kMostBytes) != message) std::abort();
  return 0;
}
